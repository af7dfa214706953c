"""What must hold of any numbers: invariances, symmetry, monotony, and no certainty from nothing."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.spec.codec import from_json, to_json
from smp_check.spec.configuration import DEFAULT_GATES, Gate, Launches
from smp_check.spec.run import RunDocument, Usage
from smp_check.verdict.compare import compare
from smp_check.verdict.model import Comparison, Inputs, Verdict
from smp_check.verdict.paired import compare_sides, decided, looks
from smp_check.verdict.recompute import differences, recompute
from tests.verdict.building import START, a_round, a_run, noisy_run

VALUES = st.floats(1e-7, 1e3)
ODD = st.sampled_from([0.0, -1.0, math.nan, math.inf, 1e-300, 1e300]) | VALUES
GATES = {"p50": Gate(tolerance=0.1), "p90": Gate(tolerance=0.25), "error_rate": Gate(max=0.01)}


def run_of(values: list[float], number: int = 0, reference: list[float] | None = None) -> RunDocument:
    rounds = [a_round("head", i, value) for i, value in enumerate(values)]
    rounds += [a_round("reference", i, value) for i, value in enumerate(reference or [])]
    return a_run(*rounds, number=number)


def judged(base: list[RunDocument], head: RunDocument) -> Comparison:
    return compare(base, head, gates=GATES, fail_on=("regression", "measurement"), created=START)


def history(seed: int, k: int) -> list[RunDocument]:
    chance = random.Random(seed)
    return [noisy_run(chance, number=n, rounds=4) for n in range(k)]


def scaled(run: RunDocument, factor: float, role: str | None = None) -> RunDocument:
    def one(r: Any) -> Any:
        if role is not None and r.role != role:
            return r
        lat = r.latency
        percentiles = {name: value * factor for name, value in lat.percentiles.items()}
        return replace(r, latency=replace(lat, percentiles=percentiles, mean=lat.mean * factor))

    return replace(run, details=replace(run.details, rounds=tuple(one(r) for r in run.details.rounds)))


def essence(comparison: Comparison) -> list[Any]:
    return [(m.client, m.metric, m.verdict, pytest.approx(m.change, abs=1e-6)) for m in comparison.metrics]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12), st.floats(0.3, 3), st.floats(1e-3, 1e3))
def test_the_unit_of_time_does_not_matter(seed: int, k: int, effect: float, factor: float) -> None:
    base = history(seed, k)
    head = noisy_run(random.Random(seed + 1), 0.002 * effect, number=50, rounds=4)
    coarse = {"client-1": replace(head.details.generators["client-1"], resolution=0.0)}
    head = replace(head, details=replace(head.details, generators=coarse))
    same = judged([scaled(run, factor) for run in base], scaled(head, factor))
    assert essence(same) == essence(judged(base, head))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 8), st.floats(-1000, 1000))
def test_the_date_does_not_matter(seed: int, k: int, days: float) -> None:
    def moved(run: RunDocument) -> RunDocument:
        shift = timedelta(days=days)
        rounds = tuple(replace(r, start=r.start + shift, end=r.end + shift) for r in run.details.rounds)
        return replace(run, details=replace(run.details, rounds=rounds))

    base, head = history(seed, k), noisy_run(random.Random(seed + 1), 0.003, number=50)
    assert essence(judged([moved(run) for run in base], moved(head))) == essence(judged(base, head))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 10), st.randoms())
def test_the_order_of_earlier_runs_and_of_rounds_does_not_matter(seed: int, k: int, chance: random.Random) -> None:
    base, head = history(seed, k), noisy_run(random.Random(seed + 1), 0.003, number=50)
    shuffled = chance.sample(base, k)
    rounds = tuple(chance.sample(head.details.rounds, len(head.details.rounds)))
    mixed = replace(head, details=replace(head.details, rounds=rounds))
    assert essence(judged(shuffled, mixed)) == essence(judged(base, head))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_worse_is_never_judged_better(seed: int, k: int) -> None:
    order = [Verdict.IMPROVED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE, Verdict.REGRESSED]
    base, head = history(seed, k), noisy_run(random.Random(seed + 1), number=50)
    found = []
    for effect in (0.2, 0.7, 1.0, 1.05, 1.3, 2.0, 5.0, 50.0):
        comparison = judged(base, scaled(head, effect, "head"))
        found.append(next(m for m in comparison.metrics if m.metric == "p50"))
    ranks = [order.index(m.verdict) for m in found]
    worse = ranks[next((i for i, m in enumerate(found) if m.verdict is Verdict.UNCHANGED), 0) :]
    assert worse == sorted(worse)
    changes = [m.change for m in found]
    assert changes == sorted(changes, key=lambda c: c if c is not None else 0)
    assert found[-1].verdict is Verdict.REGRESSED, "fifty times as slow is seen after one run"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(ODD, min_size=1, max_size=6), min_size=0, max_size=6),
    st.lists(ODD, min_size=1, max_size=6),
    st.lists(ODD, min_size=0, max_size=6),
)
def test_no_numbers_crash_it(base: list[list[float]], head: list[float], reference: list[float]) -> None:
    runs = [run_of(values, number, reference[: len(values)]) for number, values in enumerate(base)]
    comparison = judged(runs, run_of(head, 50, reference[: len(head)]))
    assert comparison.headline
    for metric in comparison.metrics:
        assert metric.reason
        for number in (metric.change, metric.detectable, *(metric.interval or ())):
            assert number is None or not math.isnan(number)


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 1e3), st.integers(1, 20), st.integers(1, 8), st.integers(1, 8))
def test_constant_numbers_give_no_false_certainty(value: float, k: int, rounds: int, head_rounds: int) -> None:
    """All the same, however many rounds: never a change, and with one earlier run nothing is proved equal."""
    base = [run_of([value] * rounds, n) for n in range(k)]
    comparison = judged(base, run_of([value] * head_rounds, 50))
    p50 = next(m for m in comparison.metrics if m.metric == "p50")
    assert p50.verdict in {Verdict.UNCHANGED, Verdict.INCONCLUSIVE}
    assert p50.change == pytest.approx(0, abs=1e-9)
    if k == 1:
        assert p50.verdict is Verdict.INCONCLUSIVE
        assert p50.interval is not None
        assert p50.interval[1] - p50.interval[0] > 0.1


def all_metrics(seed: int, factor: float, within: float, *, number: int, reference: bool, closed: bool) -> RunDocument:
    """A run of a closed or open loop that says something of every metric, each of its rounds a little noisy."""
    chance = random.Random(seed)

    def noise() -> float:
        return math.exp(chance.gauss(0, within))

    rounds = []
    for index in range(6):
        cpu = {"workload": Usage(cpu_seconds=0.4 * factor * noise(), memory=5e7 * factor * noise(), samples=3)}
        rate = {"requested_rps": None, "achieved_rps": 2000 / factor * noise()} if closed else {}
        rounds.append(a_round("head", index, 0.002 * factor * noise(), resources=cpu, count=20_000, **rate))
        if reference:
            rounds.append(a_round("reference", index, 0.0002 * noise(), count=20_000))
    return a_run(*rounds, number=number)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([(1.9, 0.01), (1.6, 0.05)]).flatmap(lambda c: st.tuples(st.floats(1 / c[0], c[0]), st.just(c[1]))),
    st.booleans(),
    st.booleans(),
)
def test_one_earlier_run_calls_nothing_below_a_doubling(
    seed: int, effect: tuple[float, float], reference: bool, closed: bool
) -> None:
    """Of no metric, however calm it usually is: nothing is known of how much two runs of this service differ."""
    factor, within = effect
    base = all_metrics(seed, 1.0, within, number=0, reference=reference, closed=closed)
    head = all_metrics(seed + 1, factor, within, number=50, reference=reference, closed=closed)
    comparison = compare([base], head, gates=DEFAULT_GATES, created=START)
    judged_ones = {m.metric for m in comparison.metrics if m.change is not None}
    assert judged_ones >= (set(DEFAULT_GATES) - {"error_rate"}) | {"p75", "mean", "workload_mem_mb"}
    called = {m.metric for m in comparison.metrics if m.verdict in {Verdict.REGRESSED, Verdict.IMPROVED}}
    assert not called


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 10), st.floats(0.2, 5))
def test_a_comparison_follows_from_its_own_inputs_bit_for_bit(seed: int, k: int, effect: float) -> None:
    head = noisy_run(random.Random(seed + 1), 0.002 * effect, number=50)
    comparison = judged(history(seed, k), head)
    through_a_file = from_json(Comparison, to_json(comparison))
    assert not differences(comparison, recompute(through_a_file))
    assert to_json(recompute(through_a_file)) == to_json(comparison)


def sides(seed: int, effect: float, launches: int = 6, pairs: int = 6, swap: bool = False) -> RunDocument:
    chance = random.Random(seed)
    rounds = []
    for launch in range(launches):
        start = {"base": chance.gauss(0, 0.01), "head": chance.gauss(0, 0.01) + math.log(effect)}
        for pair in range(pairs):
            for role in ("base", "head"):
                x = 0.002 * math.exp(start[role] + chance.gauss(0, 0.03))
                other = {"base": "head", "head": "base"}[role] if swap else role
                rounds.append(a_round(other, launch * pairs + pair, x, launch=launch))
    return a_run(*rounds)


def judged_sides(run: RunDocument) -> Comparison:
    return compare_sides(run, gates=GATES, fail_on=("regression",), created=START)


MIRROR = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.IMPROVED: Verdict.REGRESSED}


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.5, 0.8, 1.25, 2.0]), st.integers(1, 8))
def test_swapping_the_sides_mirrors_the_verdict(seed: int, effect: float, launches: int) -> None:
    one = judged_sides(sides(seed, effect, launches))
    other = judged_sides(sides(seed, effect, launches, swap=True))
    for a, b in zip(one.metrics, other.metrics, strict=True):
        if a.change is not None and b.change is not None:
            assert math.log1p(a.change) == pytest.approx(-math.log1p(b.change), abs=1e-9)
        if a.verdict in MIRROR:
            assert b.verdict is MIRROR[a.verdict]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(ODD, min_size=1, max_size=5), min_size=1, max_size=6), st.booleans())
def test_no_pairs_crash_it(values: list[list[float]], uneven: bool) -> None:
    rounds = []
    for launch, numbers in enumerate(values):
        for i, number in enumerate(numbers):
            rounds.append(a_round("base", 10 * launch + i, number, launch=launch))
            if not (uneven and i == 1):
                rounds.append(a_round("head", 10 * launch + i, 0.002, launch=launch))
    comparison = judged_sides(a_run(*rounds))
    assert comparison.headline
    if len(rounds) < 6:
        assert not [m for m in comparison.metrics if m.metric == "p50" and m.verdict is Verdict.IMPROVED]


def test_one_side_alone_is_no_baseline() -> None:
    comparison = judged_sides(a_run(*(a_round("head", i) for i in range(4))))
    assert comparison.verdict is Verdict.NO_BASELINE
    assert not decided(comparison)


@given(st.integers(1, 30), st.integers(0, 30))
def test_looks_end_with_the_last_launch(least: int, more: int) -> None:
    found = looks(Launches(min=least, max=least + more))
    assert found[0] == least
    assert found[-1] == least + more
    assert list(found) == sorted(set(found))


def test_inputs_default_to_nothing() -> None:
    assert Inputs(method="history").base == ()
