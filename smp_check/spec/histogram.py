"""Latency histograms: HdrHistograms of microseconds (1 µs to 1 h, 3 significant digits).

Histograms may be added, percentiles may not: every percentile of more than one round comes from here.
The text form is HdrHistogram V2, zlib-compressed, base64
(https://github.com/HdrHistogram/HdrHistogram, "V2 encoding").
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from hdrh.histogram import HdrHistogram

from smp_check.spec.run import PERCENTILES, Latency

LOWEST_US = 1
HIGHEST_US = 3_600_000_000
DIGITS = 3


class Histogram:
    """A mutable latency histogram; times go in and come out in seconds."""

    def __init__(self) -> None:
        self._hdr = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)

    @classmethod
    def decode(cls, text: str) -> Histogram:
        """Read the text form; raises ``ValueError`` when it is none."""
        made = cls()
        try:
            made._hdr.add(HdrHistogram.decode(text.encode("ascii")))
        except Exception as fault:  # the codec raises a dozen kinds, zlib's and struct's among them
            raise ValueError(f"no HdrHistogram V2 text: {fault}") from fault
        return made

    def encode(self) -> str:
        """The text form."""
        encoded: bytes = self._hdr.encode()
        return encoded.decode("ascii")

    def record_microseconds(self, counted: Mapping[int, int]) -> None:
        """Add values in whole microseconds, each with its count; values outside the range go to its ends."""
        for value, count in counted.items():
            self._hdr.record_value(min(max(value, LOWEST_US), HIGHEST_US), count)

    def record(self, seconds: float, count: int = 1) -> None:
        """Add one value in seconds."""
        self.record_microseconds({round(seconds * 1e6): count})

    def add(self, other: Histogram) -> None:
        """Add all of another histogram's values."""
        self._hdr.add(other._hdr)

    def __len__(self) -> int:
        return int(self._hdr.total_count)

    def percentile(self, percent: float) -> float:
        """The value below or at which ``percent`` (0 to 100) of all values lie, seconds."""
        return float(self._hdr.get_value_at_percentile(percent)) / 1e6

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        """``percentile`` of each, in one pass over the counts."""
        reached = list(accumulate(self._hdr.counts))
        values = []
        for percent in percents:
            index = bisect_left(reached, max(int(percent * len(self) / 100 + 0.5), 1))
            value = self._hdr.get_value_from_index(index)
            edge = self._hdr.get_highest_equivalent_value if percent else self._hdr.get_lowest_equivalent_value
            values.append(float(edge(value)) / 1e6)
        return values

    def summary(self) -> Latency:
        """Count, moments, percentiles and the text form; an empty histogram gives a count of 0 alone."""
        if not len(self):
            return Latency(count=0)
        mean, stddev = self._moments()
        return Latency(
            count=len(self),
            min=float(self._hdr.get_min_value()) / 1e6,
            mean=mean / 1e6,
            stddev=stddev / 1e6,
            max=float(self._hdr.get_max_value()) / 1e6,
            percentiles=dict(zip(PERCENTILES, self.percentiles(list(PERCENTILES.values())), strict=True)),
            histogram=self.encode(),
        )

    def _moments(self) -> tuple[float, float]:
        """Mean and standard deviation in microseconds, each bucket by its middle.

        Over the counts as they lie: the library's own iterators take a hundred times as long.
        """
        middles = []
        for index, count in enumerate(self._hdr.counts):
            if count:
                low = self._hdr.get_value_from_index(index)
                middles.append((low + (self._hdr.get_highest_equivalent_value(low) + 1 - low) // 2, count))
        mean = sum(value * count for value, count in middles) / len(self)
        return mean, math.sqrt(sum((value - mean) ** 2 * count for value, count in middles) / len(self))

    def curve(self, points: int = 60) -> list[tuple[float, float]]:
        """(percent, seconds) pairs, dense towards the tail, for drawing."""
        if not len(self):
            return []
        nines = math.log10(max(len(self), 10))
        steps = [100 * (1 - 10 ** (-nines * i / points)) for i in range(points + 1)]
        return list(zip(steps, self.percentiles(steps), strict=True))


def merge(latencies: Iterable[Latency]) -> Latency:
    """The distribution of all values of several rounds, from their histograms.

    Latencies without a histogram cannot be merged: if any with values lacks one, only the count survives.
    """
    merged = Histogram()
    total = 0
    for latency in latencies:
        total += latency.count
        if latency.histogram is not None:
            merged.add(Histogram.decode(latency.histogram))
    if len(merged) != total:
        return Latency(count=total)
    return merged.summary()
