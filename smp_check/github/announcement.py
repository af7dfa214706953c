"""What a comparison says to the workflow run: outputs and annotations, as values. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from smp_check.github.runner import annotation
from smp_check.spec.findings import Position
from smp_check.units import to_milliseconds
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.github.runner import Level
    from smp_check.verdict.model import Comparison, MetricComparison

PER_STEP = 10
"""Annotations of each level that the runner shows of one step; all steps of a composite action count as one."""
WORST_SHOWN = 5
"""Metrics and remarks of one comparison; the rest is in the report."""

Locate = Callable[[str], Position | None]
"""JSON pointer in the configuration -> its place in the file."""


def outputs(comparison: Comparison) -> dict[str, str]:
    """The Action's outputs that follow from the comparison; what was not measured is empty."""
    regressed = [f"{m.client}/{m.metric}" for m in comparison.metrics if m.verdict is Verdict.REGRESSED]
    return {
        "verdict": comparison.verdict.value,
        "regressions": "\n".join(regressed),
        "p50_ms": _milliseconds(comparison, "p50"),
        "p90_ms": _milliseconds(comparison, "p90"),
        "p99_ms": _milliseconds(comparison, "p99"),
        "qps": _plain(_head(comparison, "qps")),
        "error_rate": _plain(_head(comparison, "error_rate")),
    }


def _head(comparison: Comparison, metric: str) -> float | None:
    """The head's value: over all clients where it is there, else the only client's, else the worst."""
    found = [m for m in comparison.metrics if m.metric == metric and m.head is not None]
    whole = [m for m in found if m.client == "all"] or found
    if not whole:
        return None
    worst = min if whole[0].direction.value == "higher" else max
    return worst(m.head for m in whole if m.head is not None)


def _milliseconds(comparison: Comparison, metric: str) -> str:
    value = _head(comparison, metric)
    return "" if value is None else _plain(to_milliseconds(value))


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def annotation_lines(comparison: Comparison, locate: Locate) -> list[str]:
    """Workflow commands: one for the verdict, then the worst metrics, each at its line of the configuration."""
    level: Level = "error" if comparison.failed else _LEVELS.get(comparison.verdict, "notice")
    lines = [_line(level, comparison.headline, f"smp-check: {comparison.verdict.value}", locate("/test/name"))]
    worst = [m for m in comparison.metrics if m.gating and m.verdict is Verdict.REGRESSED]
    for metric in _by_change(worst)[:WORST_SHOWN]:
        title = f"{metric.metric} regressed ({metric.client})"
        lines.append(_line(level, metric.reason, title, locate(f"/check/gates/{metric.metric}")))
    lines += [
        _line("warning", remark.message, f"smp-check: {remark.code}", None)
        for remark in comparison.remarks[:WORST_SHOWN]
        if remark.severity == "error"
    ]
    return lines


_LEVELS: dict[Verdict, Level] = {
    Verdict.REGRESSED: "warning",
    Verdict.NOT_COMPARABLE: "warning",
    Verdict.INCONCLUSIVE: "warning",
}


def _by_change(metrics: Sequence[MetricComparison]) -> list[MetricComparison]:
    return sorted(metrics, key=lambda m: abs(m.change) if m.change is not None else 0.0, reverse=True)


def within_budget(reports: Sequence[Sequence[str]]) -> list[str]:
    """The annotations of several comparisons, verdicts first, no more of a level than the runner shows."""
    ordered = [report[0] for report in reports if report]
    ordered += [line for report in reports for line in report[1:]]
    shown: Counter[str] = Counter()
    kept = []
    for line in ordered:
        level = line.split(" ", 1)[0]
        shown[level] += 1
        if shown[level] <= PER_STEP:
            kept.append(line)
    return kept


def _line(level: Level, message: str, title: str, place: Position | None) -> str:
    if place is None:
        return annotation(level, message, title=title)
    return annotation(level, message, title=title, file=place.file, line=place.line, column=place.column)


def worst_of(comparisons: Sequence[Comparison]) -> Comparison:
    """The comparison that stands for all of them: a failed one before one that passed, then by verdict."""
    order = list(Verdict)
    return min(comparisons, key=lambda c: (not c.failed, order.index(c.verdict)))
