"""Base against head: measure side by side -> judge. Nothing is stored: the base was there to be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.pipeline.check import Checked
from smp_check.pipeline.judge import recorded_run, summarise
from smp_check.pipeline.sides import measure_sides
from smp_check.spec.conformance import check_value
from smp_check.spec.kinds import Kind
from smp_check.spec.result import document_json
from smp_check.verdict.paired import compare_sides, decided, pairs_wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.pipeline.bench import Bench
    from smp_check.pipeline.match import Match
    from smp_check.pipeline.measure import OnEvent
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import RunDocument
    from smp_check.verdict.acceptance import Acceptance
    from smp_check.verdict.model import Comparison


def ab(
    configuration: Configuration, bench: Bench, match: Match, on_event: OnEvent, *, accept: Sequence[Acceptance] = ()
) -> Checked:
    """Measure base and head side by side until their difference is decided, and judge it."""
    check = configuration.check

    def judged(run: RunDocument) -> Comparison:
        return compare_sides(
            run,
            gates=check.gates,
            fail_on=check.fail_on,
            expect=check.expect,
            planned=len(match.looks()),
            conformance=summarise(check_value(document_json(run), Kind.RUN)),
            created=bench.now(),
            accept=accept,
        )

    measured = measure_sides(
        configuration,
        bench,
        match,
        lambda run: decided(judged(run)),
        on_event,
        more=lambda run, pairs: pairs_wanted(judged(run), pairs, most=2 * match.pairs),
    )
    comparison = judged(measured.run)
    return Checked(run=recorded_run(measured.run, comparison), comparison=comparison, failure=measured.failure)
