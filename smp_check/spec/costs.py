"""What proxies and workloads used during the rounds, as SMP's own messages say it: a pure function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import Round, Usage

MESH_PARTS = {"sidecar": "sidecar", "gateway": "ingress_gateway", "control_plane": "mesh_control_plane"}
"""Component -> field of ``ServiceMeshConfig``."""
WITH_TRAFFIC = frozenset({"sidecar", "gateway"})
"""Components whose message has ``rps`` and ``bps``; a control plane carries no requests."""
MEASURED = frozenset({"count", "cpu_mcores", "mem_mb", "rps", "bps", "lds_latency_ms", "cds_latency_ms"})
"""Fields that say how a part fared, not which it is."""
LARGEST = 2**31 - 1
"""SMP's numbers are int32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a component used in one round, all clients together."""

    usage: Usage
    seconds: float
    requests: int


def with_costs(
    mesh: Mapping[str, Any], environment: Mapping[str, Any], configuration: Configuration, rounds: Sequence[Round]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two messages with count, CPU, memory and traffic of what was observed; what the user declared stands.

    ``rounds`` are those of the loaded role. Units: thousandths of a core, MB (10^6 bytes), requests and bytes per
    second, each the mean over the rounds in which it was seen.
    """
    mesh, environment = dict(mesh), dict(environment)
    for component, part in MESH_PARTS.items():
        cost = _cost(component, places(component, rounds))
        if cost:
            declared = configuration.mesh.get(part)
            mesh[part] = {**(mesh.get(part) or {}), **cost, **(declared if isinstance(declared, Mapping) else {})}
    workload = _cost("workload", places("workload", rounds))
    if workload and not environment.get("individual_workloads"):
        environment["individual_workloads"] = [{"name": _name(configuration), **workload}]
    return mesh, environment


def without_costs(
    environment: Mapping[str, Any], configuration: Configuration, rounds: Sequence[Round]
) -> dict[str, Any]:
    """The environment before ``with_costs`` put these rounds' numbers into it; what was declared or captured stays."""
    bare = {name: value for name, value in environment.items() if name != "individual_workloads"}
    made = with_costs({}, bare, configuration, rounds)[1].get("individual_workloads")
    return bare if made == environment.get("individual_workloads") else dict(environment)


def places(component: str, rounds: Sequence[Round]) -> list[Place]:
    """The component's use, once per round however many clients shared it."""
    shared: dict[tuple[str, int, int], list[Round]] = {}
    for measured in rounds:
        if component in measured.resources:
            shared.setdefault((measured.role, measured.launch, measured.index), []).append(measured)
    return [
        Place(
            usage=mine[0].resources[component],
            seconds=max(measured.seconds for measured in mine),
            requests=sum(measured.counts.sent for measured in mine),
        )
        for mine in shared.values()
    ]


def _cost(component: str, seen: Sequence[Place]) -> dict[str, int]:
    """The numbers that are known, rounded to SMP's integers."""
    known: dict[str, float | None] = {
        "count": max((each.usage.instances or 0 for each in seen), default=0) or None,
        "cpu_mcores": _rate(seen, lambda each: each.usage.cpu_seconds, 1000),
        "mem_mb": _mean([each.usage.memory / 1e6 for each in seen if each.usage.memory is not None]),
    }
    if component in WITH_TRAFFIC:
        known["rps"] = _rate(seen, lambda each: each.requests)
        known["bps"] = _rate(seen, lambda each: each.usage.bytes_transferred)
    return {name: min(round(value), LARGEST) for name, value in known.items() if value is not None}


def _rate(seen: Sequence[Place], amount: Callable[[Place], float | None], scale: float = 1) -> float | None:
    told = [(value, each.seconds) for each in seen if (value := amount(each)) is not None]
    seconds = sum(duration for _, duration in told)
    return scale * sum(value for value, _ in told) / seconds if seconds > 0 else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _name(configuration: Configuration) -> str:
    """How the workload is called: its application's name, its process's, or the test's."""
    metadata = configuration.mesh.get("application_metadata")
    application = metadata.get("application_name") if isinstance(metadata, Mapping) else None
    names = (each.name for each in configuration.check.observe.get("workload", ()))
    return str(application or next((name for name in names if name), None) or configuration.name)


def lasting(value: Any) -> Any:
    """A message without its measured numbers: what two runs of the same thing have in common."""
    if isinstance(value, Mapping):
        return {name: lasting(each) for name, each in value.items() if name not in MEASURED}
    return [lasting(each) for each in value] if isinstance(value, (list, tuple)) else value
