"""The history of every metric: for the terminal, and as one page with a chart for each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from smp_check.report.build import NO_MESH
from smp_check.report.charts import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Scale, Tick
from smp_check.report.escape import LONGEST_NAME, plain, terminal
from smp_check.report.templating import fill
from smp_check.report.values import format_value, relative, short_commit
from smp_check.verdict.robust import median

if TYPE_CHECKING:
    from smp_check.verdict.model import Unit
    from smp_check.verdict.trend import Change, Trend

HEIGHT = 200.0
BLOCKS = "▁▂▃▄▅▆▇█"
SPARKS = 24
NEWEST = 20
"""Runs that the present level is taken from."""
NOTHING = "No stored runs: there is no history yet. Each `smp-check check` on the default branch adds one run."
CALM = 0.03
"""Share of the value that a chart shows above and below, so that noise does not look like drama."""
UNUSABLE = frozenset({"regressed"})
"""Verdicts of runs that are drawn apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change of level."""

    when: str
    label: str
    before: str
    after: str
    change: str
    tone: str
    commits: str
    """Between which commits it happened."""
    chance: str
    """How probable such a change is where there is none."""
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One run in a chart, in pixels."""

    x: float
    y: float
    text: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendChart:
    """One metric's runs, its levels and where they changed."""

    marks: tuple[Mark, ...]
    levels: tuple[tuple[float, float, float], ...]
    """From x, to x, y of each level."""
    breaks: tuple[float, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendView:
    """One metric of one series as text."""

    series: str
    label: str
    newest: str
    typical: str
    noise: str
    runs: int
    referenced: bool
    spark: str
    drift: str
    changes: tuple[ChangeView, ...]
    chart: TrendChart | None


def trend_text(found: Sequence[Trend]) -> str:
    """A table for each series, and every change of level."""
    views = [_view(trend, drawn=False) for trend in found]
    if not views:
        return f"{NOTHING.replace('`', '')}\n"
    lines: list[str] = []
    for series in dict.fromkeys(view.series for view in views):
        mine = [view for view in views if view.series == series]
        lines += [terminal(series), "", *_table(mine), "", *_told(mine), ""]
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def _table(views: Sequence[TrendView]) -> list[str]:
    from tabulate import tabulate

    headers = ["metric", "runs", "newest", "typical", "noise", "history", "changes"]
    rows = [[terminal(v.label, 32), v.runs, v.newest, v.typical, v.noise, v.spark, len(v.changes) or ""] for v in views]
    align = ("left", "right", "right", "right", "right", "left", "right")
    made: str = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True, colalign=align)
    return made.splitlines()


def _told(views: Sequence[TrendView]) -> Iterator[str]:
    for view in views:
        for change in view.changes:
            accepted = ", accepted" if change.accepted else ""
            went = f"{change.before} → {change.after} ({change.change}{accepted})"
            yield f"- {change.when} {terminal(view.label)}: {went}"
            yield f"  {change.commits}; {change.chance}"
        if view.drift:
            yield terminal(f"- {view.label}: {view.drift}")
    if not any(view.changes or view.drift for view in views):
        yield "No change of level."


def trend_page(found: Sequence[Trend]) -> str:
    """One self-contained HTML page."""
    views = [_view(trend, drawn=True) for trend in found]
    series = [(name, [v for v in views if v.series == name]) for name in dict.fromkeys(v.series for v in views)]
    return fill("trend.html.j2", {"series": series, "nothing": NOTHING}, "html")


def _view(trend: Trend, *, drawn: bool) -> TrendView:
    mesh = plain(trend.mesh, LONGEST_NAME)
    name = plain(trend.name, LONGEST_NAME) or "unnamed test"
    values = [point.value for point in trend.points if math.isfinite(point.value)]
    label = f"{plain(trend.client, 40)} {plain(trend.metric, 40)}"
    level = values[max([change.index for change in trend.changes], default=0) :] or values
    return TrendView(
        series=name if mesh in NO_MESH else f"{name} on {mesh.lower().replace('_', ' ')}",
        label=label,
        newest=format_value(values[-1] if values else None, trend.unit),
        typical=format_value(median(level[-NEWEST:]) if level else None, trend.unit),
        noise=relative(trend.noise).lstrip("+"),
        runs=len(trend.points),
        referenced=trend.referenced,
        spark=_spark(values),
        drift=_drift(trend),
        changes=tuple(_change(change, trend.unit, label) for change in trend.changes),
        chart=_chart(trend) if drawn and values else None,
    )


def _drift(trend: Trend) -> str:
    if trend.drift is None:
        return ""
    return f"drifted by {relative(trend.drift)} in a quarter of a year, in steps too small to be seen one by one"


def _change(change: Change, unit: Unit, label: str) -> ChangeView:
    tone = "calm" if change.accepted else "bad" if change.worse else "good"
    between = f"between {short_commit(change.after_commit)} and {short_commit(change.at_commit)}"
    return ChangeView(
        when=change.start.strftime("%Y-%m-%d"),
        label=label,
        before=format_value(change.before, unit),
        after=format_value(change.after, unit),
        change=relative(change.change),
        tone=tone,
        commits=between,
        chance=f"p = {change.p:.2g}" if change.p >= 1e-6 else "p < 0.000001",
        accepted=change.accepted,
    )


def _spark(values: Sequence[float]) -> str:
    """The course in a few characters, oldest first; each stands for the median of its share of the runs."""
    if not values:
        return ""
    edges = [round(i * len(values) / min(SPARKS, len(values))) for i in range(min(SPARKS, len(values)) + 1)]
    heights = [median(values[a:b]) for a, b in pairwise(edges)]
    low, span = min(heights), max(heights) - min(heights)
    if span <= 0.02 * max(abs(low), 1e-300):
        return BLOCKS[3] * len(heights)
    return "".join(BLOCKS[min(int((height - low) / span * len(BLOCKS)), len(BLOCKS) - 1)] for height in heights)


def _chart(trend: Trend) -> TrendChart:
    points = [(index, point) for index, point in enumerate(trend.points) if math.isfinite(point.value)]
    low, high = min(p.value for _, p in points), max(p.value for _, p in points)
    margin = max(0.08 * (high - low), CALM * abs(high)) or 1.0
    up = Scale(low - margin, high + margin, HEIGHT - BOTTOM, TOP)
    across = Scale(0, max(len(trend.points) - 1, 1), LEFT + 6, WIDTH - RIGHT)
    edges = [0, *(change.index for change in trend.changes), len(trend.points)]
    return TrendChart(
        marks=tuple(
            Mark(
                x=across(index),
                y=up(point.value),
                text=f"{point.start:%Y-%m-%d} {short_commit(point.commit)}: {format_value(point.value, trend.unit)}",
                tone="bad" if point.verdict in UNUSABLE else "calm",
            )
            for index, point in points
        ),
        levels=tuple(_level(trend, a, b, across, up) for a, b in pairwise(edges) if b > a),
        breaks=tuple(across(change.index - 0.5) for change in trend.changes),
        across=_dates(trend, across),
        up=_labelled(_rounded(low - margin, high + margin), trend.unit, up),
    )


def _labelled(values: Sequence[float], unit: Unit, up: Scale) -> tuple[Tick, ...]:
    """Ticks whose labels differ."""
    labels = {format_value(value, unit): value for value in reversed(values) if value >= 0}
    return tuple(Tick(at=up(value), label=label) for label, value in labels.items())


def _level(trend: Trend, start: int, end: int, across: Scale, up: Scale) -> tuple[float, float, float]:
    values = [point.value for point in trend.points[start:end] if math.isfinite(point.value)]
    return across(start), across(end - 1), up(median(values) if values else 0.0)


def _dates(trend: Trend, across: Scale) -> tuple[Tick, ...]:
    last = len(trend.points) - 1
    places = sorted({round(last * i / 4) for i in range(5)}) if last > 3 else [0, last] if last else [0]
    return tuple(Tick(at=across(i), label=f"{trend.points[i].start:%Y-%m-%d}") for i in places)


def _rounded(low: float, high: float, wanted: int = 4) -> list[float]:
    """About ``wanted`` round numbers between two."""
    if high <= low:
        return [low]
    rough = (high - low) / wanted
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(m * unit for m in (1, 2, 2.5, 5, 10) if m * unit >= rough)
    first = math.ceil(low / step)
    return [step * n for n in range(first, math.floor(high / step) + 1)] or [low, high]
