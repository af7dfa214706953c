"""What was compared with what, on which machine, by which rules, and how sure the answer is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smp_check.report.escape import LONGEST_SENTENCE, plain
from smp_check.report.overhead import paired
from smp_check.report.values import format_detectable, format_moment, format_value, short_commit
from smp_check.report.view import ConformanceView
from smp_check.units import format_share
from smp_check.verdict.metrics import metric_named
from smp_check.verdict.wording import count, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from smp_check.verdict.model import Comparison, MetricComparison, Side, Unit


def compared(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Label and value of what stood on either side."""
    head, base = comparison.head, comparison.base
    found = [("head", _side(head))]
    if base is not None and base.runs:
        if paired(comparison):
            found = [("base", _measured(base)), ("head", _measured(head)), ("how", _together(comparison))]
        else:
            found.append(("baseline", _side(base) + _distance(comparison)))
    found.append(("load", "; ".join(_generators(head))))
    machine = _machine(head.machine)
    if machine:
        found.append(("machine", machine))
    return tuple((label, value) for label, value in found if value)


def _measured(side: Side) -> str:
    """One side of a measurement side by side."""
    at = f" at {joined([f'`{plain(target, 200)}`' for target in side.targets[:3]])}" if side.targets else ""
    branch = f" on {plain(side.provenance.branch, 80)}" if side.provenance.branch else ""
    dirty = ", with uncommitted changes" if side.provenance.dirty else ""
    return f"{short_commit(side.provenance.commit)}{branch}{dirty}{at}"


def _together(comparison: Comparison) -> str:
    rounds = comparison.head.runs[-1].rounds if comparison.head.runs else 0
    launches = max((len(m.inputs.differences) for m in comparison.metrics if m.inputs is not None), default=0)
    fresh = f" in {count(launches, 'launch')}" if launches > 1 else ""
    when = f", {format_moment(comparison.head.runs[-1].start)}" if comparison.head.runs else ""
    return f"side by side in the same job, taking turns, {count(rounds, 'round')} each{fresh}{when}"


def _side(side: Side) -> str:
    if not side.runs:
        return "no run"
    newest = side.runs[-1]
    what = short_commit(newest.commit or side.provenance.commit)
    branch = f" on {plain(side.provenance.branch, 80)}" if side.provenance.branch else ""
    dirty = ", with uncommitted changes" if side.provenance.dirty else ""
    if len(side.runs) == 1:
        return f"{what}{branch}{dirty}, {count(newest.rounds, 'round')}, {format_moment(newest.start)}"
    rounds = sum(run.rounds for run in side.runs)
    return (
        f"{count(len(side.runs), 'run')} ({count(rounds, 'round')}), the newest of {what}{branch}{dirty}, "
        f"{format_moment(newest.start)}"
    )


def _distance(comparison: Comparison) -> str:
    anchor = comparison.anchor
    if anchor is None or anchor.wanted is None:
        return ""
    if anchor.distance == 0 or anchor.used == anchor.wanted:
        return ", which is the commit that this change starts from"
    wanted = short_commit(anchor.wanted)
    if anchor.used is None or anchor.distance is None:
        return f"; {wanted}, the commit that this change starts from, has no comparable run"
    return f"; {count(anchor.distance, 'commit')} before {wanted}, the commit that this change starts from"


def _generators(side: Side) -> Iterator[str]:
    by_text: dict[str, list[str]] = {}
    for client, generator in side.generators.items():
        loop = "open loop" if generator.open_loop else "closed loop"
        what = f"{plain(generator.name, 40)} {plain(generator.version, 60)}"
        text = f"{what} ({loop}, percentiles by {plain(generator.percentile_method, 40)})"
        by_text.setdefault(text, []).append(plain(client, 80))
    for text, clients in by_text.items():
        yield text if len(by_text) == 1 else f"{text} for {joined(clients[:6])}"


def _machine(machine: Mapping[str, str]) -> str:
    parts = (f"{plain(field, 40)} {plain(value, 120)}" for field, value in machine.items())
    return plain(", ".join(parts), LONGEST_SENTENCE)


def certainty(comparison: Comparison) -> tuple[str, ...]:
    """The noise statement: the smallest change that this comparison could have seen."""
    sentences = []
    seen = [m for m in comparison.metrics if m.detectable is not None]
    if seen:
        gating = [m for m in seen if m.gating] or seen
        sizes = joined([f"{_label(m, comparison)} {format_detectable(m)}" for m in gating[:8]])
        rest = f" ({len(gating) - 8} more metrics in the details)" if len(gating) > 8 else ""
        sentences.append(
            f"The smallest worsening that this comparison could have called: {sizes}{rest}. Less may be there "
            "and would not show."
        )
    levels = sorted({m.confidence for m in comparison.metrics if m.confidence is not None and m.interval})
    if levels:
        words = joined([format_share(level, digits=_digits(level)) for level in levels])
        sentences.append(f"Intervals hold the true change with {words} confidence.")
    if any(m.inputs is not None and m.inputs.referenced and m.change is not None for m in comparison.metrics):
        sentences.append(
            "Changes are relative to a reference workload measured in the same job, so that a slow machine is not "
            "taken for a slow change."
        )
    return tuple(sentences)


def _digits(level: float) -> int:
    return 0 if abs(level * 100 - round(level * 100)) < 1e-6 else 1


def _label(metric: MetricComparison, comparison: Comparison) -> str:
    several = len({m.client for m in comparison.metrics}) > 1
    return plain(f"{metric.client} {metric.metric}" if several else metric.metric, 80)


def conformance(comparison: Comparison) -> ConformanceView | None:
    """The result of validating the head's run document, in a sentence."""
    summary = comparison.conformance
    if summary is None:
        return None
    counts = [count(n, noun) for n, noun in ((summary.errors, "error"), (summary.warnings, "warning")) if n]
    state = "conforms to SMP" if summary.conformant else "does not conform to SMP"
    findings = [{k: plain(str(f.get(k, "")), LONGEST_SENTENCE) for k in _FINDING} for f in summary.findings]
    return ConformanceView(
        conformant=summary.conformant,
        symbol="✅" if summary.conformant else "❌",
        sentence=f"The run document {state}{': ' if counts else ''}{joined(counts)}.",
        findings=tuple(findings),
    )


_FINDING = ("id", "severity", "pointer", "message", "fix")


def environment(comparison: Comparison) -> tuple[tuple[str, str, str], ...]:
    """Machine fields of both sides."""
    head, base = comparison.head.machine, comparison.base.machine if comparison.base else {}
    names = dict.fromkeys([*head, *base])
    return tuple((plain(n, 80), plain(base.get(n, "–"), 200), plain(head.get(n, "–"), 200)) for n in names)


def commands(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """By client, the command line of its load generator."""
    generators = comparison.head.generators.items()
    return tuple((plain(c, 80), _command(g.command)) for c, g in generators if g.command)


def _command(words: Sequence[str]) -> str:
    import shlex

    return plain(shlex.join(plain(word, 300) for word in words[:60]), 1_000)


def policy(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """What fails the gate, and what must appear."""
    rules = [("fails on", joined(comparison.policy.fail_on) or "nothing")]
    if comparison.policy.expect:
        rules.append(("expected", plain(joined([plain(e, 80) for e in comparison.policy.expect]), LONGEST_SENTENCE)))
    return tuple(rules)


def gates(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """By metric, what is asked of it."""
    asked = comparison.policy.gates.items()
    return tuple((plain(name, 80), _gate(gate, metric_named(name).unit)) for name, gate in asked)


def _gate(gate: Mapping[str, Any], unit: Unit) -> str:
    words = []
    for name, lead in _ASKED.items():
        value = gate.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            text = format_share(max(value, 0.0) or 0.0, digits=0) if name == "tolerance" else format_value(value, unit)
            words.append(f"{lead} {text}")
    if gate.get("report_only"):
        words.append("reported only")
    return ", ".join(words) or "reported as it is"


_ASKED = {
    "tolerance": "a worsening of",
    "absolute": "of at least",
    "max": "never above",
    "min": "never below",
}
