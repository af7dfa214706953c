"""The embedded generator behind the port: one process per session (or several, merged), always there."""

from __future__ import annotations

import platform
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smp_check import __version__
from smp_check.errors import InputError, SmpCheckError
from smp_check.load.embedded.child import Child
from smp_check.load.embedded.settings import settings_of
from smp_check.load.port import Tick
from smp_check.spec.run import GeneratorInfo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from smp_check.load.port import Load, OnTick, Sample

HEAD_START = 0.02
"""Seconds between telling the workers to begin and their common beginning."""


class EmbeddedGenerator:
    """Our own generator: open loop, HdrHistograms, no program to install."""

    name = "embedded"

    def probe(self) -> GeneratorInfo:
        """Always there; the version says which event loop and which timer it works with."""
        from smp_check.load.embedded.timer import PRECISE

        return GeneratorInfo(
            name=self.name,
            version=f"{__version__} ({_loop_name()}, {'timerfd' if PRECISE else 'loop timer'})",
            open_loop=True,
            percentile_method="hdr",
            resolution=1e-6 if PRECISE else 1e-3,
        )

    def objection(self, load: Load) -> str | None:
        """What is wrong with the load's options, URLs or certificates, or ``None``."""
        from smp_check.load.embedded.dialer import tls_context
        from smp_check.load.embedded.request import checked_headers, targets_of

        try:
            settings = settings_of(load)
            targets = targets_of(load, settings)
            checked_headers(load.headers)
            if any(target.origin.secure for target in targets):
                tls_context(settings, load.ca_file, ())
        except InputError as fault:
            return f"{fault.message} ({fault.hint})" if fault.hint else fault.message
        origins = len({target.origin for target in targets})
        if load.connections < origins * load.workers:
            return (
                f"{load.connections} connections cannot be shared by {origins} hosts"
                f"{f' and {load.workers} workers' if load.workers > 1 else ''}"
            )
        return None

    def command(self, load: Load, seconds: float) -> tuple[str, ...]:  # noqa: ARG002 - the port's signature
        """None: nothing is started by a command line."""
        return ()

    def session(self, load: Load) -> EmbeddedSession:
        """Open connections to the load's targets."""
        return EmbeddedSession(load)


def _loop_name() -> str:
    from importlib import metadata

    try:
        return f"uvloop {metadata.version('uvloop')}"
    except metadata.PackageNotFoundError:
        return f"asyncio {platform.python_version()}"


class EmbeddedSession:
    """One or several worker processes, each with its share of connections and rate."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._workers: list[Child] = []
        self._stack = ExitStack()

    def __enter__(self) -> EmbeddedSession:
        try:
            for place, share in enumerate(shares(self._load)):
                worker = Child("smp_check.load.embedded.worker")
                self._stack.callback(worker.close)
                self._workers.append(worker)
                worker.send(("open", share, place))
            for worker in self._workers:
                worker.receive()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def processes(self) -> tuple[int, ...]:
        """The workers' process ids."""
        return tuple(worker.pid for worker in self._workers)

    def measure(self, seconds: float, on_tick: OnTick) -> Sample:
        """Drive one round with all workers at once and merge what they counted."""
        from smp_check.load.embedded.tally import merged, to_sample

        start = time.perf_counter() + HEAD_START
        for place, worker in enumerate(self._workers):
            phase = place / self._load.rate if self._load.rate else 0.0
            worker.send(("measure", start, seconds, phase))
        collector = _Collector(len(self._workers), on_tick)
        self._collect(collector)
        return to_sample(merged(collector.results()), len(self._workers))

    def _collect(self, collector: _Collector) -> None:
        """Read every worker to its end; all but the first on threads, which do nothing but wait."""
        others = [
            threading.Thread(target=collector.read, args=(place, worker), daemon=True)
            for place, worker in enumerate(self._workers[1:], start=1)
        ]
        for thread in others:
            thread.start()
        collector.read(0, self._workers[0])
        for thread in others:
            thread.join()


class _Collector:
    """Messages of all workers of one round."""

    def __init__(self, workers: int, on_tick: OnTick) -> None:
        self._on_tick = on_tick
        self._ticks: list[tuple[float, int, int, int]] = [(0.0, 0, 0, 0)] * workers
        self._results: list[Any] = [None] * workers

    def read(self, place: int, worker: Child) -> None:
        try:
            while (message := worker.receive())[0] == "tick":
                self._ticks[place] = message[1:]
                if place == 0:
                    self._tick()
            self._results[place] = message[1]
        except (SmpCheckError, RuntimeError) as fault:
            self._results[place] = fault

    def _tick(self) -> None:
        elapsed = self._ticks[0][0]
        _, sent, ok, failed = zip(*self._ticks, strict=True)
        self._on_tick(Tick(elapsed=elapsed, sent=sum(sent), ok=sum(ok), failed=sum(failed)))

    def results(self) -> list[Any]:
        for result in self._results:
            if isinstance(result, Exception):
                raise result
        return self._results


def shares(load: Load) -> Sequence[Load]:
    """The load divided among its workers: connections as evenly as they go, the rate exactly."""
    count = load.workers
    rate = None if load.rate is None else load.rate / count
    each, more = divmod(load.connections, count)
    return [replace(load, workers=1, rate=rate, connections=each + (place < more)) for place in range(count)]
