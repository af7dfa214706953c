"""Watch the machine and the system under test during each round, from one thread of low cost."""

from __future__ import annotations

import contextlib
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from smp_check.capture.noise import NoiseMeter
from smp_check.capture.port import WORKLOAD, Observation
from smp_check.capture.processes import ProcessSampler, by_pid
from smp_check.capture.sampler import LostError, together
from smp_check.capture.samplers import samplers_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from smp_check.capture.sampler import Sampler
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import Role, Usage

INTERVAL = 0.2
"""Seconds between two looks: 5 Hz."""
REFERENCE = "reference"
"""The role whose rounds are the reference's own."""


@contextmanager
def watch(configuration: Configuration, reference: int | None = None) -> Iterator[Watcher]:
    """A watcher whose thread lives as long as the context.

    ``reference`` is the process of the reference; it is watched in its own rounds where the workload is in the others.
    """
    components = {name: Component(name, each) for name, each in samplers_for(configuration).items()}
    beside = None
    if reference is not None and WORKLOAD in components:
        beside = Component(REFERENCE, [ProcessSampler(by_pid(reference))])
    watcher = Watcher(components, beside)
    try:
        yield watcher
    finally:
        watcher.close()


class Component:
    """One component of the system under test, seen through its samplers; lost with any of them until the next round."""

    def __init__(self, name: str, samplers: Sequence[Sampler]) -> None:
        self._name = name
        self._samplers = samplers
        self._lost = False
        self._given_up = False
        self.warnings: list[str] = []

    def begin(self) -> None:
        """A round starts."""
        self.warnings = []
        self._lost = self._given_up
        for sampler in self._samplers:
            self._try(sampler.begin)

    def look(self) -> None:
        """Look once."""
        for sampler in self._samplers:
            self._try(sampler.look)

    def end(self, seconds: float) -> Usage | None:
        """What was used in the round, or ``None`` when it could not be seen to its end."""
        usages: list[Usage] = []
        for sampler in self._samplers:
            self._try(lambda each=sampler: usages.append(each.end(seconds)))  # type: ignore[misc]
        return None if self._lost else together(usages)

    def close(self) -> None:
        """Close all samplers."""
        for sampler in self._samplers:
            sampler.close()

    def _try(self, action: Callable[[], object]) -> None:
        if self._lost:
            return
        try:
            action()
        except LostError as fault:
            self._lose(str(fault), final=fault.final)
        except Exception as fault:
            self._lose(f"{type(fault).__name__}: {fault}", final=False)

    def _lose(self, reason: str, *, final: bool) -> None:
        self._lost = True
        self._given_up = final
        rest = "it is not asked again" if final else "rounds without it have no such metric"
        self.warnings.append(f"the use of resources by the {self._name} cannot be seen: {reason}; {rest}")


class Watcher:
    """A ``RoundWatch``: looks around at 5 Hz between ``begin`` and ``end``, and sleeps otherwise."""

    def __init__(self, components: Mapping[str, Component], reference: Component | None = None) -> None:
        self._components = components
        self._reference = {} if reference is None else {REFERENCE: reference}
        self._seen: Mapping[str, Component] = {}
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._closed = threading.Event()
        self._meter: NoiseMeter | None = None
        self._began = 0.0
        self._thread = threading.Thread(target=self._run, name="smp-check watch", daemon=True)
        self._thread.start()

    def begin(self, role: Role) -> None:
        """A round of this role starts now: of the system under test, or of the reference, which is no part of it."""
        with self._lock:
            self._seen = self._reference if role == REFERENCE else self._components
            for component in self._seen.values():
                component.begin()
            self._meter = NoiseMeter()
            self._began = time.monotonic()
        self._awake.set()

    def end(self) -> Observation:
        """The round is over. Never raises: what could not be seen is absent, with a warning."""
        self._awake.clear()
        with self._lock:
            meter, self._meter = self._meter, None
            if meter is None:
                return Observation()
            noise = meter.read()
            seconds = time.monotonic() - self._began
            ends = {name: each.end(seconds) for name, each in self._seen.items()}
            warnings = tuple(text for each in self._seen.values() for text in each.warnings)
        reference = ends.pop(REFERENCE, None)
        used = {name: usage for name, usage in ends.items() if usage is not None}
        return Observation(noise=noise, resources=used, reference=reference, warnings=warnings)

    def close(self) -> None:
        """Stop the thread, close what is open."""
        self._closed.set()
        self._awake.set()
        self._thread.join(5)
        for component in (*self._components.values(), *self._reference.values()):
            with contextlib.suppress(Exception):
                component.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._awake.wait()
            with self._lock:
                if self._meter is not None:
                    self._meter.look()
                    for component in self._seen.values():
                        component.look()
            self._closed.wait(INTERVAL)
