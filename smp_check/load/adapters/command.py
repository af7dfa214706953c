"""A load generator that is a program: found, asked for its version, run for each round, read."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from smp_check.errors import InputError, MeasurementError
from smp_check.load.adapters.adapter import Adapter, Invocation, Output
from smp_check.load.adapters.fields import SourceError
from smp_check.load.adapters.refusal import refusal
from smp_check.load.adapters.secrets import redacted
from smp_check.load.adapters.to_sample import merged, sample_of
from smp_check.load.port import Load, OnTick, Sample, Session, Tick
from smp_check.load.process import Finished, Process, run_briefly, wait_for
from smp_check.spec.run import GeneratorInfo
from smp_check.units import format_duration

GRACE = 5.0
"""Seconds that a generator may take for start, connections and its report, beside the round and the timeout."""
REPORT_LIMIT = 60.0
ROUND_FOLDER = Path("$ROUND")
"""Stands for the round's own folder in the commands that are shown."""


class CommandGenerator:
    """The port's ``Generator`` over an ``Adapter``."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._found: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """As ``load_generator`` spells it."""
        return self._adapter.capabilities.name

    def probe(self) -> GeneratorInfo:
        """Which version is here. Raises ``MeasurementError`` with a hint if it is not here."""
        what = self._adapter.capabilities
        return GeneratorInfo(
            name=what.name,
            version=self._program()[1],
            open_loop=what.open_loop,
            percentile_method=what.percentile_method,
            resolution=what.resolution,
        )

    def objection(self, load: Load) -> str | None:
        """Why this generator cannot honour the load, or ``None``."""
        return refusal(self._adapter.capabilities, load) or self._adapter.objection(load)

    def command(self, load: Load, seconds: float) -> tuple[str, ...]:
        """The command of one round without secrets; several endpoints are driven by processes side by side (``&``).

        Raises ``InputError`` for rounds that are too short for this generator.
        """
        what = self._adapter.capabilities
        if seconds < what.min_seconds:
            raise InputError(
                f"{self.name} needs rounds of at least {format_duration(what.min_seconds)}, not "
                f"{format_duration(seconds)}: {what.trap}",
                hint="set round in the check section (and a duration of several rounds), or take another generator",
            )
        words: list[str] = []
        for part in self._parts(load):
            arguments = self._adapter.invocation(part, seconds, ROUND_FOLDER).arguments
            words += [*(["&"] if words else []), what.programs[0], *redacted(arguments)]
        return tuple(words)

    @contextmanager
    def session(self, load: Load) -> Iterator[Session]:
        """Open a session; leaving the context stops every process that it started."""
        session = CommandSession(self._adapter, self._program()[0], self._parts(load))
        try:
            yield session
        finally:
            session.close()

    def _parts(self, load: Load) -> tuple[Load, ...]:
        return (load,) if self._adapter.capabilities.many_urls else per_url(load)

    def _program(self) -> tuple[str, str]:
        if self._found is None:
            self._found = find_program(self._adapter)
        return self._found


def find_program(adapter: Adapter) -> tuple[str, str]:
    """Path and version of the first program of the right name and kind; raises ``MeasurementError``."""
    what = adapter.capabilities
    others = []
    for name in what.programs:
        path = shutil.which(name)
        if path is None:
            continue
        version = adapter.version(_said(path, adapter.version_arguments()))
        if version is not None:
            return path, built_version(path) if version == "unknown" else version
        others.append(path)
    if others:
        raise MeasurementError(f"{others[0]} is not {what.name}, or too old", hint=f"install it: {what.install}")
    names = " or ".join(what.programs)
    raise MeasurementError(f"{what.name} is not installed: no {names} on PATH", hint=f"install it: {what.install}")


@lru_cache(maxsize=32)
def _said(path: str, arguments: tuple[str, ...]) -> str:
    finished = run_briefly([path, *arguments])
    return (finished.stdout + finished.stderr).decode("utf-8", "replace")


@lru_cache(maxsize=32)
def built_version(path: str) -> str:
    """The version of a program that does not tell it: the one that Go's linker left in it, else its digest.

    Runs of different builds are then not taken for comparable.
    """
    content = Path(path).resolve().read_bytes()
    module = re.search(rb"\nmod\t[^\t\n]{1,200}\tv([0-9][^\t\n]{0,60})[\t\n]", content)
    return module[1].decode("ascii", "replace") if module else f"build {hashlib.sha256(content).hexdigest()[:12]}"


def per_url(load: Load) -> tuple[Load, ...]:
    """The load split over its endpoints: the same rate for each, connections as evenly as they go."""
    count = len(load.urls)
    rate = None if load.rate is None else load.rate / count
    return tuple(
        replace(load, urls=(url,), rate=rate, connections=load.connections // count + (i < load.connections % count))
        for i, url in enumerate(load.urls)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    """One process of a round."""

    part: Load
    folder: Path
    invocation: Invocation
    process: Process


class CommandSession:
    """Runs the generator once per round and endpoint; each round starts with new connections."""

    def __init__(self, adapter: Adapter, program: str, parts: Sequence[Load]) -> None:
        self._adapter, self._program, self._parts = adapter, program, parts
        self._running: list[Process] = []
        self._closed = False

    def close(self) -> None:
        """Stop what is running; a round that waits for it fails. Any thread may call."""
        self._closed = True
        for process in list(self._running):
            process.stop("the session was closed")

    def measure(self, seconds: float, on_tick: OnTick) -> Sample:
        """Drive one round. Raises ``MeasurementError`` if the generator fails or leaves nothing to read."""
        limit = seconds + max(part.timeout for part in self._parts) + GRACE
        with ExitStack() as stack:
            started = [self._start(stack, part, seconds) for part in self._parts]
            self._running = [each.process for each in started]
            if self._closed:
                self.close()
            wait_for(self._running, limit, lambda elapsed: on_tick(Tick(elapsed=elapsed, sent=0, ok=0, failed=0)))
            samples = [self._sample(each, seconds) for each in started]
        self._running = []
        return merged(samples)

    def _start(self, stack: ExitStack, part: Load, seconds: float) -> _Started:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="smp-check-")))
        invocation = self._adapter.invocation(part, seconds, folder)
        for name, content in invocation.files.items():
            (folder / name).write_bytes(content)
        command = [self._program, *invocation.arguments]
        process = Process(command, folder, stdin=invocation.stdin, stop_signal=invocation.stop_signal)
        return _Started(part=part, folder=folder, invocation=invocation, process=stack.enter_context(process))

    def _sample(self, started: _Started, seconds: float) -> Sample:
        name, part = self._adapter.capabilities.name, started.part
        finished = started.process.finished()
        stdout = finished.stdout
        if started.invocation.then:
            stdout = run_briefly([self._program, *started.invocation.then], limit=REPORT_LIMIT).stdout
        output = Output(stdout=stdout, stderr=finished.stderr, folder=started.folder)
        try:
            sample = sample_of(self._adapter.measured(output, part), part, start=finished.start, seconds=seconds)
        except SourceError as fault:
            raise MeasurementError(
                f"{name} failed for {part.urls[0]}: {_explained(fault, finished, output)}"
            ) from fault
        if finished.stopped and "session" not in finished.stopped:
            sample = replace(sample, warnings=(*sample.warnings, f"{name} was stopped: {finished.stopped}"))
        return sample


def _explained(fault: SourceError, finished: Finished, output: Output) -> str:
    """What is missing, and the generator's own last words where it ended with an error."""
    lines = output.complaints()
    if finished.returncode and not lines:
        lines = finished.stdout[-2000:].decode("utf-8", "replace").splitlines()
    said = f"; it said: {' / '.join(lines[-3:])[:1000]}" if lines else ""
    stopped = f"; {finished.stopped}" if finished.stopped else ""
    return f"{fault.message}{stopped}; exit code {finished.returncode}{said}"
