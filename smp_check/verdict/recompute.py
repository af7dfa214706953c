"""A comparison document judged anew from the inputs that it holds: the same on every machine, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.spec.codec import from_json, to_json
from smp_check.spec.configuration import Gate
from smp_check.verdict.conclude import Findings, conclude
from smp_check.verdict.decide import decide, gated
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from smp_check.verdict.model import Comparison, MetricComparison


def recompute(comparison: Comparison) -> Comparison:
    """The comparison that follows from the inputs, remarks and policy of this one."""
    gates = {name: from_json(Gate, dict(gate)) for name, gate in comparison.policy.gates.items()}
    undecided = [_undecided(metric, gates.get(metric.metric)) for metric in comparison.metrics]
    metrics = tuple(
        metric if metric.verdict is Verdict.REGRESSED else replace(metric, accepted=None)
        for metric in decide(undecided, gates)
    )
    found = Findings(
        name=comparison.name,
        mesh=comparison.mesh,
        metrics=metrics,
        head=comparison.head,
        base=comparison.base,
        created=comparison.created,
        anchor=comparison.anchor,
        mismatches=comparison.mismatches,
        remarks=comparison.remarks,
        conformance=comparison.conformance,
        gates=gates,
        fail_on=comparison.policy.fail_on,
        expect=comparison.policy.expect,
    )
    return replace(conclude(found), tool_version=comparison.tool_version)


def _undecided(metric: MetricComparison, gate: Gate | None) -> MetricComparison:
    return replace(
        metric,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        gating=gated(gate, metric.metric),
        change=None,
        interval=None,
        confidence=None,
        detectable=None,
        objective=None,
        rounds_needed=None,
        runs_needed=None,
    )


def differences(before: Comparison, after: Comparison) -> tuple[str, ...]:
    """Where two comparisons differ: JSON pointers, the first of each branch."""
    return tuple(_differ("", to_json(before), to_json(after)))


def _differ(pointer: str, a: object, b: object) -> list[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        keys = sorted({*a, *b})
        return [p for key in keys for p in _differ(f"{pointer}/{key}", a.get(key), b.get(key))]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [p for i, (x, y) in enumerate(zip(a, b, strict=True)) for p in _differ(f"{pointer}/{i}", x, y)]
    return [] if a == b else [pointer]
