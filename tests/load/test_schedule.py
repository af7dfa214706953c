"""Send times: as many as the rate says, evenly spread or Poisson, whatever happens on the way."""

from __future__ import annotations

import itertools
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp_check.load.embedded.schedule import NEVER, Schedule


def times(schedule: Schedule) -> list[float]:
    found = []
    while schedule.cursor != NEVER:
        found.append(schedule.cursor)
        schedule.advance()
    return found


@given(st.floats(0.5, 50_000), st.floats(0.05, 3), st.floats(0, 1e6))
def test_a_constant_rate_is_exact(rate: float, seconds: float, start: float) -> None:
    if rate * seconds > 20_000:
        return
    schedule = Schedule()
    schedule.begin(start, seconds, rate, 0.0, None)
    found = times(schedule)
    assert len(found) == max(1, round(rate * seconds))
    assert found[0] == start
    assert found == sorted(found)
    for place, moment in enumerate(found):
        assert moment == pytest.approx(start + place / rate, abs=1e-9)


def test_poisson_gaps_are_exponential() -> None:
    schedule = Schedule()
    schedule.begin(10.0, 100.0, 200.0, 0.0, random.Random(3))
    found = times(schedule)
    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert len(found) == pytest.approx(20_000, rel=0.03)
    assert statistics.mean(gaps) == pytest.approx(1 / 200, rel=0.03)
    assert statistics.stdev(gaps) == pytest.approx(1 / 200, rel=0.05)  # of an exponential: its mean
    assert all(10 < moment < 110 for moment in found)


@given(st.integers(1, 300), st.integers(0, 300), st.floats(0, 4))
def test_overdue_counts_what_is_due_and_not_sent(rate: int, sent: int, now: float) -> None:
    schedule = Schedule()
    schedule.begin(0.0, 2.0, float(rate), 0.0, None)
    planned = times(schedule)
    schedule.begin(0.0, 2.0, float(rate), 0.0, None)
    for _ in range(min(sent, len(planned))):
        schedule.advance()
    expected = sum(moment <= min(now, 2.0) + 1e-9 for moment in planned[min(sent, len(planned)) :])
    assert schedule.overdue(now) == pytest.approx(expected, abs=1)
    assert schedule.overdue(now) >= 0


def test_a_phase_shifts_everything() -> None:
    schedule = Schedule()
    schedule.begin(1.0, 1.0, 10.0, 0.05, None)
    assert times(schedule)[:2] == [1.05, pytest.approx(1.15)]
