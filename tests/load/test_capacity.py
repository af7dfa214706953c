"""The search for the knee, on services whose capacity is known."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp_check.load.capacity import MOST_STEPS, Search, judge_step, objective
from smp_check.spec.configuration import Gate
from smp_check.spec.run import Counts, Latency, Round

NOW = datetime(2026, 1, 31, tzinfo=timezone.utc)


def searched(capacity: float, first: float, doubtful: float = 0.0, seed: int = 0) -> tuple[float | None, int]:
    """What is found on a service that sustains ``capacity``, with a share of good rounds looking bad."""
    search, chance, steps = Search(first), random.Random(seed), 0
    while (rate := search.rate) is not None:
        search.record(rate <= capacity and chance.random() >= doubtful)
        steps += 1
    return search.found, steps


@given(st.floats(2, 100_000), st.floats(0.01, 20))
def test_the_knee_is_found_to_a_twentieth(capacity: float, share: float) -> None:
    found, steps = searched(capacity, first=capacity * share)
    assert steps <= MOST_STEPS
    assert found is not None
    assert found <= capacity
    assert found >= capacity / 1.06 or steps == MOST_STEPS


def test_one_noisy_round_does_not_end_the_search() -> None:
    finds = [searched(1000, 500, doubtful=0.15, seed=seed)[0] or 0 for seed in range(200)]
    assert sum(found >= 900 for found in finds) > 150


def test_nothing_is_within_the_objective() -> None:
    found, steps = searched(0.5, 1000)
    assert found is None
    assert steps <= MOST_STEPS


def a_round(rate: float = 100, achieved: float = 100, p99: float = 0.01, failed: int = 0) -> Round:
    return Round(
        role="head",
        client="client-1",
        index=0,
        start=NOW,
        end=NOW + timedelta(seconds=1),
        requested_rps=rate,
        achieved_rps=achieved,
        connections=1,
        counts=Counts(sent=100, ok=100 - failed, errors={"status": failed} if failed else {}),
        latency=Latency(count=100, max=2 * p99, percentiles={"p50": p99 / 2, "p99": p99}),
    )


@pytest.mark.parametrize(
    ("measured", "gates", "says"),
    [
        (a_round(), {}, None),
        (a_round(achieved=98.5), {}, None),
        (a_round(achieved=97), {}, "only 97.0/s achieved"),
        (a_round(failed=2), {}, "2.0 % of the requests failed"),
        (a_round(failed=2), {"error_rate": Gate(max=0.05)}, None),
        (a_round(p99=0.03), {"p99": Gate(max=0.025)}, "p99 30.0 ms"),
        (a_round(p99=0.02), {"p99": Gate(max=0.025)}, None),
        (a_round(p99=0.02), {"p99": Gate(tolerance=0.5)}, None),
        (a_round(p99=0.02), {"qps": Gate(max=1.0), "max": Gate(max=0.03)}, "max 40.0 ms"),
    ],
)
def test_a_rate_is_judged_by_the_objective(measured: Round, gates: dict[str, Gate], says: str | None) -> None:
    step = judge_step(100, [measured], gates)
    assert step.objection == says
    assert (step.p50, step.p99) == (measured.latency.percentiles["p50"], measured.latency.percentiles["p99"])


def test_the_objective_in_words() -> None:
    assert objective({"p99": Gate(max=0.025), "error_rate": Gate(max=0.001)}) == (
        "at least 98 % of the rate achieved",
        "errors at most 0.10 %",
        "p99 at most 25.0 ms",
    )
