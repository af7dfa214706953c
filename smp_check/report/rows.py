"""Metrics as table rows: symbols, order, and which of them need attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.report.escape import LONGEST_NAME, LONGEST_SENTENCE, plain
from smp_check.report.values import ABSENT, format_change, format_detectable, format_interval, format_value
from smp_check.report.view import Row
from smp_check.units import format_share
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from smp_check.verdict.model import Comparison, MetricComparison, Policy

FAILING = {
    Verdict.REGRESSED: "regression",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NO_BASELINE: "no-baseline",
    Verdict.NOT_COMPARABLE: "not-comparable",
}
"""Verdict -> the entry of ``fail_on`` that makes it fail the gate."""
SYMBOLS = {
    Verdict.REGRESSED: "🔺",
    Verdict.NOT_COMPARABLE: "🚫",
    Verdict.INCONCLUSIVE: "❔",
    Verdict.NO_BASELINE: "🆕",
    Verdict.UNCHANGED: "✅",
    Verdict.IMPROVED: "🟢",
}
TONES = {Verdict.REGRESSED: "warn", Verdict.INCONCLUSIVE: "warn", Verdict.IMPROVED: "good"}


def metric_fails(metric: MetricComparison, policy: Policy) -> bool:
    """Whether this metric by itself fails the gate."""
    return metric.gating and metric.accepted is None and FAILING.get(metric.verdict) in policy.fail_on


def needs_attention(metric: MetricComparison, policy: Policy) -> bool:
    """Failing, moved, or a gate that could not be decided."""
    if metric.objective is not None or metric_fails(metric, policy):
        return True
    if metric.verdict is Verdict.INCONCLUSIVE:
        return metric.gating
    return metric.verdict in {Verdict.REGRESSED, Verdict.IMPROVED}


def ordered(comparison: Comparison) -> list[MetricComparison]:
    """Failing first, then broken objectives, then what moved from worst to best; the rest as measured."""
    verdicts = list(Verdict)
    policy = comparison.policy

    def rank(metric: MetricComparison) -> tuple[int, int]:
        if not needs_attention(metric, policy):
            return 3, 0
        place = 0 if metric_fails(metric, policy) else 1 if metric.objective is not None else 2
        return place, verdicts.index(metric.verdict)

    return sorted(comparison.metrics, key=rank)


def row(metric: MetricComparison, policy: Policy) -> Row:
    """One metric as text."""
    fails = metric_fails(metric, policy)
    broken = metric.objective is not None
    return Row(
        client=plain(metric.client, LONGEST_NAME),
        metric=plain(metric.metric, LONGEST_NAME),
        base=format_value(metric.base, metric.unit),
        head=format_value(metric.head, metric.unit),
        change=format_change(metric),
        interval=format_interval(metric.interval),
        verdict=verdict_word(metric),
        symbol="❌" if fails else "⚠️" if broken else SYMBOLS[metric.verdict],
        tone="bad" if fails else "warn" if broken else TONES.get(metric.verdict, "calm"),
        reason=plain(_reason(metric), LONGEST_SENTENCE),
        fails=fails,
        gating=metric.gating,
        tolerance=ABSENT if metric.tolerance is None else format_share(metric.tolerance, digits=0),
        detectable=format_detectable(metric),
    )


def verdict_word(metric: MetricComparison) -> str:
    """The verdict for people; a broken objective says so, whatever the trend."""
    word = "objective missed" if metric.objective is not None else metric.verdict.value.replace("-", " ")
    return word if metric.accepted is None else f"{word}, accepted"


def _reason(metric: MetricComparison) -> str:
    reason = metric.objective or metric.reason
    return reason if metric.accepted is None else f"{reason}; accepted: {metric.accepted}"
