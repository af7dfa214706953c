"""The command line: parse, build the adapters, call one pipeline function, print."""

from __future__ import annotations


def main() -> None:
    """Entry point of the ``smp-check`` command."""
    raise SystemExit("not built yet")
