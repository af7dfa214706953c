"""What one check is asked to do: SMP's ``test:``, ``mesh:`` and ``environment:``, and our ``check:``.

These are the values that the later stages take; ``build_configuration`` makes them from a document that
has been found conformant. Durations are seconds, rates are 1/s, shares are fractions.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Protocol(str, enum.Enum):
    """SMP's ``PerformanceTestConfig.Client.Protocol``."""

    HTTP = "PROTOCOL_HTTP"
    TCP = "PROTOCOL_TCP"
    UDP = "PROTOCOL_UDP"
    GRPC = "PROTOCOL_GRPC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One entry of ``test.clients``: who sends which load where."""

    name: str
    """``client-1``, ``client-2``... by place in ``test.clients``: SMP gives clients no name."""
    load_generator: str = "embedded"
    protocol: Protocol = Protocol.HTTP
    connections: int = 1
    rps: float = 0.0
    """Requests per second over all connections; 0 is a closed loop at full speed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    content_type: str = ""
    endpoint_urls: tuple[str, ...] = ()
    ssl_certificate: str = ""
    """PEM text, or the path of a PEM file, of the authority to trust."""
    additional_options: str = ""
    """Further options for the load generator, as its command line spells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is asked of one metric."""

    tolerance: float | None = None
    """A relative worsening of this size must be caught (0.1 is 10 %)."""
    absolute: float | None = None
    """Changes smaller than this (in the metric's unit: s, 1/s, fraction) never count."""
    max: float | None = None
    """Objective: the metric must not be above this (metric's unit)."""
    min: float | None = None
    """Objective: the metric must not be below this (metric's unit)."""
    report_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineOptions:
    """Where earlier runs are kept and how many of them count."""

    store: str | None = None
    """``directory``, ``git-branch``, a path or a URL; ``None`` lets the surroundings decide."""
    branch: str = "smp-baselines"
    keep: int = 200
    window: int = 20
    any_machine: bool = False
    """Compare runs of different kinds of machine as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launches:
    """How many fresh starts of both sides ``ab`` makes."""

    min: int = 4
    max: int = 12


DEFAULT_GATES: Mapping[str, Gate] = {
    "p50": Gate(tolerance=0.10),
    "p90": Gate(tolerance=0.25),
    "p99": Gate(tolerance=0.50),
    "qps": Gate(tolerance=0.05),
    "cpu_per_request": Gate(tolerance=0.05),
    "error_rate": Gate(max=0.01),
}
DEFAULT_FAIL_ON = ("regression", "measurement")
FAIL_ON_CHOICES = ("regression", "measurement", "inconclusive", "no-baseline", "not-comparable", "non-conformance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How to find the processes of one component of the system under test; one of the fields is given."""

    pid: int | None = None
    name: str | None = None
    """Process name, exactly."""
    port: int | None = None
    """Every process that listens on this TCP port, with its children."""
    cgroup: str | None = None
    """Path below /sys/fs/cgroup."""
    envoy_admin: str | None = None
    """Base URL of an Envoy admin interface."""
    prometheus: str | None = None
    """PromQL for CPU cores in use, or ``auto`` for what is usual in the mesh; the server is
    ``environment.traffic_metadata.prometheus_url``."""
    prometheus_memory: str | None = None
    """PromQL for bytes of memory in use, beside ``prometheus``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubernetes:
    """The cluster to ask, through ``kubectl``."""

    context: str | None = None
    """A kubeconfig context; ``None`` is the current one."""
    namespace: str | None = None
    """The namespace of the service under test; ``None`` is all of them."""


COMPONENTS = ("workload", "sidecar", "gateway", "control_plane")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """Our ``check:`` section; nothing in it is required."""

    round: float = 2.0
    warmup: float = 3.0
    reference: str | None = "builtin"
    """``builtin``, a URL, or ``None`` for no reference."""
    launches: Launches = Launches()
    baseline: BaselineOptions = BaselineOptions()
    gates: Mapping[str, Gate] = field(default_factory=lambda: dict(DEFAULT_GATES))
    expect: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = DEFAULT_FAIL_ON
    observe: Mapping[str, tuple[Watched, ...]] = field(default_factory=dict)
    """Component (one of ``COMPONENTS``) -> what to sample during each round."""
    kubernetes: Kubernetes | None = None
    """Where to take environment and mesh from; ``None`` asks no cluster."""
    arrival: str = "constant"
    """``constant`` or ``poisson``: how the planned send times are spread."""
    workers: int = 1
    """Processes of the embedded generator."""
    confirm: float = 60.0
    """Seconds of further load that a suspected regression may cost to be confirmed or cleared; 0 never confirms."""
    accept: str | None = None
    """Path of a file of accepted changes."""
    setup: str | None = None
    teardown: str | None = None
    ready_url: str | None = None
    ready_timeout: float = 120.0
    """Seconds that the system under test may take to come up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One check, ready to be planned."""

    name: str
    duration: float
    """Seconds under load, cut into rounds."""
    clients: tuple[Client, ...]
    check: CheckOptions = CheckOptions()
    test: Mapping[str, Any] = field(default_factory=dict)
    """The canonical ``PerformanceTestConfig`` (snake_case, enum names), as it goes into the run document."""
    mesh: Mapping[str, Any] = field(default_factory=dict)
    """The canonical ``ServiceMeshConfig``."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """The canonical ``EnvironmentConfig``: what the user declared; capture fills the rest."""
    source: str = ""
    """The path that was read, as the user wrote it."""
