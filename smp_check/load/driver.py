"""Plan -> rounds: opens the sessions, warms up, and measures slot after slot; the only place that knows roles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.load.events import Event, RoundEnded, RoundStarted, Started, Ticked, WarmingUp, Warned
from smp_check.load.quality import Patience, noisy, unreachable
from smp_check.spec.run import Round

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Generator as Yielding

    from smp_check.capture.port import Observation, RoundWatch
    from smp_check.load.plan import Plan, Slot
    from smp_check.load.port import Generator, Load, OnTick, Sample, Session
    from smp_check.spec.run import Role

    OnEvent = Callable[[Event], None]

__all__ = ["Event", "drive"]

FIRST_LOOK = 0.5
"""Seconds of warm-up after which a target that does not answer at all ends the run."""


def drive(
    plan: Plan, generators: Mapping[str, Generator], *, watch: RoundWatch, on_event: OnEvent
) -> Yielding[Round, None, None]:
    """Measure all slots of the plan in order; yields each round of each client as soon as it is over.

    Raises ``MeasurementError`` when a target cannot be reached, when most requests fail, or when a generator fails;
    what was measured until then has been yielded. Everything is closed when the iterator is closed or fails.
    """
    with _Stage(plan, generators, on_event) as stage:
        on_event(Started(rounds=len(plan.schedule), seconds=plan.seconds, notes=plan.notes))
        for role in dict.fromkeys(slot.role for slot in plan.schedule):
            stage.warm_up(role)
        patience = Patience()
        for number, slot in enumerate(plan.schedule, start=1):
            of = len(plan.schedule)
            on_event(RoundStarted(role=slot.role, number=number, of=of, seconds=slot.seconds))
            watch.begin(slot.role)
            samples = stage.measure(slot.role, slot.seconds)
            seen = watch.end()
            loads = plan.loads[slot.role]
            cost = seen.cpu_per_request(sum(sample.counts.ok for sample in samples))
            measured = (_round(slot, load, sample, seen) for load, sample in zip(loads, samples, strict=True))
            rounds = tuple(replace(each, cpu_per_request=cost) for each in measured)
            stage.warn(seen.warnings)
            on_event(RoundEnded(number=number, of=of, rounds=rounds))
            yield from rounds
            for load, sample in zip(loads, samples, strict=True):
                failure = patience.judge(slot.role, load, sample)
                if failure is not None:
                    raise failure


def _round(slot: Slot, load: Load, sample: Sample, seen: Observation) -> Round:
    noise = replace(seen.noise, schedule_lag=sample.schedule_lag)
    return Round(
        role=slot.role,
        client=load.client,
        index=slot.index,
        launch=slot.launch,
        start=sample.start,
        end=sample.end,
        requested_rps=load.rate,
        achieved_rps=sample.achieved_rps,
        connections=sample.connections,
        counts=sample.counts,
        latency=sample.latency,
        service_time=sample.service_time,
        first_byte=sample.first_byte,
        noise=noise,
        noisy=(*sample.noisy, *noisy(sample, load, noise)),
        workers=sample.workers,
        resources=seen.resources,
    )


class _Stage:
    """The open sessions of all roles; leaving the context stops whatever runs, promptly."""

    def __init__(self, plan: Plan, generators: Mapping[str, Generator], on_event: OnEvent) -> None:
        self._plan = plan
        self._generators = generators
        self._on_event = on_event
        self._sessions: dict[Role, list[Session]] = {}
        self._warned: set[str] = set()
        self._stack = ExitStack()

    def __enter__(self) -> _Stage:
        try:
            clients = max(len(loads) for loads in self._plan.loads.values())
            self._pool = self._stack.enter_context(ThreadPoolExecutor(clients)) if clients > 1 else None
            for role in dict.fromkeys(slot.role for slot in self._plan.schedule):
                self._sessions[role] = [
                    self._stack.enter_context(self._generators[load.client].session(load))
                    for load in self._plan.loads[role]
                ]
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()  # sessions first: that ends the threads which wait for them

    def warm_up(self, role: Role) -> None:
        """Load a role without counting. Raises ``MeasurementError`` if nothing answers there."""
        seconds = self._plan.warmup
        if seconds <= 0:
            return
        self._on_event(WarmingUp(role=role, seconds=seconds))
        first = min(seconds, FIRST_LOOK)
        failure = unreachable(role, self._plan.loads[role], self.measure(role, first))
        if failure is not None:
            raise failure
        if seconds > first:
            self.measure(role, seconds - first)

    def measure(self, role: Role, seconds: float) -> Sequence[Sample]:
        """One round of all clients of a role at once, in the order of the plan."""
        sessions = self._sessions[role]
        ticks = [self._tick_for(role, load) for load in self._plan.loads[role]]
        if self._pool is None:
            samples = [sessions[0].measure(seconds, ticks[0])]
        else:
            pool = self._pool
            futures = [pool.submit(each.measure, seconds, tick) for each, tick in zip(sessions, ticks, strict=True)]
            samples = [future.result() for future in futures]
        for load, sample in zip(self._plan.loads[role], samples, strict=True):
            self.warn(tuple(f"{load.client}: {warning}" for warning in sample.warnings))
        return samples

    def _tick_for(self, role: Role, load: Load) -> OnTick:
        return lambda tick: self._on_event(Ticked(role=role, client=load.client, tick=tick))

    def warn(self, messages: Sequence[str]) -> None:
        """Say each thing once."""
        for message in messages:
            if message not in self._warned:
                self._warned.add(message)
                self._on_event(Warned(message=message))
