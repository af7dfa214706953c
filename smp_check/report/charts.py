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
from smp_check.units import format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smp_check.spec.run import Latency
    from smp_check.verdict.model import Comparison, MetricComparison

WIDTH = 720.0
HEIGHT = 300.0
LEFT = 64.0
RIGHT = 16.0
TOP = 12.0
BOTTOM = 32.0
SIDES = ("baseline", "head")
ROW_HEIGHT = 22.0
FOREST_LEFT = 190.0
FOREST_RIGHT = WIDTH - 160.0
LARGEST_FOREST = 60
MOST_TICKS = 9


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One metric's change with its interval, in pixels; to the right is worse."""

    label: str
    text: str
    tone: str
    y: float
    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """The changes of all metrics side by side."""

    rows: tuple[Interval, ...]
    ticks: tuple[Tick, ...]
    zero: float
    height: float
    left_out: int = 0
    width: float = WIDTH
    left: float = FOREST_LEFT
    right: float = FOREST_RIGHT


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
    up = _Scale(math.log10(low) - 0.02, math.log10(high) + 0.02, HEIGHT - BOTTOM, TOP)
    across = _Scale(0, nines, LEFT, WIDTH - RIGHT)
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
    return sorted((percent, value) for percent, value in curve if math.isfinite(value) and value > 0)


@lru_cache(maxsize=32)
def _histogram_curve(text: str) -> Sequence[tuple[float, float]]:
    """Several formats of one comparison draw the same few histograms; one that cannot be read has no curve."""
    try:
        return Histogram.decode(text).curve()
    except ValueError:
        return ()


def _known(latency: Latency, name: str) -> bool:
    value = latency.percentiles.get(name)
    return value is not None and math.isfinite(value)


def _nines(percent: float) -> float:
    """0 % -> 0, 90 % -> 1, 99 % -> 2...: HdrHistogram's percentile axis."""
    return -math.log10(max(1 - percent / 100, 1e-9))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Linear from data to pixels."""

    first: float
    last: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.last - self.first or 1.0
        place = self.start + (self.end - self.start) * (value - self.first) / span
        return round(min(max(place, min(self.start, self.end)), max(self.start, self.end)), 1)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _percent_ticks(scale: _Scale, nines: float) -> tuple[Tick, ...]:
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


def forest(metrics: Sequence[tuple[MetricComparison, str, str]]) -> Forest | None:
    """The changes of all metrics that have one; each comes with its tone and its text."""
    drawn = [(m, tone, text) for m, tone, text in metrics if _worse(m, m.change) is not None]
    if not drawn:
        return None
    kept = drawn[:LARGEST_FOREST]
    spans = [_span(metric) for metric, _, _ in kept]
    reach = min(max(abs(end) for span in spans for end in span) * 1.05, math.log(20)) or math.log(1.02)
    scale = _Scale(-reach, reach, FOREST_LEFT, FOREST_RIGHT)
    several = len({metric.client for metric, _, _ in kept}) > 1
    rows = []
    for place, ((metric, tone, text), (low, middle, high)) in enumerate(zip(kept, spans, strict=True)):
        label = f"{metric.client} {metric.metric}" if several else metric.metric
        y = TOP + ROW_HEIGHT * (place + 0.5)
        rows.append(
            Interval(label=label, text=text, tone=tone, y=y, middle=scale(middle), low=scale(low), high=scale(high))
        )
    return Forest(
        rows=tuple(rows),
        ticks=tuple(Tick(at=scale(math.log1p(c)), label=_change_label(c)) for c in _changes(reach)),
        zero=scale(0),
        height=TOP + ROW_HEIGHT * len(rows) + BOTTOM,
        left_out=len(drawn) - len(kept),
    )


def _worse(metric: MetricComparison, change: float | None) -> float | None:
    """ln(head / base), turned so that larger is worse; ``None`` where there is no such number."""
    if change is None or not math.isfinite(change) or change <= -1:
        return None
    sign = -1 if metric.direction.value == "higher" else 1
    return sign * math.log1p(change)


def _span(metric: MetricComparison) -> tuple[float, float, float]:
    middle = _worse(metric, metric.change) or 0.0
    ends = [_worse(metric, end) for end in metric.interval or ()]
    known = sorted([middle, *(end for end in ends if end is not None)])
    return known[0], middle, known[-1]


def _changes(reach: float) -> list[float]:
    sizes = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 3.0, 9.0)
    fitting = [size for size in sizes if math.log1p(size) <= reach * 0.98][-2:]
    return [0.0, *fitting, *(1 / (1 + size) - 1 for size in fitting)]


def _change_label(change: float) -> str:
    """As a factor once percentages mislead."""
    if change == 0:
        return "no change"
    if abs(math.log1p(change)) >= math.log(2):
        factor = math.exp(abs(math.log1p(change)))
        return f"×{factor:.3g}" if change > 0 else f"÷{factor:.3g}"
    return format_share(change, signed=True, digits=0)
