"""Rounds -> run document: the one place where measurements become SMP messages and seconds become milliseconds.

Percentiles of the whole run come from the merged histograms of its rounds, never from averaged percentiles.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smp_check.spec.codec import format_time, to_json
from smp_check.spec.costs import lasting, with_costs
from smp_check.spec.histogram import merge
from smp_check.spec.run import Details, Latency, Role, Round, RunDocument
from smp_check.units import to_milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smp_check.spec.configuration import Configuration

SMP_VERSION = "v0.0.1"
ALL_CLIENTS = "all"
_NAMESPACE = uuid.UUID("6f0f3b52-8a1e-5e0c-9d43-2d6a5d2a0b5e")


def build_run_document(
    configuration: Configuration,
    details: Details,
    environment: Mapping[str, Any],
    *,
    mesh: Mapping[str, Any] | None = None,
    run_id: str,
) -> RunDocument:
    """Put the four SMP messages and ``details`` together; ids are filled in so that the parts refer to each other.

    ``details.totals`` is computed here from ``details.rounds``, and so are the numbers of the mesh's parts and of the
    workload. ``mesh`` is what was captured and declared of it; ``None`` is what was declared. ``run_id`` becomes the
    result's SMP id.
    """
    mine = [measured for measured in details.rounds if measured.role == loaded_role(details.rounds)]
    mesh = configuration.mesh if mesh is None else mesh
    mesh, environment = with_costs(mesh, environment, configuration, mine)
    test, mesh, env = _identified(configuration.test), _identified(mesh), _identified(environment)
    details = replace(details, totals=totals(details.rounds))
    result: dict[str, Any] = {"smp_version": SMP_VERSION, "id": run_id}
    result["labels"] = _labels(details)
    result |= _times(details.rounds)
    result |= _numbers(details)
    result |= {"test_id": test["id"], "mesh_config_id": mesh["id"], "env_id": env["id"]}
    return RunDocument(test=test, mesh=mesh, environment=env, result=result, details=details)


def totals(rounds: Sequence[Round]) -> dict[str, dict[str, Latency]]:
    """role -> client (and ``all``) -> latency of all its rounds together."""
    roles: dict[str, dict[str, Latency]] = {}
    for role in dict.fromkeys(r.role for r in rounds):
        mine = [r for r in rounds if r.role == role]
        clients = dict.fromkeys(r.client for r in mine)
        roles[role] = {name: merge(r.latency for r in mine if r.client == name) for name in clients}
        roles[role][ALL_CLIENTS] = merge(roles[role].values())
    return roles


def loaded_role(rounds: Sequence[Round]) -> Role:
    """The role that a run is about: ``head``, unless only a base was measured."""
    return "base" if rounds and not any(r.role == "head" for r in rounds) else "head"


def achieved_rate(rounds: Iterable[Round]) -> float:
    """Requests per second over all clients: each client's requests by its own time under load."""
    sent: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    for measured in rounds:
        sent[measured.client] += measured.counts.sent
        seconds[measured.client] += measured.seconds
    return sum(sent[name] / seconds[name] for name in sent if seconds[name] > 0)


def _identified(part: Mapping[str, Any]) -> dict[str, Any]:
    """The part with its version and an id; an id that the user did not give follows from the lasting content."""
    filled = {"smp_version": SMP_VERSION, **part}
    if not filled.get("id"):
        content = json.dumps(lasting(filled), sort_keys=True, default=str)
        filled["id"] = str(uuid.uuid5(_NAMESPACE, content))
    return filled


def _times(rounds: Sequence[Round]) -> dict[str, str]:
    if not rounds:
        return {}
    start = min(measured.start for measured in rounds)
    end = max(measured.end for measured in rounds)
    return {"start_time": format_time(start), "end_time": format_time(end)}


def _numbers(details: Details) -> dict[str, Any]:
    role = loaded_role(details.rounds)
    mine = [measured for measured in details.rounds if measured.role == role]
    if not mine:
        return {}
    numbers: dict[str, Any] = {"actual_qps": round(achieved_rate(mine), 6)}
    latencies = smp_latencies(details.totals.get(role, {}).get(ALL_CLIENTS, Latency(count=0)))
    return {"latencies_ms": latencies, **numbers} if latencies else numbers


def smp_latencies(latency: Latency) -> dict[str, float]:
    """SMP's ``Latency`` message, in milliseconds; what is not known is left out."""
    known = {"min": latency.min, "average": latency.mean, "max": latency.max}
    known |= {name: latency.percentiles.get(name) for name in ("p50", "p90", "p99")}
    order = ("min", "average", "p50", "p90", "p99", "max")
    return {name: to_milliseconds(value) for name in order if (value := known[name]) is not None}


def _labels(details: Details) -> dict[str, str]:
    """What a reader of the bare SMP result needs to know and SMP has no field for."""
    role = loaded_role(details.rounds)
    mine = [measured for measured in details.rounds if measured.role == role]
    sent = sum(measured.counts.sent for measured in mine)
    failed = sum(measured.counts.failed for measured in mine)
    labels = {
        "smp-check/version": details.tool_version,
        "smp-check/requests": str(sent),
        "smp-check/errors": str(failed),
        "smp-check/complete": "true" if details.complete else "false",
    }
    for client, generator in details.generators.items():
        labels[f"smp-check/{client}/generator"] = f"{generator.name} {generator.version}"
    if details.provenance.commit:
        labels["smp-check/commit"] = details.provenance.commit
    return labels


def document_json(run: RunDocument) -> dict[str, Any]:
    """The run document as plain JSON values, envelope version first."""
    plain: dict[str, Any] = to_json(run)
    return {"smp_check": run.smp_check, **plain}
