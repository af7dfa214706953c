"""Histograms from buckets and percentiles: as true as what they are made from, and never more certain."""

from __future__ import annotations

import bisect
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp_check.load.adapters.distribution import Bucket, from_microseconds, from_quantiles, from_values, ladder, spread
from smp_check.load.adapters.fortio_result import percentile
from smp_check.load.adapters.wrk import uncorrected
from smp_check.spec.histogram import Histogram
from smp_check.spec.run import PERCENTILES

EDGES = [*range(12), *range(12, 21, 2), *range(25, 51, 5), *range(60, 101, 10)]


def fortio_buckets(values: list[float], resolution: float) -> list[Bucket]:
    """What Fortio's histogram keeps (stats/stats.go): the first edge is the minimum, the last the maximum."""
    edges = [*sorted({edge * 10**power * resolution for power in range(4) for edge in EDGES if edge}), float("inf")]
    places = Counter(bisect.bisect_left(edges, value) for value in values)
    low, high = min(values), max(values)
    starts = [0.0, *edges]
    return [
        Bucket(start=max(low, starts[place]), end=min(edges[place], high), count=places[place])
        for place in sorted(places)
    ]


@given(st.lists(st.integers(1, 3_000_000), min_size=1, max_size=300))
def test_exact_latencies_stay_exact(values: list[int]) -> None:
    found = from_values(value / 1e6 for value in values)
    assert found.count == len(values)
    assert found.min == pytest.approx(min(values) / 1e6)
    assert found.max == pytest.approx(max(values) / 1e6)
    assert found.mean == pytest.approx(sum(values) / len(values) / 1e6)
    assert found.histogram is not None
    assert len(Histogram.decode(found.histogram)) == len(values)
    for name, percent in PERCENTILES.items():
        rank = max(1, int(percent / 100 * len(values) + 0.5))  # as HdrHistogram counts
        wanted = sorted(values)[rank - 1] / 1e6
        assert found.percentiles[name] == pytest.approx(wanted, rel=2e-3, abs=1e-6)


def test_nothing_gives_nothing() -> None:
    assert from_values([]).count == 0
    assert from_values([]).percentiles == {}
    assert from_microseconds({}).min is None


@pytest.mark.parametrize("seed", range(5))
def test_a_histogram_from_buckets_agrees_with_fortios_own_formula(seed: int) -> None:
    rng = random.Random(seed)
    values = [rng.lognormvariate(-6.5, 0.6) for _ in range(2000)]
    buckets = fortio_buckets(values, 1e-5)
    low, high = min(values), max(values)
    assert sum(bucket.count for bucket in buckets) == 2000
    histogram = spread([Bucket(start=low, end=low, count=1), *(_less_one(buckets))])
    assert len(histogram) == 2000
    for percent in (50, 75, 90, 95, 99):
        formula = percentile(buckets, low, high, percent)
        assert histogram.percentile(percent) == pytest.approx(formula, rel=0.02)
        assert formula == pytest.approx(float(np.percentile(values, percent)), rel=0.13), "a bucket is up to 25 % wide"


def _less_one(buckets: list[Bucket]) -> list[Bucket]:
    first, *rest = buckets
    return [Bucket(start=first.start, end=first.end, count=first.count - 1), *rest]


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 500)), max_size=20))
def test_ladders_hold_all_they_are_given(steps: list[tuple[float, int]]) -> None:
    rows, upto = [], 0
    for value, more in sorted(steps):
        upto += more
        rows.append((value, upto))
    buckets = ladder(rows)
    assert sum(bucket.count for bucket in buckets) == upto
    assert len(spread(buckets)) == upto
    assert all(bucket.start <= bucket.end for bucket in buckets)


@given(st.lists(st.integers(100, 1_000_000), min_size=20, max_size=400))
def test_percentiles_that_are_given_stay_and_the_rest_follows(values: list[int]) -> None:
    seconds = np.array(values) / 1e6
    points = {percent: float(np.percentile(seconds, percent)) for percent in (10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0)}
    found = from_quantiles(points, count=len(values), low=float(seconds.min()), high=float(seconds.max()))
    assert found.percentiles == {f"p{percent}": points[percent] for percent in (50, 75, 90, 95, 99)}
    assert found.histogram is not None
    histogram = Histogram.decode(found.histogram)
    assert len(histogram) == len(values)
    below, above = np.percentile(seconds, 45), np.percentile(seconds, 75)
    assert below * 0.99 <= histogram.percentile(50) <= above * 1.01


def test_percentiles_out_of_order_make_no_histogram() -> None:
    found = from_quantiles({50.0: 0.5, 90.0: 0.1}, count=100, low=0.05, high=0.6)
    assert found.histogram is None


def stats_correct(counted: Counter[int], interval: int) -> Counter[int]:
    """What wrk does to its latencies (stats.c), for values in ascending order."""
    data = Counter(counted)
    for value in range(interval * 2, max(counted) + 1):
        count = data[value]
        lower = value - interval
        while count and lower > interval:
            data[lower] += count
            lower -= interval
    return data


@given(st.lists(st.integers(1, 900), min_size=1, max_size=60), st.integers(5, 200))
def test_latencies_that_wrk_invented_are_taken_back(values: list[int], interval: int) -> None:
    """Exactly, whatever they were; our inversion agrees with wrk's own loop."""
    true = Counter(values)
    assert uncorrected(stats_correct(true, interval), interval) == dict(true)
