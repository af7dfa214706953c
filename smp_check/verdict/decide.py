"""Evidence -> verdicts, over all metrics of a comparison at once, since many metrics share one error budget."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.spec.configuration import Gate
from smp_check.verdict import scale, wording
from smp_check.verdict.evidence import counts_evidence, history_evidence
from smp_check.verdict.evidence_model import CONFIDENCE, Evidence
from smp_check.verdict.launches import paired_evidence
from smp_check.verdict.model import Verdict
from smp_check.verdict.multiplicity import levels
from smp_check.verdict.planning import needs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.verdict.model import Inputs, MetricComparison

FAMILY = {"history": 0.004, "paired": 0.03}
"""By method: the error budget of documents that do not hold theirs (``family`` among the parameters)."""
COUNTS_LEVEL = 0.001
"""Of error rates: their tests are exact and strict, and take no part in the correction."""
_NO_GATE = Gate()


def gated(gate: Gate | None, metric: str) -> bool:
    """Whether a change of a metric counts: it has a tolerance, or it is the error rate, and is not only reported."""
    return gate is not None and not gate.report_only and (gate.tolerance is not None or metric == "error_rate")


def decide(
    metrics: Sequence[MetricComparison], gates: Mapping[str, Gate], *, family: float | None = None
) -> tuple[MetricComparison, ...]:
    """Fill in verdict, change, interval, detectable change and reason from each metric's inputs; order is kept.

    The gating metrics share one error budget, ``family``; those that are only reported share another of the same
    size, so that they neither frighten by their number nor cost the gates any power.
    """
    family = _family(metrics) if family is None else family
    found = [evidence_of(metric) for metric in metrics]
    worse, better = _levels(metrics, found, "p_worse", family), _levels(metrics, found, "p_better", family)
    decided = []
    for i, (metric, evidence) in enumerate(zip(metrics, found, strict=True)):
        gate = gates.get(metric.metric, _NO_GATE)
        judged = _judged(metric, evidence, gate, worse.get(i, COUNTS_LEVEL), better.get(i, COUNTS_LEVEL))
        decided.append(_with_objective(judged, gate))
    return tuple(decided)


def _family(metrics: Sequence[MetricComparison]) -> float:
    judged = [m.inputs for m in metrics if m.inputs is not None and m.inputs.method in FAMILY]
    first = next((inputs for inputs in judged if inputs.method == "paired"), judged[0] if judged else None)
    return FAMILY["history"] if first is None else first.parameters.get("family", FAMILY[first.method])


def _levels(
    metrics: Sequence[MetricComparison], found: Sequence[Evidence | None], side: str, family: float
) -> dict[int, float]:
    """The level that each metric's p has to meet, by its place; error rates have one of their own."""
    level: dict[int, float] = {}
    for gating in (True, False):
        p = {
            i: _p(evidence, side)
            for i, (metric, evidence) in enumerate(zip(metrics, found, strict=True))
            if evidence is not None and metric.gating is gating and metric.metric != "error_rate"
        }
        level.update(zip(p, levels(list(p.values()), family), strict=True))
    return level


def _p(evidence: Evidence, side: str) -> float:
    p: float = getattr(evidence, side)
    return p


def evidence_of(metric: MetricComparison) -> Evidence | None:
    """The evidence in a metric's inputs; ``None`` where there is nothing to compare with."""
    inputs = metric.inputs
    if inputs is None or inputs.refused is not None:
        return None
    if inputs.method == "paired":
        return paired_evidence(inputs, metric.metric)
    if inputs.method == "counts":
        return counts_evidence(inputs) if _counted(inputs) else None
    return history_evidence(inputs, metric.metric) if inputs.raw_base and inputs.raw_head else None


def _counted(inputs: Inputs) -> bool:
    return bool(inputs.head_counts and inputs.head_counts[1] and sum(n for _, n in inputs.base_counts))


def _judged(
    metric: MetricComparison, evidence: Evidence | None, gate: Gate, worse: float, better: float
) -> MetricComparison:
    refused = metric.inputs.refused if metric.inputs else None
    if refused is not None:
        return replace(metric, verdict=Verdict.INCONCLUSIVE, reason=refused)
    if evidence is None:
        verdict, reason = wording.without_evidence(metric)
        return replace(metric, verdict=verdict, reason=reason)
    verdict = _verdict(metric, evidence, gate, worse, better)
    absolute = metric.metric == "error_rate"
    limit = max(evidence.limit(worse), evidence.least, 0.0 if absolute else _floor(metric, gate))
    judged = replace(
        metric,
        verdict=verdict,
        change=_shown(metric, evidence.change),
        interval=None if absolute else scale.as_interval(evidence.interval, metric.direction),
        confidence=None if absolute else CONFIDENCE,
        detectable=limit if absolute else scale.as_worsening(limit, metric.direction),
    )
    if verdict is Verdict.INCONCLUSIVE and not absolute:
        rounds, runs = needs(metric.inputs, evidence, _bound(metric, gate), worse)
        judged = replace(judged, rounds_needed=rounds, runs_needed=runs)
    return replace(judged, reason=wording.reason(judged, evidence))


def _shown(metric: MetricComparison, change: float) -> float | None:
    """head / base - 1; an error rate that was 0 has none."""
    if metric.metric != "error_rate":
        return scale.as_share(change, metric.direction)
    return metric.head / metric.base - 1 if metric.base and metric.head is not None else None


def _floor(metric: MetricComparison, gate: Gate) -> float:
    step = metric.inputs.step if metric.inputs else 0.0
    return scale.floor(metric.tolerance or 0.0, gate, step, metric.base, metric.direction)


def _bound(metric: MetricComparison, gate: Gate) -> float:
    step = metric.inputs.step if metric.inputs else 0.0
    return scale.bound(metric.tolerance or 0.0, gate, step, metric.base, metric.direction)


def _verdict(metric: MetricComparison, evidence: Evidence, gate: Gate, worse: float, better: float) -> Verdict:
    only_worse = metric.inputs is not None and metric.inputs.only_worse
    absolute = metric.metric == "error_rate"
    floor = max(evidence.least, (gate.absolute or 0.0) if absolute else _floor(metric, gate))
    if evidence.p_worse <= worse and evidence.change >= floor and evidence.worse_than_all:
        return Verdict.REGRESSED
    if only_worse:
        return Verdict.INCONCLUSIVE
    if evidence.p_better <= better and evidence.change <= -floor and evidence.better_than_all:
        return Verdict.IMPROVED
    bound = max(LEAST_ERRORS, gate.absolute or 0.0) if absolute else _bound(metric, gate)
    return Verdict.UNCHANGED if evidence.upper < bound else Verdict.INCONCLUSIVE


LEAST_ERRORS = 0.005
"""An error rate that is surely not half a percentage point worse is unchanged, where no absolute floor is given."""


def _with_objective(metric: MetricComparison, gate: Gate) -> MetricComparison:
    """An absolute objective that is broken is a regression, whatever the baseline was."""
    broken = objective_broken(metric, gate)
    if broken is None:
        return metric
    gating = not gate.report_only
    return replace(metric, verdict=Verdict.REGRESSED, reason=broken, objective=broken, gating=gating)


def objective_broken(metric: MetricComparison, gate: Gate) -> str | None:
    """The objective that the head's value breaks, in words."""
    value = metric.head
    if value is None or not math.isfinite(value):
        return None
    if gate.max is not None and value > gate.max:
        return wording.objective(metric, value, gate.max, "above")
    if gate.min is not None and value < gate.min:
        return wording.objective(metric, value, gate.min, "below")
    return None
