"""The forest plot: every metric's change with its interval, one row each, worse to the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.report.charts import BOTTOM, TOP, WIDTH, Scale, Tick
from smp_check.units import format_share

if TYPE_CHECKING:
    from smp_check.verdict.model import MetricComparison

ROW_HEIGHT = 22.0
FOREST_LEFT = 190.0
FOREST_RIGHT = WIDTH - 160.0
MOST_ROWS = 60
ROOM = 64.0
"""Pixels that a label needs."""
REACH = math.log(20)
"""Larger changes are drawn at the edge."""


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


def forest(metrics: Sequence[tuple[MetricComparison, str, str]]) -> Forest | None:
    """The changes of all metrics that have one; each comes with its tone and its text."""
    drawn = [(m, tone, text) for m, tone, text in metrics if _worse(m, m.change) is not None]
    if not drawn:
        return None
    kept = drawn[:MOST_ROWS]
    spans = [_span(metric) for metric, _, _ in kept]
    reach = min(max(abs(end) for span in spans for end in span) * 1.05, REACH) or math.log(1.02)
    scale = Scale(-reach, reach, FOREST_LEFT, FOREST_RIGHT)
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
        ticks=tuple(Tick(at=scale(math.log1p(c)), label=_change_label(c)) for c in _changes(scale, reach)),
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


def _changes(scale: Scale, reach: float) -> list[float]:
    """No change, and as many round changes to either side as have room for their labels."""
    kept: list[float] = []
    place = scale(reach) + ROOM
    for size in (99.0, 9.0, 3.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01):
        at = scale(math.log1p(size))
        if math.log1p(size) <= reach and scale(0) + ROOM <= at <= place - ROOM:
            kept.append(size)
            place = at
    return [0.0, *kept, *(1 / (1 + size) - 1 for size in kept)]


def _change_label(change: float) -> str:
    """As a factor once percentages mislead."""
    if change == 0:
        return "no change"
    if abs(math.log1p(change)) >= math.log(2):
        factor = math.exp(abs(math.log1p(change)))
        return f"×{factor:.3g}" if change > 0 else f"÷{factor:.3g}"
    return format_share(change, signed=True, digits=0)
