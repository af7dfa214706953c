"""The generator ``fortio-server``: one round is one run on every worker, begun at an agreed time."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from smp_check.errors import InputError, MeasurementError
from smp_check.load.adapters.fields import SourceError
from smp_check.load.adapters.fortio_result import METHOD, read_fortio
from smp_check.load.adapters.refusal import refusal
from smp_check.load.adapters.secrets import redacted
from smp_check.load.capabilities import CAPABILITIES
from smp_check.load.fortio_server.arguments import (
    DEFAULT_WORKER,
    RESOLUTION,
    Settings,
    Share,
    is_loopback,
    rest_arguments,
    settings_of,
    shares_of,
)
from smp_check.load.fortio_server.outcome import Part, outcome, with_rate
from smp_check.load.fortio_server.rest import Worker, WorkerFaultError
from smp_check.load.port import Load, OnTick, Sample, Session, Tick
from smp_check.spec.run import GeneratorInfo

AHEAD = 0.1
"""Seconds between the agreement on a start and the start: threads and connections are ready by then."""
GRACE = 10.0
LOOK = 0.25
MISSES = 3
"""A worker that has not answered so many times in a row is lost."""


class FortioServerGenerator:
    """Drives Fortio servers; the machines are named by the load's options."""

    @property
    def name(self) -> str:
        """As ``load_generator`` spells it."""
        return "fortio-server"

    def probe(self) -> GeneratorInfo:
        """The server on this machine's usual port. Raises ``MeasurementError`` with a hint if there is none."""
        return _info([Worker(DEFAULT_WORKER)])

    def probe_for(self, load: Load) -> GeneratorInfo:
        """The versions of the load's workers. Raises ``MeasurementError`` naming one that is not there."""
        return _info([Worker(url) for url in _settings(load).workers])

    def objection(self, load: Load) -> str | None:
        """Why these workers cannot drive this load."""
        try:
            settings = settings_of(load.options)
            load.body.decode("utf-8")
        except UnicodeDecodeError:
            return "it can send text bodies only"
        except ValueError as fault:
            return str(fault)
        parts = len(load.urls) * (1 if settings.per_worker else len(settings.workers))
        if load.connections < parts:
            return f"{parts} shares (workers x endpoints) need as many connections, and there are {load.connections}"
        if load.ca_file:
            return "its workers cannot be given a certificate to trust"
        return refusal(CAPABILITIES[self.name], load) or _unreachable(load, settings)

    def command(self, load: Load, seconds: float) -> tuple[str, ...]:
        """The requests of one round, in words."""
        settings = _settings(load)
        words: list[str] = []
        for share in shares_of(load, settings):
            arguments = rest_arguments(share, seconds, f"smp-check {load.client}", settings.more)
            headers = [f"headers={each}" for each in arguments.pop("headers", ())]
            pairs = [f"{name}={value}" for name, value in arguments.items()]
            words += [*(["&"] if words else []), "POST", f"{share.worker}rest/run", *redacted([*pairs, *headers])]
        return tuple(words)

    @contextmanager
    def session(self, load: Load) -> Iterator[Session]:
        """Open a session; leaving the context stops our runs on every worker."""
        settings = _settings(load)
        unreachable = _unreachable(load, settings)
        if unreachable:
            raise InputError(unreachable, hint="for the reference: --reference none, or a URL that they can reach")
        session = _Session(load, settings)
        try:
            yield session
        finally:
            session.close()


def _settings(load: Load) -> Settings:
    try:
        return settings_of(load.options)
    except ValueError as fault:
        raise InputError(f"{load.client}: {fault}") from fault


def _info(workers: Sequence[Worker]) -> GeneratorInfo:
    versions = sorted({worker.version() for worker in workers})
    count = f" ({len(workers)} workers)" if len(workers) > 1 else ""
    return GeneratorInfo(
        name="fortio-server",
        version=f"{' and '.join(versions)}{count}",
        open_loop=False,
        percentile_method=METHOD,
        resolution=RESOLUTION,
    )


def _unreachable(load: Load, settings: Settings) -> str | None:
    """A loopback address is another machine to a worker elsewhere."""
    away = next((url for url in settings.workers if not is_loopback(url)), None)
    near = next((url for url in load.urls if is_loopback(url)), None)
    return f"to the worker at {away}, {near} is its own machine" if away and near else None


class _Run(threading.Thread):
    """One worker's part of a round; a thread that nobody has to wait for."""

    def __init__(self, share: Share, words: dict[str, object], start: float, limit: float) -> None:
        super().__init__(daemon=True, name=f"run on {share.worker}")
        self.share, self.worker = share, Worker(share.worker)
        self.part: Part | None = None
        self._words, self._start, self._limit = words, start, limit
        self.misses = 0

    def run(self) -> None:
        """Wait for the agreed time, run, and read the result."""
        name = self.worker.name
        time.sleep(max(self._start - time.monotonic(), 0.0))
        try:
            value = self.worker.run(self._words, limit=self._limit)
            ended = time.monotonic()
            reading = read_fortio(value)
        except (WorkerFaultError, SourceError) as fault:
            self.part = Part(share=self.share, name=name, fault=fault.message)
            return
        late = max(ended - self._start - (reading.seconds or 0.0), 0.0)
        known = with_rate(reading, self.share.load.rate)
        self.part = Part(share=self.share, name=name, reading=replace(known, generator="fortio-server"), late=late)

    def give_up(self) -> None:
        """The worker does not answer any more."""
        fault = f"no answer {MISSES} times in a row"
        self.part = self.part or Part(share=self.share, name=self.worker.name, fault=fault)


class _Session:
    """Rounds on the same workers."""

    def __init__(self, load: Load, settings: Settings) -> None:
        self._shares = shares_of(load, settings)
        self._settings = settings
        self._label = f"smp-check {load.client} {uuid.uuid4().hex[:12]}"
        self._runs: list[_Run] = []
        self._closed = False

    def close(self) -> None:
        """Stop our runs, on all workers at once."""
        self._closed = True
        going = {run.share.worker for run in self._runs if run.part is None}
        stoppers = [threading.Thread(target=Worker(url).stop, args=(self._label,), daemon=True) for url in going]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join(timeout=5.0)

    def measure(self, seconds: float, on_tick: OnTick) -> Sample:
        """One round. Raises ``MeasurementError`` when a worker is not there, or none measured anything."""
        for url in self._settings.workers:
            Worker(url).running(self._label)
        start = time.monotonic() + AHEAD
        limit = seconds + max(share.load.timeout for share in self._shares) + GRACE
        self._runs = [
            _Run(share, rest_arguments(share, seconds, self._label, self._settings.more), start, limit)
            for share in self._shares
        ]
        for run in self._runs:
            run.start()
        self._wait(start, limit, on_tick)
        parts = [run.part for run in self._runs if run.part is not None]
        if self._closed:
            raise MeasurementError("fortio-server: the session was closed")
        if all(part.reading is None for part in parts):
            raise MeasurementError(f"fortio-server: {'; '.join(dict.fromkeys(str(part.fault) for part in parts))}")
        try:
            return outcome(parts, seconds)
        except SourceError as fault:
            raise MeasurementError(f"fortio-server: {fault.message}") from fault

    def _wait(self, start: float, limit: float, on_tick: OnTick) -> None:
        """Until every part is there; meanwhile look whether the workers still answer."""
        while going := [run for run in self._runs if run.part is None]:
            elapsed = time.monotonic() - start
            if self._closed or elapsed > limit:
                for run in going:
                    run.give_up()
                return
            on_tick(Tick(elapsed=max(elapsed, 0.0), sent=0, ok=0, failed=0))
            for run in going:
                run.join(LOOK / len(going))
                self._look(run)

    def _look(self, run: _Run) -> None:
        if run.part is not None:
            return
        try:
            run.worker.running(self._label)
        except WorkerFaultError:
            run.misses += 1
        else:
            run.misses = 0
        if run.misses >= MISSES:
            run.give_up()
