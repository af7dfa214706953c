"""The load generators that are known by name; the layers above say what each can do, and how its output is read."""

from __future__ import annotations

PROGRAMS = ("fortio", "nighthawk", "wrk2", "wrk", "k6", "vegeta", "oha", "hey", "autocannon", "h2load")
"""Other projects' programs: smp-check can run them, and read what they wrote elsewhere."""
GENERATORS = ("embedded", "fortio-server", *PROGRAMS)
"""What ``load_generator`` may name; other packages may add more."""
