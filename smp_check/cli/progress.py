"""Progress of a measurement: a bar on a terminal, one line per round in CI."""

from __future__ import annotations
