"""Latency distributions from what generators give: every latency, buckets, or a few percentiles."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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
    spread = sum(count * (value - mean) ** 2 for value, count in counted.items()) / total
    return replace(
        histogram.summary(),
        min=min(counted) / 1e6,
        mean=mean / 1e6,
        stddev=math.sqrt(spread) / 1e6,
        max=max(counted) / 1e6,
    )


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
