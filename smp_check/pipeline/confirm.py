"""What the history suspects is measured again in the same job, within a time budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.errors import Interrupted, SmpCheckError
from smp_check.load.events import Noted, Warned
from smp_check.load.plan import REFERENCE_SHARE
from smp_check.pipeline.measure import Measured, measure
from smp_check.spec.costs import without_costs
from smp_check.spec.result import build_run_document, loaded_role
from smp_check.units import format_duration
from smp_check.verdict.confirmation import PLACE, suspects
from smp_check.verdict.wording import joined

if TYPE_CHECKING:
    from smp_check.pipeline.bench import Bench
    from smp_check.pipeline.measure import OnEvent
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import RunDocument
    from smp_check.verdict.model import Comparison

FEWEST_ROUNDS = 3


def seconds_again(configuration: Configuration) -> float:
    """Seconds of load on the head that a second measurement may have; 0 when the budget is too small for any."""
    check = configuration.check
    roles = 1 if check.reference is None else 2
    share = 1 if check.reference is None else 1 + REFERENCE_SHARE
    fits = (check.confirm - roles * check.warmup) / share
    return min(configuration.duration, fits) if fits >= FEWEST_ROUNDS * check.round else 0.0


def measure_again(
    measured: Measured, comparison: Comparison, configuration: Configuration, bench: Bench, on_event: OnEvent
) -> Measured:
    """The measurement with a second one added, if something is suspected and the budget allows to look again."""
    suspected = suspects(comparison)
    seconds = seconds_again(configuration)
    if not suspected or measured.failure is not None or not seconds:
        return measured
    names = joined([metric.metric for metric in suspected])
    on_event(Noted(message=f"{names} looks worse: measuring again for {format_duration(round(seconds, 1))} to be sure"))
    try:
        again = measure(replace(configuration, duration=seconds), bench, on_event)
    except SmpCheckError as fault:
        on_event(Warned(message=f"could not be measured again: {fault.message}"))
        return measured
    if isinstance(again.failure, Interrupted):
        return Measured(run=measured.run, failure=again.failure)
    if again.failure is not None:
        on_event(Warned(message=f"could not be measured again: {again.failure.message}"))
        return measured
    return replace(measured, run=_together(measured.run, again.run, configuration))


def _together(first: RunDocument, again: RunDocument, configuration: Configuration) -> RunDocument:
    """One run document with the rounds of both; the second's come later in the schedule."""
    place = max((r.index for r in first.details.rounds), default=-1) + 1
    later = tuple(replace(r, index=r.index + place) for r in again.details.rounds)
    details = replace(
        first.details,
        rounds=(*first.details.rounds, *later),
        plan={**first.details.plan, PLACE: place},
        remarks=tuple(dict.fromkeys((*first.details.remarks, *again.details.remarks))),
    )
    mine = [r for r in first.details.rounds if r.role == loaded_role(first.details.rounds)]
    environment = without_costs(first.environment, configuration, mine)
    return build_run_document(configuration, details, environment, mesh=first.mesh, run_id=first.id)
