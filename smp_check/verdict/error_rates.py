"""The error rate as a metric: counts of all requests, noisy rounds and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.verdict.decide import gated
from smp_check.verdict.metrics import metric_named
from smp_check.verdict.model import Inputs, MetricComparison, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.configuration import Gate

METRIC = "error_rate"
Counted = tuple[int, int]
"""(failed, sent)"""


def error_rate(client: str, before: Sequence[Counted], now: Counted, gate: Gate | None) -> MetricComparison:
    """Undecided: the counts of each baseline run, or of the base side, against the head's."""
    known = metric_named(METRIC)
    return MetricComparison(
        client=client,
        metric=METRIC,
        unit=known.unit,
        direction=known.direction,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        gating=gated(gate, METRIC),
        base=_share((sum(failed for failed, _ in before), sum(sent for _, sent in before))),
        head=_share(now),
        inputs=Inputs(method="counts", base_counts=tuple(before), head_counts=now),
    )


def _share(counted: Counted) -> float | None:
    failed, sent = counted
    return failed / sent if sent else None
