"""Counting latencies at a hundred nanoseconds apiece: plain lists with the bucket layout of HdrHistogram.

The buckets are those of an HdrHistogram from 1 µs with 3 significant digits (2048 sub-buckets, unit 1 µs), so that
turning counts into one loses nothing (https://github.com/HdrHistogram/HdrHistogram, ``countsArrayIndex``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.spec.histogram import HIGHEST_US, LOWEST_US, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LINEAR = 2048
"""Below this many microseconds each has a bucket of its own."""


def bucket(microseconds: int) -> int:
    """The place of a value; hot loops repeat this expression inline.

    With ``shift`` the number of low bits that 11 significant bits leave out, each doubling has 1024 buckets.
    """
    if microseconds < LINEAR:
        return microseconds
    shift = microseconds.bit_length() - 11
    return (shift << 10) + (microseconds >> shift)


def lowest_value(place: int) -> int:
    """The smallest number of microseconds that falls into a place: the inverse of ``bucket``."""
    if place < LINEAR:
        return place
    shift = (place >> 10) - 1
    return (place - (shift << 10)) << shift


SIZE = bucket(HIGHEST_US) + 1


def new_counts() -> list[int]:
    """Empty counts; their memory stays the same however many values are counted."""
    return [0] * SIZE


def add_value(counts: list[int], seconds: float) -> None:
    """Count one value; what is out of range goes to the range's end."""
    counts[bucket(min(max(int(seconds * 1e6 + 0.5), LOWEST_US), HIGHEST_US))] += 1


def sparse(counts: Iterable[int]) -> dict[int, int]:
    """Microseconds -> count, of the buckets in use."""
    return {lowest_value(place): count for place, count in enumerate(counts) if count}


def to_histogram(counted: Mapping[int, int]) -> Histogram:
    """The HdrHistogram of sparse counts."""
    made = Histogram()
    made.record_microseconds(counted)
    return made
