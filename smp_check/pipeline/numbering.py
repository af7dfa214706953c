"""The events of several launches as those of one measurement, for progress bars and logs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.load.events import Noted, RoundEnded, RoundStarted, Started

if TYPE_CHECKING:
    from smp_check.load.events import Event
    from smp_check.load.plan import Plan
    from smp_check.pipeline.measure import OnEvent


def numbered(on_event: OnEvent, launch: int, launches: int, plan: Plan) -> OnEvent:
    """Hands events on with round numbers that run through all launches; the start is told once."""
    each = len(plan.schedule)

    def hand_on(event: Event) -> None:
        if isinstance(event, Started):
            if not launch:
                on_event(replace(event, rounds=each * launches, seconds=event.seconds * launches))
            if launches > 1:
                on_event(Noted(message=f"launch {launch + 1} of at most {launches}"))
        elif isinstance(event, (RoundStarted, RoundEnded)):
            on_event(replace(event, number=event.number + launch * each, of=each * launches))
        else:
            on_event(event)

    return hand_on
