"""What the head adds to the base when both were measured side by side: per percentile, and in CPU and memory.

With the service itself as base and the way through the mesh as head, this is what the mesh costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.report.escape import LONGEST_NAME, plain
from smp_check.report.values import ABSENT, LEAST, format_change, format_interval, format_value
from smp_check.verdict.wording import joined

if TYPE_CHECKING:
    from smp_check.verdict.model import Comparison, MetricComparison

UNITS = {"s", "cpu-s", "mcores", "MB", "1/s"}
"""Units of metrics that have an overhead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What the head adds to one metric."""

    client: str
    metric: str
    base: str
    head: str
    added: str
    """In the metric's unit, with its interval where there is one."""
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What the head adds, metric by metric."""

    base: str
    """The address of the base, as far as it is known."""
    head: str
    rows: tuple[Added, ...]


def paired(comparison: Comparison) -> bool:
    """Whether both sides were measured in the same job."""
    return any(m.inputs is not None and m.inputs.method == "paired" for m in comparison.metrics)


def overhead(comparison: Comparison) -> Overhead | None:
    """``None`` unless the same code was measured side by side at two addresses."""
    base, head = comparison.base, comparison.head
    if base is None or not paired(comparison) or base.targets == head.targets:
        return None
    if base.provenance.commit != head.provenance.commit:
        return None
    rows = tuple(_added(m) for m in comparison.metrics if _told(m))
    return Overhead(base=_addresses(base.targets), head=_addresses(head.targets), rows=rows) if rows else None


def _told(metric: MetricComparison) -> bool:
    """What was judged, and what only the head has; a difference that could not be judged is no overhead."""
    return metric.unit in UNITS and metric.head is not None and (metric.base is None or metric.change is not None)


def _addresses(targets: tuple[str, ...]) -> str:
    shown = [plain(target, 200) for target in targets[:3]]
    return joined(shown if len(targets) <= 3 else [*shown, f"{len(targets) - 3} more"])


def _added(metric: MetricComparison) -> Added:
    interval = format_interval(metric.interval)
    change = format_change(metric)
    return Added(
        client=plain(metric.client, LONGEST_NAME),
        metric=plain(metric.metric, LONGEST_NAME),
        base=format_value(metric.base, metric.unit),
        head=format_value(metric.head, metric.unit),
        added=_difference(metric),
        change=f"{change} ({interval})" if interval else change,
    )


def _difference(metric: MetricComparison) -> str:
    """The change times the base, so that difference and percentage tell the same story."""
    if metric.base is None:
        return f"{format_value(metric.head, metric.unit)} in all" if metric.head is not None else ABSENT
    difference = _signed((metric.change or 0.0) * metric.base, metric)
    if metric.interval is None:
        return difference
    low, high = (_signed(end * metric.base, metric) for end in metric.interval)
    return f"{difference} ({low} to {high})"


def _signed(value: float, metric: MetricComparison) -> str:
    scale = abs(metric.base or metric.head or 1.0)
    text = format_value(abs(value), metric.unit)
    return "0" if abs(value) < LEAST * scale else f"{'−' if value < 0 else '+'}{text}"
