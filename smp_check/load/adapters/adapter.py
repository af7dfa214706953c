"""What has to be written for each load generator: pure functions from load to command, and from output to reading."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol as Interface

from smp_check.load.adapters.failures import said
from smp_check.load.adapters.reading import Reading
from smp_check.load.capabilities import Capabilities
from smp_check.load.port import Load
from smp_check.spec.run import Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How to run a generator for one round."""

    arguments: tuple[str, ...]
    """After the program."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What must lie in the round's folder before it starts."""
    stdin: bytes = b""
    then: tuple[str, ...] = ()
    """Arguments of a second run of the same program, after the first; its stdout is the one to read."""
    stop_signal: signal.Signals = signal.SIGINT
    """What makes it end early and still report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a generator left behind."""

    stdout: bytes
    stderr: bytes
    folder: Path
    """The round's folder with the files it wrote."""

    def complaints(self) -> list[str]:
        """The lines of its log, the first and the last of them if there are many."""
        lines = self.stderr.decode("utf-8", "replace").splitlines()
        return [text for line in lines if (text := said(line))]

    def file(self, name: str) -> bytes | None:
        """The content of a file that it wrote, or ``None``."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A reading, with what only the live output tells."""

    reading: Reading
    service_time: Latency | None = None
    schedule_lag: float | None = None


class Adapter(Interface):
    """One load generator."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def version_arguments(self) -> tuple[str, ...]:
        """Arguments that make it tell its version."""
        ...

    def version(self, text: str) -> str | None:
        """Its version from what it said, or ``None`` if this is another program of the same name."""
        ...

    def objection(self, load: Load) -> str | None:
        """Why it cannot honour this load, beyond what its capabilities say already."""
        ...

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """The command of one round of ``seconds``; what it writes goes into ``folder``."""
        ...

    def measured(self, output: Output, load: Load) -> Measured:
        """Read what it left. Raises ``SourceError`` when there is no result in it."""
        ...
