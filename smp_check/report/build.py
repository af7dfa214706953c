"""Comparison -> view model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.report import surroundings
from smp_check.report.advice import advice
from smp_check.report.charts import percentile_charts
from smp_check.report.escape import LONGEST_NAME, LONGEST_SENTENCE, plain
from smp_check.report.forest import forest
from smp_check.report.overhead import overhead, paired
from smp_check.report.rows import SYMBOLS, needs_attention, ordered, row
from smp_check.report.values import format_moment
from smp_check.report.view import Note, View
from smp_check.verdict.model import Verdict
from smp_check.verdict.wording import joined

if TYPE_CHECKING:
    from smp_check.report.view import Row
    from smp_check.spec.run import Remark
    from smp_check.verdict.model import Comparison, MetricComparison

NOTE_SYMBOLS = {"error": "❌", "warning": "⚠️", "note": "ℹ️"}
FEW = 12
STATES = {
    Verdict.REGRESSED: "regressed",
    Verdict.NOT_COMPARABLE: "not comparable",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NO_BASELINE: "no baseline yet",
    Verdict.UNCHANGED: "no change",
    Verdict.IMPROVED: "improved",
}
NO_MESH = {"", "none", "INVALID_MESH", "INVALID_MESH_TYPE"}


def build_view(comparison: Comparison, *, folded: bool = True) -> View:
    """Everything that a report of this comparison shows."""
    policy = comparison.policy
    metrics = ordered(comparison)
    pairs = [(metric, row(metric, policy)) for metric in metrics]
    notable = tuple(shown for metric, shown in pairs if needs_attention(metric, policy))
    several = len({metric.client for metric in metrics}) > 1
    symbol, tone = _overall(comparison)
    return View(
        title=title(comparison),
        symbol=symbol,
        tone=tone,
        verdict=comparison.verdict.value,
        outcome="failed" if comparison.failed else "passed",
        state="failed" if comparison.failed else STATES[comparison.verdict],
        leniency=_leniency(comparison),
        headline=plain(comparison.headline, LONGEST_SENTENCE),
        failures=tuple(plain(failure, LONGEST_SENTENCE) for failure in comparison.failures),
        causes=_causes(comparison),
        rows=tuple(shown for _, shown in pairs),
        notable=notable,
        table=_first_table(pairs, notable),
        told=_told([shown for shown in notable if shown.reason and not shown.fails], several),
        unresolved=tuple(shown for metric, shown in pairs if metric.detectable is not None),
        several_clients=several,
        notes=tuple(_note(remark) for remark in _by_severity(comparison)),
        advice=advice(comparison),
        certainty=surroundings.certainty(comparison),
        compared=surroundings.compared(comparison),
        conformance=surroundings.conformance(comparison),
        mismatches=tuple(
            (plain(m.field, LONGEST_NAME), plain(m.base, 200), plain(m.head, 200)) for m in comparison.mismatches
        ),
        environment=surroundings.environment(comparison),
        commands=surroundings.commands(comparison),
        policy=surroundings.policy(comparison),
        gates=surroundings.gates(comparison),
        charts=percentile_charts(comparison),
        forest=forest([(m, r.tone, _change(r)) for m, r in pairs]),
        overhead=overhead(comparison),
        base_name="base" if paired(comparison) else "baseline",
        created=format_moment(comparison.created),
        version=comparison.tool_version,
        folded=folded,
    )


def _first_table(pairs: list[tuple[MetricComparison, Row]], notable: tuple[Row, ...]) -> tuple[Row, ...]:
    """With its gating neighbours a regression is easier to understand, as long as they are few."""
    wide = tuple(shown for metric, shown in pairs if metric.gating or shown in notable)
    return wide if len(wide) <= FEW else notable


def title(comparison: Comparison) -> str:
    """The test's name, and the mesh it ran on."""
    name = plain(comparison.name, LONGEST_NAME) or "unnamed test"
    mesh = plain(comparison.mesh, LONGEST_NAME)
    return name if mesh in NO_MESH else f"{name} on {mesh.lower().replace('_', ' ')}"


def _change(shown: Row) -> str:
    return f"{shown.change} ({shown.interval})" if shown.interval else shown.change


def _overall(comparison: Comparison) -> tuple[str, str]:
    """Symbol and tone of the whole: the gate first, then what a reader should know."""
    if comparison.failed:
        return "❌", "bad"
    if comparison.verdict is Verdict.REGRESSED or any(r.severity == "error" for r in comparison.remarks):
        return "⚠️", "warn"
    tones = {Verdict.IMPROVED: "good", Verdict.UNCHANGED: "good"}
    return SYMBOLS[comparison.verdict], tones.get(comparison.verdict, "warn")


def _causes(comparison: Comparison) -> tuple[str, ...]:
    """Nobody wants to read the same sentence three times."""
    noted = {remark.message for remark in comparison.remarks}
    told = (failure for failure in comparison.failures if failure not in noted and failure not in comparison.headline)
    return tuple(plain(failure, LONGEST_SENTENCE) for failure in told)


def _told(rows: list[Row], several: bool) -> tuple[tuple[str, str], ...]:
    """Metrics that share a reason share a line."""
    by_reason: dict[str, list[str]] = {}
    for shown in rows:
        name = f"{shown.client} {shown.metric}" if several else shown.metric
        by_reason.setdefault(shown.reason, []).append(f"`{name}`")
    return tuple((joined(names), reason) for reason, names in by_reason.items())


def _leniency(comparison: Comparison) -> str:
    """A green job must not be taken for a good result."""
    if comparison.failed or comparison.verdict in {Verdict.UNCHANGED, Verdict.IMPROVED}:
        return ""
    return f"This passes: the gate fails on {joined(comparison.policy.fail_on) or 'nothing'}."


def _by_severity(comparison: Comparison) -> list[Remark]:
    return sorted(comparison.remarks, key=lambda remark: list(NOTE_SYMBOLS).index(remark.severity))


def _note(remark: Remark) -> Note:
    return Note(
        severity=remark.severity,
        symbol=NOTE_SYMBOLS[remark.severity],
        code=plain(remark.code, LONGEST_NAME),
        message=plain(remark.message, LONGEST_SENTENCE),
    )
