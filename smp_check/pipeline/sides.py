"""Base and head measured side by side: launch after launch, until all is decided or the time is over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.errors import Interrupted, SmpCheckError
from smp_check.load.driver import drive
from smp_check.load.events import Noted
from smp_check.load.loads import retarget
from smp_check.load.plan import Plan, interleave, make_plan
from smp_check.pipeline.measure import Measured, details_of, explained, generators_of, honoured
from smp_check.pipeline.numbering import numbered
from smp_check.pipeline.watching import watching
from smp_check.spec.result import build_run_document
from smp_check.spec.run import Remark
from smp_check.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smp_check.capture.port import RoundWatch
    from smp_check.load.plan import Slot
    from smp_check.load.port import Load
    from smp_check.pipeline.bench import Bench, Reference
    from smp_check.pipeline.match import Match
    from smp_check.pipeline.measure import OnEvent
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import GeneratorInfo, Role, Round, RunDocument
    from smp_check.subject.side import Side

Decided = Callable[["RunDocument"], bool]
"""Whether every gated metric is decided by what has been measured so far; each call is a look that costs certainty."""

More = Callable[["RunDocument", int], int]
"""How many pairs of rounds the launches after the first should have, from that one and from what it had."""


def measure_sides(
    configuration: Configuration,
    bench: Bench,
    match: Match,
    decided: Decided,
    on_event: OnEvent,
    *,
    more: More | None = None,
) -> Measured:
    """Measure launch after launch into one run document, which holds what was measured whatever happens.

    Raises what went wrong only if nothing was measured at all.
    """
    series = _Series(configuration, bench, match, on_event)
    failure: SmpCheckError | None = None
    try:
        with bench.reference(match.reference) as reference:
            series.run(decided, reference, more)
    except SmpCheckError as fault:
        failure = fault
    except KeyboardInterrupt:
        failure = Interrupted("interrupted while measuring")
    if not series.rounds and failure is not None:
        raise failure
    return Measured(run=series.document(failure), failure=failure)


class _Series:
    """The launches so far."""

    def __init__(self, configuration: Configuration, bench: Bench, match: Match, on_event: OnEvent) -> None:
        self._configuration = configuration
        self._bench = bench
        self._match = match
        self._place = 0
        self._on_event = on_event
        self._generators = generators_of(configuration, bench)
        self._infos: Mapping[str, GeneratorInfo] = {}
        self._environment: Mapping[str, object] = {}
        self._mesh: Mapping[str, object] = {}
        self._plan: Plan | None = None
        self._remarks: list[Remark] = []
        self._run_id = bench.new_id()
        self._chance = random.SystemRandom()
        self.rounds: list[Round] = []

    def run(self, decided: Decided, reference: Reference | None, more: More | None) -> None:
        """Launch until decided, or until the launches or the time are used up."""
        begin = time.monotonic()
        longest = self._match.load_seconds(self._configuration)
        for launch in range(self._match.launches.max):
            spent = time.monotonic() - begin
            if launch and self._match.max_seconds is not None and spent + longest > self._match.max_seconds:
                self._out_of_time(launch)
                return
            self._launch(launch, reference, decided)
            longest = max(longest, time.monotonic() - begin - spent)
            if self._match.restarts and self._settled(launch + 1, "launches", decided):
                return
            if more is not None and self._match.restarts and not launch and self._match.launches.max > 1:
                longest = self._lengthened(more, longest)

    def _lengthened(self, more: More, longest: float) -> float:
        """Longer launches where the first shows a restless machine; gives the seconds that one will take."""
        before = self._match
        pairs = more(self.document(None), before.pairs)
        if pairs <= before.pairs:
            return longest
        self._match = replace(before, pairs=pairs)
        self._on_event(Noted(message=f"a restless machine: {pairs} pairs of rounds per launch from here on"))
        added = self._match.load_seconds(self._configuration) - before.load_seconds(self._configuration)
        return longest + added

    def _settled(self, count: int, what: str, decided: Decided) -> bool:
        """Look, if it is time to, whether more would change nothing; after the last there is nothing to save."""
        if count not in self._match.looks()[:-1] or not decided(self.document(None)):
            return False
        self._on_event(Noted(message=f"decided after {count} {what}"))
        return True

    def _launch(self, launch: int, reference: Reference | None, decided: Decided) -> None:
        match = self._match
        with match.start(launch) as (base, head):
            plan = self._planned(launch, base, head, reference.url if reference else None)
            if not launch:
                self._infos = honoured(plan, self._generators)
                self._environment = self._bench.environment(head.configuration)
                self._mesh = self._bench.mesh(head.configuration)
                self._plan = plan
            on_event = numbered(self._on_event, launch, match.launches.max, plan)
            try:
                with watching(self._bench, base, head, reference) as watch:
                    self._drive(plan, watch, on_event, decided)
            except SmpCheckError as fault:
                raise explained(explained(fault, base), head) or fault from fault

    def _drive(self, plan: Plan, watch: RoundWatch, on_event: OnEvent, decided: Decided) -> None:
        each = sum(len(loads) for loads in plan.loads.values())
        with closing(drive(plan, self._generators, watch=watch, on_event=on_event)) as rounds:
            for measured in rounds:
                self.rounds.append(measured)  # one by one: an error later loses none of them
                pairs, open_still = divmod(len(self.rounds), each)
                if not self._match.restarts and not open_still and self._settled(pairs, "pairs of rounds", decided):
                    return

    def _planned(self, launch: int, base: Side, head: Side, reference_url: str | None) -> Plan:
        plan = make_plan(self._sized(head.configuration), reference_url=reference_url)
        loads: dict[Role, tuple[Load, ...]] = {
            "head": _aimed(plan, head),
            "base": _aimed(make_plan(self._sized(base.configuration)), base),
        }
        roles: tuple[Role, ...] = ("base", "head")
        if reference_url is not None:
            loads["reference"] = plan.loads["reference"]
            roles = ("base", "head", "reference")
        return replace(plan, loads=loads, schedule=self._schedule(roles, launch, plan.round_seconds))

    def _sized(self, configuration: Configuration) -> Configuration:
        """One launch's load on one side: as many rounds as there are pairs, each as long as asked."""
        check = replace(configuration.check, reference=self._match.reference)
        return replace(configuration, check=check, duration=self._match.pairs * check.round)

    def _schedule(self, roles: tuple[Role, ...], launch: int, seconds: float) -> tuple[Slot, ...]:
        """ABBA blocks, the first letter of each drawn: what comes regularly on this machine hits both alike."""
        slots: list[Slot] = []
        for pair in range(0, self._match.pairs, 2):
            count = min(2, self._match.pairs - pair)
            flip = self._chance.random() < 0.5
            slots += interleave(roles, count, seconds=seconds, start=self._place, launch=launch, flip=flip)
            self._place += count
        return tuple(slots)

    def _out_of_time(self, launches: int) -> None:
        allowed = format_duration(self._match.max_seconds or 0)
        message = f"stopped after {launches} launches: another one would not have fitted into {allowed}"
        short = launches < self._match.launches.min
        self._remarks.append(Remark(code="max-time", severity="warning" if short else "note", message=message))
        self._on_event(Noted(message=message))

    def document(self, failure: SmpCheckError | None) -> RunDocument:
        """All that was measured so far."""
        plan = self._plan
        assert plan is not None, "a document is asked for only when rounds were planned"  # noqa: S101
        slots = {(each.role, each.index, each.launch): each.seconds for each in self.rounds}
        details = details_of(plan, self._infos, self.rounds, self._bench, failure)
        details = replace(
            details,
            remarks=(*details.remarks, *self._remarks),
            base=self._match.base,
            plan={**details.plan, "schedule": [f"{role} {index}" for role, index, _ in slots]} | self._shape(),
        )
        return build_run_document(self._configuration, details, self._environment, mesh=self._mesh, run_id=self._run_id)

    def _shape(self) -> dict[str, object]:
        """What the plan of one launch does not tell."""
        return {
            "side_by_side": True,
            "restarts": self._match.restarts,
            "pairs_per_launch": self._match.pairs,
            "launches": len({each.launch for each in self.rounds}),
            "max_seconds": self._match.max_seconds,
        }


def _aimed(plan: Plan, side: Side) -> tuple[Load, ...]:
    loads = plan.loads["head"]
    return loads if side.url is None else retarget(loads, side.url)
