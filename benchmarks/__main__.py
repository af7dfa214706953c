"""``python -m benchmarks [NAME...]``: run them all, or those named, and put README.md together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.machine import description

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SECTIONS = ("start", "load", "conformance", "verdicts", "action", "mesh")
HEAD = """\
# Benchmarks

What smp-check is held to, measured on itself: ratios between programs that ran side by side in one run on one
machine. Absolute figures belong to that machine; a two-core virtual machine shared with others is a noisy one.

`make bench` runs everything and writes this page; `.venv/bin/python -m benchmarks NAME` runs one section of it.
How often verdicts are wrong, and what they catch, has a page of its own: [verdicts/README.md](verdicts/README.md).
"""


def run(name: str) -> None:
    """Run one benchmark and keep what it printed."""
    print(f"== {name}", file=sys.stderr)
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    machine = description()
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    first, _, rest = finished.stdout.strip().partition("\n")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(f"{first}\n\n*{machine}*\n{rest}\n", encoding="utf-8")


def assemble() -> None:
    """README.md from the sections that have been measured."""
    sections = [(RESULTS / f"{name}.md") for name in SECTIONS]
    body = "\n".join(path.read_text(encoding="utf-8") for path in sections if path.exists())
    (HERE / "README.md").write_text(f"{HEAD}\n{body}", encoding="utf-8")


if __name__ == "__main__":
    for each in sys.argv[1:] or SECTIONS:
        run(each)
        assemble()
