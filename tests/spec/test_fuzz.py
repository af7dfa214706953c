"""A short fuzz; the long one is `python -m benchmarks.fuzz_conformance`."""

from __future__ import annotations

from benchmarks.fuzz_conformance import fuzz


def test_nothing_but_findings_and_errors_for_the_user() -> None:
    outcomes = fuzz(800, seed=20260131)
    assert outcomes["accepted"]
    assert outcomes["refused"]
    assert outcomes["unreadable"]
