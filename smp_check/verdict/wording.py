"""Verdicts in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check import units
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smp_check.verdict.evidence_model import Evidence
    from smp_check.verdict.model import MetricComparison, Unit

_FORMATS: dict[Unit, Callable[[float], str]] = {
    "s": units.format_latency,
    "1/s": units.format_rate,
    "fraction": lambda value: units.format_share(value, digits=2),
    "cpu-s": units.format_latency,
    "mcores": lambda value: f"{value:.3g} mcores",
    "MB": lambda value: units.format_size(value * 1e6),
    "bytes": units.format_size,
    "1": lambda value: f"{value:.4g}",
}


def value_text(value: float | None, unit: Unit) -> str:
    """A metric's value for people."""
    return "–" if value is None else _FORMATS[unit](value)


def objective(metric: MetricComparison, value: float, limit: float, side: str) -> str:
    """A broken objective."""
    return (
        f"{metric.metric} is {value_text(value, metric.unit)}, {side} the objective of {value_text(limit, metric.unit)}"
    )


def without_evidence(metric: MetricComparison) -> tuple[Verdict, str]:
    """The verdict on a metric that has nothing to be compared with."""
    if metric.head is None:
        return Verdict.INCONCLUSIVE, "the head did not measure it"
    if metric.base is None:
        return Verdict.NO_BASELINE, "no earlier run measured it"
    if metric.base == 0 and metric.head == 0:
        return Verdict.UNCHANGED, "0 before and after"
    return Verdict.INCONCLUSIVE, "a value of zero, or none that is a number, cannot be compared by ratio"


def changed(metric: MetricComparison) -> str:
    """``52 % slower``, ``5.0 % fewer``... of a metric that has a change."""
    change = metric.change or 0.0
    more = {"s": "slower", "cpu-s": "more"}.get(metric.unit, "more")
    less = {"s": "faster", "cpu-s": "less"}.get(metric.unit, "less")
    return f"{units.format_share(abs(change))} {more if change >= 0 else less}"


def reason(metric: MetricComparison, evidence: Evidence) -> str:
    """Why a metric got its verdict, in one sentence."""
    if metric.metric == "error_rate":
        return _error_reason(metric)
    sure = _interval(metric)
    if metric.verdict is Verdict.REGRESSED:
        return f"{changed(metric)} ({sure}), more than noise explains"
    if metric.verdict is Verdict.IMPROVED:
        return f"{changed(metric)} ({sure}), more than noise explains"
    if metric.verdict is Verdict.UNCHANGED:
        return f"no change as large as {_least(metric)} ({sure})"
    return _inconclusive(metric, evidence)


def _interval(metric: MetricComparison) -> str:
    if metric.interval is None:
        return "no interval"
    low, high = (units.format_share(end, signed=True) for end in metric.interval)
    return f"{low} to {high}"


def _least(metric: MetricComparison) -> str:
    return units.format_share(metric.tolerance or 0.0, digits=0 if (metric.tolerance or 0) * 100 % 1 == 0 else 1)


def _inconclusive(metric: MetricComparison, evidence: Evidence) -> str:
    if metric.inputs is not None and metric.inputs.only_worse:
        return "the head was not measured as asked, so all that could be shown is that it is worse; it was not shown"
    text = f"a change below {units.format_share(metric.detectable or 0.0)} would not show"
    if metric.inputs is not None and metric.inputs.method == "history":
        text += f" after {count(evidence.units, 'baseline run')}"
    if metric.runs_needed:
        text += f"; {metric.runs_needed} would show {_least(metric)}"
    elif metric.rounds_needed:
        unit = "launch" if metric.inputs is not None and metric.inputs.method == "paired" else "round"
        text += f"; {count(metric.rounds_needed, unit)} would show {_least(metric)}"
    return text


def _error_reason(metric: MetricComparison) -> str:
    before, now = value_text(metric.base, metric.unit), value_text(metric.head, metric.unit)
    if metric.verdict is Verdict.UNCHANGED:
        return f"{now} of the requests failed, {before} before: no real difference"
    if metric.verdict is Verdict.INCONCLUSIVE:
        return f"{now} of the requests failed, {before} before: too few requests to tell"
    return f"{now} of the requests failed, {before} before"


def count(number: int, noun: str) -> str:
    """``1 run``, ``2 runs``, ``3 launches``."""
    plural = noun + ("es" if noun.endswith(("ch", "s")) else "s")
    return f"{number} {noun if number == 1 else plural}"


def joined(names: Sequence[str]) -> str:
    """``p50``, ``p50 and p90``, ``p50, p75 and p90``."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
