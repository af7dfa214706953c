"""The port that every load generator stands behind.

A generator opens a session for one client's load on one target; the session measures one short round at a
time. The driver decides which role is loaded when; a generator knows nothing of roles, baselines or verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol as Interface
from typing import runtime_checkable

from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, GeneratorInfo, Latency, WorkerShare


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one client sends to one role: everything a generator needs, all defaults decided."""

    client: str
    urls: tuple[str, ...]
    protocol: Protocol = Protocol.HTTP
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Cookies and content type are in here already."""
    body: bytes = b""
    rate: float | None = None
    """Requests per second over all connections; ``None`` is a closed loop at full speed."""
    connections: int = 1
    timeout: float = 5.0
    """Seconds after which a request counts as failed with ``timeout``."""
    ca_file: str | None = None
    insecure: bool = False
    arrival: str = "constant"
    """``constant`` or ``poisson``: how the planned send times are spread."""
    workers: int = 1
    """Processes to share the load between, for generators that leave this to the plan."""
    options: tuple[str, ...] = ()
    """What is left of ``additional_options``, for the generator's own command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A sign of life while a round runs."""

    elapsed: float
    sent: int
    ok: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one session measured in one round."""

    start: datetime
    end: datetime
    achieved_rps: float
    """Requests sent per second of the round, failed ones included."""
    connections: int
    """Connections really used."""
    counts: Counts
    latency: Latency
    service_time: Latency | None = None
    first_byte: Latency | None = None
    """From the actual send time to the first byte of the answer."""
    schedule_lag: float | None = None
    """99th percentile of (actual send - planned send) while a connection was free, seconds."""
    warnings: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    """Kind of failure (as in ``counts.errors``) -> one example in words, naming host and port."""
    generator_cpu: float | None = None
    """Share of the core (of each of its cores) that the generator itself used."""
    workers: tuple[WorkerShare, ...] = ()
    """Each load machine's own share, where there were several."""
    noisy: tuple[str, ...] = ()
    """Why the generator itself says that this round should not be trusted."""


OnTick = Callable[[Tick], None]


class Session(Interface):
    """One client's connections to one role, kept open between rounds where the generator can."""

    def measure(self, seconds: float, on_tick: OnTick) -> Sample:
        """Drive the load for ``seconds``. Raises ``MeasurementError`` if the generator itself fails."""
        ...


class Generator(Interface):
    """A way to make load."""

    @property
    def name(self) -> str:
        """The name that ``load_generator`` has in an SMP client."""
        ...

    def probe(self) -> GeneratorInfo:
        """Which version is here and how its numbers read. Raises ``MeasurementError`` with a hint if missing."""
        ...

    def objection(self, load: Load) -> str | None:
        """Why this generator cannot honour the load, or ``None``."""
        ...

    def command(self, load: Load, seconds: float) -> tuple[str, ...]:
        """The exact command of one round (empty where there is none)."""
        ...

    def session(self, load: Load) -> AbstractContextManager[Session]:
        """Open a session; leaving the context stops everything that it started."""
        ...


@runtime_checkable
class Distributed(Interface):
    """What a generator has as well whose machines are named by the load: only the load tells what is there."""

    def probe_for(self, load: Load) -> GeneratorInfo:
        """What ``probe`` says, of the machines of this load."""
        ...
