"""The run document: what was asked for, where, and all that was measured.

One envelope holds the four SMP messages as they are, and ``details`` for what SMP has no field for.
Inside, times are aware UTC datetimes, durations and latencies are seconds, rates are 1/s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ENVELOPE_VERSION = "1"

Role = Literal["base", "head", "reference"]
PERCENTILES: Mapping[str, float] = {"p50": 50.0, "p75": 75.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p99.9": 99.9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A distribution of latencies, in seconds; what a source cannot tell is ``None`` or missing, never zero."""

    count: int
    min: float | None = None
    mean: float | None = None
    stddev: float | None = None
    max: float | None = None
    percentiles: Mapping[str, float] = field(default_factory=dict)
    """Keys of ``PERCENTILES``."""
    histogram: str | None = None
    """HdrHistogram V2, compressed, base64; unit microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of the requests of one round."""

    sent: int
    ok: int
    errors: Mapping[str, int] = field(default_factory=dict)
    """Failures by kind: ``connect``, ``tls``, ``dns``, ``timeout``, ``reset``, ``protocol``, ``status``..."""
    status: Mapping[str, int] = field(default_factory=dict)
    """Responses by status code."""
    bytes_received: int | None = None
    bytes_sent: int | None = None
    connections_opened: int | None = None

    @property
    def failed(self) -> int:
        """Requests that did not succeed."""
        return sum(self.errors.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What else happened on the machine during a round; ``None`` where it cannot be known."""

    cpu_steal: float | None = None
    """Share of the machine's CPU time stolen by its host."""
    run_queue: float | None = None
    """Mean number of runnable tasks per core."""
    cpu_busy: float | None = None
    """Share of the machine's CPU time in use, by anybody."""
    schedule_lag: float | None = None
    """99th percentile of the generator's own lateness against its schedule, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one component used during a round; what could not be seen is ``None``, never zero."""

    cpu_seconds: float | None = None
    """CPU time of all its processes during the round."""
    memory: float | None = None
    """Bytes resident, the mean of the samples, all its processes together."""
    instances: int | None = None
    """Processes, containers or proxies that it consisted of."""
    bytes_transferred: float | None = None
    samples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerShare:
    """What one of several load machines measured in a round, before it was merged with the others'."""

    worker: str
    """Host and port."""
    url: str
    """What it drove."""
    start: datetime
    """By its own clock."""
    requested_rps: float | None
    """Its share; ``None`` for a closed loop."""
    achieved_rps: float
    """Requests per second that it really sent."""
    connections: int
    """Connections that it really used."""
    counts: Counts
    """What became of its requests."""
    latency: Latency
    """Of its requests alone."""
    late: float | None = None
    """Seconds after the agreed time at which it must have begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One client's share of one short round of load on one role."""

    role: Role
    client: str
    index: int
    """Rounds of all roles and clients at the same place in the schedule share a number, from 0."""
    start: datetime
    end: datetime
    requested_rps: float | None
    """``None`` for a closed loop."""
    achieved_rps: float
    connections: int | None
    """Really used; ``None`` where an imported source does not tell."""
    counts: Counts
    latency: Latency
    """Response time: from the planned send time in an open loop, from the actual one in a closed loop."""
    service_time: Latency | None = None
    """From the actual send time, where it is known apart from ``latency``."""
    noise: Noise = Noise()
    noisy: tuple[str, ...] = ()
    """Why this round should not be trusted; empty for a calm one."""
    first_byte: Latency | None = None
    """From the actual send time to the first byte of the answer, where the generator tells."""
    cpu_per_request: float | None = None
    """CPU seconds of the service's processes per successful request, where they can be seen; in a round of the
    built-in reference, of that one's."""
    resources: Mapping[str, Usage] = field(default_factory=dict)
    """By component: ``workload``, ``sidecar``, ``gateway``, ``control_plane``. Of the role, not of the client alone."""
    launch: int = 0
    """Which fresh start of the system under test this round belongs to, from 0 (`ab` with start commands)."""
    workers: tuple[WorkerShare, ...] = ()
    """Each load machine's own share, where there were several."""

    @property
    def seconds(self) -> float:
        """How long the round took."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorInfo:
    """Which load generator measured, and how its numbers are to be read."""

    name: str
    version: str
    open_loop: bool
    """Whether latency counts from the planned send time (no coordinated omission)."""
    percentile_method: str
    """``hdr``, ``fortio-buckets``, ``nearest-rank``..."""
    resolution: float
    """Smallest latency step that the numbers can show, seconds."""
    command: tuple[str, ...] = ()
    """The exact command line of one round, or empty for the embedded generator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the code under test came from; everything may be unknown."""

    commit: str | None = None
    branch: str | None = None
    repository: str | None = None
    pull_request: int | None = None
    workflow_run: str | None = None
    event: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What must agree before two runs may be compared, each part as field -> value."""

    load: Mapping[str, str] = field(default_factory=dict)
    """Generator, version, percentile method, connections, rates, protocols, round length."""
    machine: Mapping[str, str] = field(default_factory=dict)
    """CPU model, cores, architecture, operating system, runner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about the measurement that its reader must know."""

    code: str
    """``saturated``, ``errors``, ``noisy``, ``interrupted``, ``early-end``..."""
    severity: Literal["error", "warning", "note"]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Everything that SMP has no field for."""

    tool_version: str
    generators: Mapping[str, GeneratorInfo]
    """By client name."""
    targets: Mapping[str, tuple[str, ...]]
    """The URLs driven, by role."""
    rounds: tuple[Round, ...] = ()
    totals: Mapping[str, Mapping[str, Latency]] = field(default_factory=dict)
    """role -> client (and ``all``) -> latency from the merged histograms."""
    plan: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: Fingerprint = Fingerprint()
    provenance: Provenance = Provenance()
    base: Provenance | None = None
    """Where the base came from, when it was measured side by side with the head."""
    remarks: tuple[Remark, ...] = ()
    complete: bool = True
    """False when the run ended before its plan."""
    verdict: str | None = None
    """How this run was judged when it was recorded; regressed and failed runs never become the norm."""
    accepted: tuple[str, ...] = ()
    """``client metric`` of each worsening that was accepted in this run: from it on, the new level is the norm."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Numbers of the whole run that an imported source gives and no round carries, by name.

    ``p50``, ``p75``, ``p90``, ``p95``, ``p99``, ``p99.9``, ``mean``, ``qps``, ``error_rate`` and ``cpu_per_request``
    are those metrics, in their units (s, 1/s, fraction, CPU seconds), and stand for the run where its rounds do not
    tell them; any other name is the source's own, in the source's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDocument:
    """The envelope: four SMP messages and ``details``."""

    test: Mapping[str, Any]
    mesh: Mapping[str, Any]
    environment: Mapping[str, Any]
    result: Mapping[str, Any]
    details: Details
    smp_check: str = ENVELOPE_VERSION

    @property
    def id(self) -> str:
        """The SMP id of the result."""
        return str(self.result.get("id", ""))
