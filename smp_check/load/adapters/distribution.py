"""Latency distributions from what generators give: every latency, buckets, or a few percentiles."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from smp_check.spec.histogram import Histogram
from smp_check.spec.run import PERCENTILES, Latency

POINTS_PER_BUCKET = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """``count`` latencies above ``start`` and at most ``end`` seconds."""

    start: float
    end: float
    count: int


def from_values(seconds: Iterable[float]) -> Latency:
    """The distribution of latencies that are all known; an empty one has a count of 0 and nothing else."""
    counted = Counter(round(value * 1e6) for value in seconds)
    return from_microseconds(counted)


def from_microseconds(counted: Mapping[int, int]) -> Latency:
    """The same from whole microseconds, each with its count; moments are exact."""
    total = sum(counted.values())
    if not total:
        return Latency(count=0)
    histogram = Histogram()
    histogram.record_microseconds(counted)
    mean = sum(value * count for value, count in counted.items()) / total
    deviation = sum(count * (value - mean) ** 2 for value, count in counted.items()) / total
    summary = replace(histogram.summary(), mean=mean / 1e6, stddev=math.sqrt(deviation) / 1e6)
    return with_ends(summary, min(counted) / 1e6, max(counted) / 1e6)


def with_ends(latency: Latency, low: float | None, high: float | None) -> Latency:
    """The same with exact ends; a histogram's percentiles are the upper edges of its steps, so they may lie above."""
    low = latency.min if low is None else low
    high = latency.max if high is None else high
    if low is None or high is None:
        return latency
    inside = {name: min(max(value, low), high) for name, value in latency.percentiles.items()}
    return replace(latency, min=low, max=high, percentiles=inside)


def spread(buckets: Sequence[Bucket]) -> Histogram:
    """A histogram with each bucket's latencies laid out evenly in it, the last at its end.

    That is what linear interpolation inside a bucket assumes, so percentiles of the histogram agree with
    percentiles interpolated in the buckets, to the histogram's three digits.
    """
    counted: Counter[int] = Counter()
    for bucket in buckets:
        points = min(bucket.count, POINTS_PER_BUCKET)
        done = 0
        for point in range(1, points + 1):
            upto = bucket.count * point // points
            counted[round((bucket.start + (bucket.end - bucket.start) * point / points) * 1e6)] += upto - done
            done = upto
    histogram = Histogram()
    histogram.record_microseconds(counted)
    return histogram


def known_percentiles(values: Mapping[float, float]) -> dict[str, float]:
    """Percent -> seconds as percent names -> seconds, of those that we keep."""
    return {name: values[percent] for name, percent in PERCENTILES.items() if percent in values}


def ladder(rows: Iterable[tuple[float, int]]) -> list[Bucket]:
    """Buckets from (seconds, how many latencies are at most that) rows, in ascending order.

    The latencies of the first row all stand at its value, which is the minimum.
    """
    buckets: list[Bucket] = []
    before, seen = 0.0, 0
    for value, upto in rows:
        if upto > seen:
            start = value if not buckets else min(before, value)
            buckets.append(Bucket(start=start, end=value, count=upto - seen))
            seen = upto
        before = value
    return buckets


def from_quantiles(
    points: Mapping[float, float],
    *,
    count: int,
    low: float | None,
    high: float | None,
    mean: float | None = None,
    stddev: float | None = None,
) -> Latency:
    """The distribution from percentiles (percent -> seconds) and its ends.

    Percentiles that are given stay as they are. With both ends a histogram is laid through the points, so that
    rounds can be added; between two points it is as even as nothing better is known.
    """
    if count <= 0:
        return Latency(count=0)
    known = Latency(
        count=count, min=low, mean=mean, stddev=stddev, max=high, percentiles=known_percentiles(dict(points))
    )
    if low is None or high is None or not points:
        return known
    inner = [(min(max(value, low), high), percent) for percent, value in sorted(points.items())]
    rows = [(low, 1), *((value, math.ceil(percent / 100 * count - 1e-9)) for value, percent in inner), (high, count)]
    ascending = all(first[0] <= second[0] for first, second in pairwise(rows))
    return replace(known, histogram=spread(ladder(rows)).encode()) if ascending else known
