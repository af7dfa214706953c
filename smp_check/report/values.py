"""Numbers of a comparison as text: one place decides how a metric's value, change and interval look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.units import format_count, format_latency, format_rate, format_share, format_size

if TYPE_CHECKING:
    from datetime import datetime

    from smp_check.verdict.model import MetricComparison, Unit

ABSENT = "–"


def format_value(value: float | None, unit: Unit) -> str:
    """A metric's value with its unit; what is not known is a dash, never a zero."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if unit in {"s", "cpu-s"}:
        return format_latency(value)
    if unit == "1/s":
        return format_rate(value)
    if unit == "fraction":
        return format_share(value, digits=2)
    if unit == "bytes":
        return format_size(value)
    return f"{value:,.0f} {unit}" if abs(value) >= 100 else f"{value:.3g} {unit}"


def format_change(metric: MetricComparison) -> str:
    """The change as judged; percentage points where a share has no relative change."""
    if metric.change is not None and math.isfinite(metric.change):
        return format_share(metric.change, signed=True)
    if metric.unit == "fraction" and metric.base is not None and metric.head is not None:
        return format_share(metric.head - metric.base, signed=True, digits=2).replace("%", "points")
    return ABSENT


def format_interval(interval: tuple[float, float] | None) -> str:
    """Both ends of an interval of changes: ``+8.1 to +15.2 %``."""
    if interval is None:
        return ABSENT
    low, high = (format_share(end, signed=True) for end in interval)
    return f"{low.removesuffix(' %')} to {high}"


def format_moment(moment: datetime) -> str:
    """A time for people, always UTC."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def short_commit(commit: str | None) -> str:
    """Twelve digits of a commit, enough to be unique and to copy."""
    return commit[:12] if commit else "unknown commit"


def counted(number: int, noun: str) -> str:
    """``1 run``, ``12 runs``."""
    return f"{format_count(number)} {noun}{'' if number == 1 else 's'}"


def listed(items: list[str] | tuple[str, ...], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
