"""What the history suspects is measured again in the same job: only what shows both times is a regression.

The second measurement decides, since the first was looked at because it was bad. What it does not confirm is
cleared, and said. The rounds of both are in one run document; ``plan.confirmation`` is the place in the schedule
from which on they belong to the second.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.spec.run import Remark
from smp_check.units import format_share
from smp_check.verdict.decide import decide
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.configuration import Gate
    from smp_check.spec.run import RunDocument
    from smp_check.verdict.model import Comparison, MetricComparison

PLACE = "confirmation"


def split(run: RunDocument) -> tuple[RunDocument, RunDocument | None]:
    """The first measurement, and the second if there is one."""
    place = run.details.plan.get(PLACE)
    if not isinstance(place, int):
        return run, None
    first = tuple(r for r in run.details.rounds if r.index < place)
    again = tuple(r for r in run.details.rounds if r.index >= place)
    if not first or not again:
        return run, None
    return (
        replace(run, details=replace(run.details, rounds=first)),
        replace(run, details=replace(run.details, rounds=again)),
    )


def suspects(comparison: Comparison) -> tuple[MetricComparison, ...]:
    """The gating metrics that a comparison with the history calls worse; a broken objective needs no confirmation."""
    return tuple(m for m in comparison.metrics if _suspect(m) and m.accepted is None)


def _suspect(metric: MetricComparison) -> bool:
    return metric.gating and metric.verdict is Verdict.REGRESSED and metric.objective is None


def chosen(
    first: Sequence[MetricComparison], again: Sequence[MetricComparison], gates: Mapping[str, Gate]
) -> tuple[MetricComparison, ...]:
    """Of each metric the measurement that decides: the second of what the first made suspicious, else the first."""
    second = {(m.client, m.metric): m for m in again}
    made = []
    for metric, judged in zip(first, decide(first, gates), strict=True):
        other = second.get((metric.client, metric.metric))
        made.append(_again(other, judged) if other is not None and _suspect(judged) else metric)
    return tuple(made)


def _again(metric: MetricComparison, first: MetricComparison) -> MetricComparison:
    """The second measurement, with the change that the first showed."""
    if metric.inputs is None:
        return metric
    parameters = {**metric.inputs.parameters, "first_change": first.change or 0.0}
    return replace(metric, inputs=replace(metric.inputs, parameters=parameters))


def cleared(metrics: Sequence[MetricComparison]) -> tuple[Remark, ...]:
    """A remark for each alarm that the second measurement did not confirm."""
    return tuple(_remark(m) for m in metrics if "first_change" in _parameters(m) and m.verdict is not Verdict.REGRESSED)


def _parameters(metric: MetricComparison) -> Mapping[str, float]:
    return metric.inputs.parameters if metric.inputs is not None else {}


def _remark(metric: MetricComparison) -> Remark:
    before = format_share(_parameters(metric)["first_change"], signed=True)
    now = format_share(metric.change or 0.0, signed=True)
    message = f"{metric.metric} of {metric.client} looked worse ({before}); measured again it was {now}: no regression"
    return Remark(code="cleared", severity="note", message=message)
