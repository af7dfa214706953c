"""Trends -> text for the terminal, or one self-contained page with a chart each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.report.escape import terminal
from smp_check.report.templating import fill
from smp_check.units import format_share
from smp_check.verdict.wording import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.verdict.trend import Change, Trend

_BARS = "▁▂▃▄▅▆▇█"
_SPARK = 60
WIDTH, HEIGHT, MARGIN = 900, 160, 12


def commit_text(commit: str | None) -> str:
    """A commit, short."""
    return "an unknown commit" if commit is None else commit[:12]


def change_text(trend: Trend, change: Change) -> str:
    """One change point as a sentence."""
    values = f"{value_text(change.before, trend.unit)} → {value_text(change.after, trend.unit)}"
    how = "worse" if change.worse else "better"
    accepted = ", accepted" if change.accepted else ""
    share = format_share(change.change, signed=True)
    where = f"after {commit_text(change.after_commit)}, at {commit_text(change.at_commit)}"
    return f"{change.start:%Y-%m-%d}: {share} ({how}{accepted}), {values}, {where}"


def trend_text(trends: Sequence[Trend]) -> str:
    """All trends for the terminal: a spark line and the change points of each."""
    if not trends:
        return "no runs to show a trend of\n"
    return "\n".join(_block(trend) for trend in trends)


def _block(trend: Trend) -> str:
    values = [point.value for point in trend.points]
    newest = value_text(values[-1], trend.unit)
    against = ", relative to the reference" if trend.referenced else ""
    lines = [
        f"{terminal(_title(trend))}: {len(values)} runs, newest {newest}, "
        f"run to run {format_share(trend.noise)}{against}",
        f"  {spark(values[-_SPARK:])}",
    ]
    lines += [f"  {terminal(change_text(trend, change))}" for change in trend.changes]
    if trend.drift is not None:
        lines.append(f"  {drift_text(trend.drift)}")
    return "\n".join(lines) + "\n"


def drift_text(drift: float) -> str:
    """A drift as a sentence."""
    return f"slow drift: {format_share(drift, signed=True)} against a quarter of a year ago, with no step that shows"


def _title(trend: Trend) -> str:
    mesh = "" if trend.mesh == "none" else f" on {trend.mesh}"
    return f"{trend.name}{mesh}, {trend.client}, {trend.metric}"


def spark(values: Sequence[float]) -> str:
    """A line of block characters."""
    low, high = min(values), max(values)
    if high <= low:
        return _BARS[3] * len(values)
    return "".join(_BARS[min(int((v - low) / (high - low) * len(_BARS)), len(_BARS) - 1)] for v in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One run in a chart."""

    x: float
    y: float
    title: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One trend, drawn."""

    title: str
    summary: str
    line: str
    dots: tuple[Dot, ...]
    marks: tuple[tuple[float, str, str], ...]
    """x, tone and sentence of each change point."""
    top: str
    bottom: str
    notes: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT


def trend_page(trends: Sequence[Trend]) -> str:
    """All trends as one self-contained HTML page."""
    changed = sum(bool(trend.changes) for trend in trends)
    return fill("trend.html.j2", {"charts": [_chart(t) for t in trends], "changed": changed}, "html")


def _chart(trend: Trend) -> Chart:
    values = [point.value for point in trend.points]
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    step = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    places = [
        (round(MARGIN + i * step, 1), round(HEIGHT - MARGIN - (v - low) / span * (HEIGHT - 2 * MARGIN), 1))
        for i, v in enumerate(values)
    ]
    marks = tuple(
        (round(places[c.index][0] - step / 2, 1), "bad" if c.worse else "good", change_text(trend, c))
        for c in trend.changes
    )
    notes = [text for _, _, text in marks] + ([] if trend.drift is None else [drift_text(trend.drift)])
    noise = f"run to run {format_share(trend.noise)}"
    return Chart(
        title=_title(trend),
        summary=f"{len(values)} runs, {noise}{', relative to the reference' if trend.referenced else ''}",
        line=" ".join(f"{x},{y}" for x, y in places),
        dots=tuple(_dot(trend, i, *place) for i, place in enumerate(places)),
        marks=marks,
        top=value_text(high, trend.unit),
        bottom=value_text(low, trend.unit),
        notes=tuple(notes),
    )


def _dot(trend: Trend, index: int, x: float, y: float) -> Dot:
    point = trend.points[index]
    tone = {"regressed": "bad", "improved": "good"}.get(point.verdict or "", "calm")
    value = value_text(point.value, trend.unit)
    return Dot(x=x, y=y, title=f"{point.start:%Y-%m-%d %H:%M} {commit_text(point.commit)}: {value}", tone=tone)
