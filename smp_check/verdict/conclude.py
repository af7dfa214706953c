"""Decided metrics -> the comparison as a whole: overall verdict, failures, headline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smp_check import __version__
from smp_check.spec.codec import to_json
from smp_check.verdict.model import Comparison, Policy, Verdict
from smp_check.verdict.wording import changed, count, joined, value_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from smp_check.spec.configuration import Gate
    from smp_check.spec.run import Remark
    from smp_check.verdict.model import Anchor, ConformanceSummary, MetricComparison, Mismatch, Side

_ORDER = list(Verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that a comparison found, before it is summed up."""

    name: str
    mesh: str
    metrics: tuple[MetricComparison, ...]
    head: Side
    created: datetime
    base: Side | None = None
    anchor: Anchor | None = None
    mismatches: tuple[Mismatch, ...] = ()
    remarks: tuple[Remark, ...] = ()
    conformance: ConformanceSummary | None = None
    gates: Mapping[str, Gate] = field(default_factory=dict)
    fail_on: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()


def conclude(found: Findings) -> Comparison:
    """Sum up."""
    verdict = overall(found)
    failures = _failures(found, verdict)
    return Comparison(
        name=found.name,
        mesh=found.mesh,
        verdict=verdict,
        headline=_headline(found, verdict),
        failed=bool(failures),
        failures=failures,
        metrics=found.metrics,
        head=found.head,
        base=found.base,
        anchor=found.anchor,
        mismatches=found.mismatches,
        remarks=found.remarks,
        policy=Policy(
            fail_on=found.fail_on,
            gates={name: to_json(gate) for name, gate in found.gates.items()},
            expect=found.expect,
        ),
        conformance=found.conformance,
        tool_version=__version__,
        created=found.created,
    )


def overall(found: Findings) -> Verdict:
    """The worst verdict of the gating metrics that were not accepted; without any, of all of them."""
    counting = [m for m in found.metrics if m.accepted is None]
    judged = [m.verdict for m in counting if m.gating] or [m.verdict for m in counting]
    if Verdict.REGRESSED in judged:
        return Verdict.REGRESSED
    if found.mismatches:
        return Verdict.NOT_COMPARABLE
    if found.base is None:
        return Verdict.NO_BASELINE
    invalid = any(remark.severity == "error" for remark in found.remarks)
    if invalid or not judged:
        judged.append(Verdict.INCONCLUSIVE)
    return min(judged, key=_ORDER.index)


def regressed(found: Findings) -> list[MetricComparison]:
    """The gating metrics that got worse and were not accepted."""
    return [m for m in found.metrics if m.verdict is Verdict.REGRESSED and m.gating and m.accepted is None]


def _failures(found: Findings, verdict: Verdict) -> tuple[str, ...]:
    failures: list[str] = []
    if "regression" in found.fail_on:
        failures += [_regression(m, found) for m in regressed(found)]
    if "measurement" in found.fail_on:
        failures += [remark.message for remark in found.remarks if remark.severity == "error"]
    if "inconclusive" in found.fail_on:
        undecided = [m for m in found.metrics if m.gating and m.verdict is Verdict.INCONCLUSIVE]
        failures += [f"{_named(m, found)} is inconclusive: {m.reason}" for m in undecided]
    if "no-baseline" in found.fail_on and verdict is Verdict.NO_BASELINE:
        failures.append("there is no baseline to compare with")
    if "not-comparable" in found.fail_on and found.mismatches:
        failures.append(f"no earlier run is comparable: {_differing(found)}")
    conformance = found.conformance
    if "non-conformance" in found.fail_on and conformance is not None and not conformance.conformant:
        failures.append(f"the run document does not conform: {count(conformance.errors, 'error')}")
    return tuple(dict.fromkeys(failures))


def _regression(metric: MetricComparison, found: Findings) -> str:
    if metric.objective is not None:
        return metric.objective if not _several(found) else f"{metric.client}: {metric.objective}"
    return f"{_named(metric, found)} regressed: {metric.reason}"


def _several(found: Findings) -> bool:
    return len({metric.client for metric in found.metrics}) > 1


def _named(metric: MetricComparison, found: Findings) -> str:
    return f"{metric.metric} of {metric.client}" if _several(found) else metric.metric


def _differing(found: Findings) -> str:
    first = [f"{m.field} ({m.base} before, {m.head} now)" for m in found.mismatches[:3]]
    more = len(found.mismatches) - len(first)
    if more > 0:
        return f"{joined(first)} and {count(more, 'field')} more differ"
    return f"{joined(first)} {'differs' if len(first) == 1 else 'differ'}"


def _headline(found: Findings, verdict: Verdict) -> str:
    if verdict is Verdict.REGRESSED:
        return _regressed_headline(found)
    invalid = [remark.message for remark in found.remarks if remark.severity == "error"]
    if invalid:
        return f"The measurement cannot be trusted: {invalid[0]}."
    if verdict is Verdict.NOT_COMPARABLE:
        return f"Not comparable with any earlier run: {_differing(found)}."
    if verdict is Verdict.NO_BASELINE:
        return "No baseline yet: there is no earlier run to compare with."
    return _calm_headline(found, verdict)


def _regressed_headline(found: Findings) -> str:
    worse = regressed(found) or [m for m in found.metrics if m.verdict is Verdict.REGRESSED]
    broken = [m for m in worse if m.objective is not None]
    changed_ones = [m for m in worse if m.objective is None]
    parts = []
    if changed_ones:
        names = joined([_named(m, found) for m in changed_ones])
        most = max(changed_ones, key=lambda m: abs(m.change or 0.0) if m.change is not None else 0.0)
        parts.append(f"{names} regressed{_by(most, found, len(changed_ones))}")
    parts += [m.objective or "" for m in broken[:3]]
    return "; ".join(parts) + "."


def _by(metric: MetricComparison, found: Findings, of: int) -> str:
    values = f"{value_text(metric.base, metric.unit)} → {value_text(metric.head, metric.unit)}"
    if metric.change is None:
        return f": {values}"
    who = f"{_named(metric, found)} is " if of > 1 else "it is "
    return f": {who}{changed(metric)}, {values}"


def _calm_headline(found: Findings, verdict: Verdict) -> str:
    gating = [m for m in found.metrics if m.gating] or list(found.metrics)
    accepted = [m for m in found.metrics if m.accepted is not None]
    better = [m for m in gating if m.verdict is Verdict.IMPROVED]
    open_ones = [m for m in gating if m.verdict is Verdict.INCONCLUSIVE]
    parts = [f"{joined([_named(m, found) for m in accepted])} got worse, which was accepted"] if accepted else []
    if better:
        parts.append(f"{joined([_named(m, found) for m in better])} improved")
    if verdict is Verdict.UNCHANGED:
        parts.append("everything else is unchanged" if parts else "No change: all gated metrics are as they were")
    elif verdict is Verdict.INCONCLUSIVE:
        parts.append(_open_sentence(open_ones, found))
    text = "; ".join(parts)
    names = {metric.metric for metric in found.metrics}
    return (text if text.split(" ")[0].strip(",") in names else text[:1].upper() + text[1:]) + "."


def _open_sentence(open_ones: Sequence[MetricComparison], found: Findings) -> str:
    if not open_ones:
        return "nothing could be compared"
    seen = [m for m in open_ones if m.detectable is not None]
    names = joined([_named(m, found) for m in open_ones])
    if not seen:
        return f"no change for the worse was found, and {names} cannot be judged"
    least = min(seen, key=lambda m: m.detectable or 0.0)
    from smp_check.units import format_share

    smallest = format_share(least.detectable or 0.0, digits=0)
    return f"no change for the worse was found, but {names} could hide one (below {smallest} in {_named(least, found)})"
