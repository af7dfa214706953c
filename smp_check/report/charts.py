"""The geometry of charts: numbers in, points and ticks out; templates draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from smp_check.spec.histogram import Histogram
from smp_check.spec.result import ALL_CLIENTS
from smp_check.spec.run import PERCENTILES
from smp_check.units import format_latency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smp_check.spec.run import Latency
    from smp_check.verdict.model import Comparison

WIDTH = 720.0
HEIGHT = 300.0
LEFT = 64.0
RIGHT = 16.0
TOP = 12.0
BOTTOM = 32.0
SIDES = ("baseline", "head")
MOST_TICKS = 9
SHORTEST, LONGEST = 1e-9, 1e6
"""Seconds; what lies beyond was never measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis, in pixels."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One side's latency at rising percentiles."""

    side: str
    points: str
    """``x,y x,y ...`` in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Latency by percentile of one client; the axis stretches the tail, so that each nine takes the same room."""

    client: str
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    names: tuple[str, ...]
    """Percentile names for which every side has a value."""
    values: tuple[tuple[str, tuple[str, ...]], ...]
    """By side, the latency at each of ``names`` in milliseconds."""
    reach: tuple[str, str]
    """Ends of a linear axis that holds all ``values``, milliseconds."""
    summary: str
    """The chart in words, for those who cannot see it."""
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT


def percentile_charts(comparison: Comparison) -> tuple[Percentiles, ...]:
    """One chart for each client whose latency is known on the head's side."""
    base = comparison.base.latency if comparison.base else {}
    head = dict(comparison.head.latency)
    if len(head) == 2:
        head.pop(ALL_CLIENTS, None)  # it is the only client's once more
    charts = (_chart(client, base.get(client), latency) for client, latency in head.items())
    return tuple(chart for chart in charts if chart is not None)


def _chart(client: str, base: Latency | None, head: Latency) -> Percentiles | None:
    sides = {side: latency for side, latency in zip(SIDES, (base, head), strict=True) if latency and latency.count}
    curves = {side: _curve(latency) for side, latency in sides.items()}
    curves = {side: curve for side, curve in curves.items() if len(curve) > 1}
    if "head" not in curves:
        return None
    names = tuple(n for n in PERCENTILES if all(_known(sides[side], n) for side in curves))
    nines = max(_nines(percent) for curve in curves.values() for percent, _ in curve)
    low = min(value for curve in curves.values() for _, value in curve)
    high = max(value for curve in curves.values() for _, value in curve)
    up = Scale(math.log10(low) - 0.02, math.log10(high) + 0.02, HEIGHT - BOTTOM, TOP)
    across = Scale(0, nines, LEFT, WIDTH - RIGHT)
    return Percentiles(
        client=client,
        lines=tuple(
            Line(side=s, points=_points([(across(_nines(p)), up(math.log10(v))) for p, v in curve]))
            for s, curve in curves.items()
        ),
        across=_percent_ticks(across, nines),
        up=tuple(Tick(at=up(math.log10(v)), label=format_latency(v)) for v in _steps(low, high)),
        names=names,
        values=tuple((side, tuple(_milliseconds(sides[side].percentiles[n]) for n in names)) for side in curves),
        reach=_reach([sides[side].percentiles[n] for side in curves for n in names]),
        summary=_in_words({side: sides[side] for side in curves}, names),
    )


def _curve(latency: Latency) -> list[tuple[float, float]]:
    """(percent, seconds), from the histogram where there is one, else from the few percentiles that are known."""
    curve: Sequence[tuple[float, float]] = []
    if latency.histogram is not None:
        curve = _histogram_curve(latency.histogram)
    if not curve:
        curve = [(PERCENTILES[n], v) for n, v in latency.percentiles.items() if n in PERCENTILES]
    return sorted((percent, value) for percent, value in curve if SHORTEST <= value <= LONGEST)


@lru_cache(maxsize=32)
def _histogram_curve(text: str) -> Sequence[tuple[float, float]]:
    """Several formats of one comparison draw the same few histograms; one that cannot be read has no curve."""
    try:
        return Histogram.decode(text).curve()
    except ValueError:
        return ()


def _known(latency: Latency, name: str) -> bool:
    value = latency.percentiles.get(name)
    return value is not None and SHORTEST <= value <= LONGEST


def _nines(percent: float) -> float:
    """0 % -> 0, 90 % -> 1, 99 % -> 2...: HdrHistogram's percentile axis."""
    return -math.log10(max(1 - percent / 100, 1e-9))


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear from data to pixels; what lies outside goes to the edge."""

    first: float
    last: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        span = self.last - self.first or 1.0
        place = self.start + (self.end - self.start) * (value - self.first) / span
        return round(min(max(place, min(self.start, self.end)), max(self.start, self.end)), 1)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _percent_ticks(scale: Scale, nines: float) -> tuple[Tick, ...]:
    labels = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999)
    return tuple(Tick(at=scale(_nines(p)), label=f"p{p:g}" if p else "min") for p in labels if _nines(p) <= nines)


def _steps(low: float, high: float) -> list[float]:
    """Round numbers within the range, as many as are easy to read; the ends where there is none."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for multiples in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1,)):
        steps = [m * 10.0**d for d in decades for m in multiples if low <= m * 10.0**d <= high]
        if len(steps) <= MOST_TICKS:
            break
    return steps if len(steps) > 1 else [low, high] if high > low else [low]


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3f}" if seconds < 1 else f"{seconds * 1e3:.1f}"


def _reach(values: Sequence[float]) -> tuple[str, str]:
    """From zero, unless that would squeeze all values into the upper part."""
    if not values:
        return "0", "1"
    low = 0.9 * min(values) if min(values) > 0.3 * max(values) else 0.0
    return _milliseconds(low), _milliseconds(1.05 * max(values) or 1e-3)


def _in_words(sides: Mapping[str, Latency], names: Sequence[str]) -> str:
    parts = [
        f"{side}: " + ", ".join(f"{n} {format_latency(latency.percentiles[n])}" for n in names)
        for side, latency in sides.items()
    ]
    return "Latency by percentile. " + "; ".join(parts)
