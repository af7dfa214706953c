"""Numbers of a comparison as text: one place decides how a metric's value, change and interval look."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from smp_check.units import format_share
from smp_check.verdict.wording import value_text

if TYPE_CHECKING:
    from datetime import datetime

    from smp_check.verdict.model import MetricComparison, Unit

ABSENT = "–"
_UNIT = re.compile(r"(?<=[\d–]) (?=(?:µs|ms|s|MB|kB|mcores|points)\b|%)")
_NOTHING = re.compile(r"[−-]0(\.0+)?(\D.*)?")
"""A negative zero."""
COARSE = 0.0995
"""Relative changes from here on are shown without decimals."""
FACTOR = 100.0
"""Larger changes are shown as a factor."""
SMALLEST, LARGEST = 1e-9, 1e12
"""Values beyond are nothing that was ever measured, and are written in short."""
LEAST = 0.0005
"""Smaller changes are shown as none, without a sign."""


def format_value(value: float | None, unit: Unit) -> str:
    """A metric's value with its unit; what is not known is a dash, never a zero."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if value and not SMALLEST <= abs(value) < LARGEST:
        return f"{value:.3g} {unit}"
    text = value_text(value, unit)
    return text[1:] if _NOTHING.fullmatch(text) else text


def format_change(metric: MetricComparison) -> str:
    """The change as judged; of a share, percentage points."""
    if metric.unit == "fraction":
        known = metric.base is not None and metric.head is not None
        return _points((metric.head or 0.0) - (metric.base or 0.0), signed=True) if known else ABSENT
    return ABSENT if metric.change is None or not math.isfinite(metric.change) else relative(metric.change)


def format_detectable(metric: MetricComparison) -> str:
    """The smallest worsening that could have been called; of a share, percentage points."""
    if metric.detectable is None or not math.isfinite(metric.detectable):
        return ABSENT
    if metric.unit == "fraction":
        return _points(metric.detectable)
    return relative(metric.detectable).lstrip("+")


def _points(difference: float, *, signed: bool = False) -> str:
    if abs(difference) < LEAST / 10:
        return "0.00 points"
    if abs(difference) > FACTOR:
        return ABSENT
    return format_share(difference, signed=signed, digits=2).replace("%", "points")


def format_interval(interval: tuple[float, float] | None) -> str:
    """Both ends of an interval of changes: ``+8.1 to +15 %``; empty where there is none."""
    if interval is None or not all(map(math.isfinite, interval)):
        return ""
    low, high = (relative(end) for end in interval)
    return f"{low.removesuffix(' %') if high.endswith(' %') else low} to {high}"


def relative(change: float) -> str:
    """A relative change with its sign; decimals only where they matter."""
    if abs(change) < LEAST:
        return "0.0 %"
    if change >= FACTOR:
        return f"×{1 + change:.3g}"
    return format_share(change, signed=True, digits=0 if abs(change) >= COARSE else 1)


def together(text: str) -> str:
    """Text whose numbers do not part from their units at the end of a line."""
    return _UNIT.sub("\u00a0", text)


def format_moment(moment: datetime) -> str:
    """A time for people, always UTC."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def short_commit(commit: str | None) -> str:
    """Twelve digits of a commit, enough to be unique and to copy."""
    return commit[:12] if commit else "unknown commit"
