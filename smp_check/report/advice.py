"""What to do next, for each outcome that leaves something to do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.report.escape import LONGEST_NAME, plain
from smp_check.report.overhead import overhead, paired
from smp_check.report.rows import metric_fails
from smp_check.verdict.model import Verdict
from smp_check.verdict.wording import count, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smp_check.verdict.model import Comparison, MetricComparison

REMEDIES = {
    "saturated": "The service or the load generator could not keep up with the requested rate: lower `rps`, "
    "raise `connections`, or use `smp-check run --find-capacity` to see what it carries.",
    "errors": "Look at the service's log first: latencies of a failing service mean nothing, and are not judged.",
    "no-requests": "Nothing was sent: see that the address is right, and that the service answers there.",
    "noisy": "Something else used this machine. Run again; if it is always so, use a quieter runner.",
    "reference-moved": "The machine itself was not as before, which says nothing of the service: run again.",
    "missing-scenario": "If the scenario was dropped on purpose, take it out of `check.expect`; else out of "
    "`endpoint_urls` went more than was meant to.",
    "missing-metric": "If the metric is gone on purpose, take its gate out of `check.gates`; else see why it could not "
    "be measured.",
    "acceptance-expired": "Give the acceptance a new date and say why, or mend what it covered.",
    "interrupted": "Let it run to its end; what was measured until then is kept.",
}
"""By remark code."""


def advice(comparison: Comparison) -> tuple[str, ...]:
    """Sentences, most useful first, in plain text."""
    found = [*_remedies(comparison), *_by_verdict(comparison), *_undecided(comparison)]
    return tuple(dict.fromkeys(found))


def _remedies(comparison: Comparison) -> Iterator[str]:
    for remark in comparison.remarks:
        if remark.severity != "note" and remark.code in REMEDIES:
            yield REMEDIES[remark.code]


def _by_verdict(comparison: Comparison) -> Iterator[str]:
    if comparison.verdict is Verdict.NO_BASELINE:
        yield (
            "Nothing to compare with yet. In CI the next run on the default branch becomes the baseline; elsewhere "
            "this run does. Verdicts grow sharper with every stored run."
        )
    if comparison.verdict is Verdict.NOT_COMPARABLE:
        yield (
            "Runs that differ in load, generator or kind of machine are not compared. If the difference is meant, "
            "merge it: the next run on the default branch starts a new series."
        )
        if any(m.field.startswith("machine") for m in comparison.mismatches):
            yield (
                "To compare different machines all the same, set `check.baseline.any_machine: true`; "
                "expect wider intervals."
            )
    if any(metric_fails(m, comparison.policy) and m.verdict is Verdict.REGRESSED for m in comparison.metrics):
        yield from _confirm(comparison)


def _confirm(comparison: Comparison) -> Iterator[str]:
    if overhead(comparison) is not None:
        return
    if paired(comparison):
        yield "Both sides were measured in the same job, so the machine is no explanation: look at what changed."
    else:
        yield (
            "To see where it comes from, run the same check locally (`smp-check check`), or base and head side by "
            "side (`smp-check ab`), which resolves smaller changes."
        )
    yield _how_to_accept(comparison)


def _how_to_accept(comparison: Comparison) -> str:
    worse = [m for m in comparison.metrics if metric_fails(m, comparison.policy) and m.verdict is Verdict.REGRESSED]
    metrics = {plain(m.metric, LONGEST_NAME) for m in worse}
    metric = metrics.pop() if len(metrics) == 1 else "..."
    series = plain(comparison.name, LONGEST_NAME)
    entry = f"{{series: {series}, metric: {metric}, reason: ..., expires: ...}}".replace("`", "'")
    return f"If the change is meant, accept it for a while: `{entry}` in the file that `check.accept` names."


def _undecided(comparison: Comparison) -> Iterator[str]:
    if any(remark.severity == "error" for remark in comparison.remarks):
        return  # a better measurement comes first
    undecided = [m for m in comparison.metrics if m.verdict is Verdict.INCONCLUSIVE and m.gating]
    by_rounds = [m for m in undecided if m.rounds_needed]
    if by_rounds:
        yield _more_rounds(comparison, by_rounds)
    by_runs = [m for m in undecided if m.runs_needed and not m.rounds_needed]
    if by_runs:
        needed = max(m.runs_needed or 0 for m in by_runs)
        have = len(comparison.base.runs) if comparison.base else 0
        yield (
            f"{count(needed, 'baseline run')} would decide {_names(by_runs)}; there "
            f"{'is' if have == 1 else 'are'} {have} now. Each run on the default branch adds one."
        )
    if undecided and not by_rounds and not by_runs:
        yield _more_of_all(comparison, undecided)


FEW_RUNS = 8


def _more_of_all(comparison: Comparison, metrics: list[MetricComparison]) -> str:
    have = len(comparison.base.runs) if comparison.base else 0
    if paired(comparison):
        return f"To decide {_names(metrics)}, allow more launches (`--launches`), load longer, or widen the tolerance."
    if have < FEW_RUNS:
        return (
            f"There {'is' if have == 1 else 'are'} only {count(have, 'baseline run')} yet: verdicts on "
            f"{_names(metrics)} grow sharper with each run on the default branch. To decide now, measure base and "
            "head side by side (`smp-check ab`)."
        )
    return (
        f"More rounds alone would not decide {_names(metrics)}: the machine varies too much between runs. "
        "Measure base and head side by side (`smp-check ab`), or widen the tolerance."
    )


def _more_rounds(comparison: Comparison, metrics: list[MetricComparison]) -> str:
    needed = max(m.rounds_needed or 0 for m in metrics)
    have = comparison.head.runs[-1].rounds if comparison.head.runs else 0
    times = f", about {math.ceil(needed / have)} times the present `test.duration`" if have and needed > have else ""
    return f"{count(needed, 'round')} per side would decide {_names(metrics)}{times}."


def _names(metrics: list[MetricComparison]) -> str:
    names = tuple(dict.fromkeys(m.metric for m in metrics))
    return joined(names if len(names) <= 6 else (*names[:5], f"{len(names) - 5} more"))
