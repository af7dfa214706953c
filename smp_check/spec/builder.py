"""From a conformant configuration document to the values that the later stages take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smp_check.spec.configuration import (
    DEFAULT_GATES,
    BaselineOptions,
    CheckOptions,
    Client,
    Configuration,
    Gate,
    Kubernetes,
    Launches,
    Protocol,
    Watched,
)
from smp_check.spec.gates import quantity, tolerance
from smp_check.spec.messages import MESSAGES
from smp_check.spec.semantics.test import SCHEMES
from smp_check.spec.spelling import canonical
from smp_check.units import parse_duration

if TYPE_CHECKING:
    from smp_check.spec.reading import Document

_DURATIONS = ("round", "warmup", "confirm", "ready_timeout")
_AS_THEY_ARE = ("arrival", "workers", "accept", "setup", "teardown", "ready_url")


def build_configuration(document: Document) -> Configuration:
    """Take a document that `check_document` found conformant; the result's SMP parts are in canonical spelling."""
    value = document.value
    test = canonical(value["test"], MESSAGES["PerformanceTestConfig"])
    test["clients"] = [_decided(client) for client in test.get("clients", [])]
    return Configuration(
        name=test.get("name", ""),
        duration=parse_duration(test["duration"]),
        clients=tuple(_client(client, index) for index, client in enumerate(test["clients"], 1)),
        check=build_check(value.get("check") or {}),
        test=test,
        mesh=build_mesh(value.get("mesh") or {}),
        environment=canonical(value.get("environment") or {}, MESSAGES["EnvironmentConfig"]),
        source=document.file,
    )


def _decided(client: Mapping[str, Any]) -> dict[str, Any]:
    """A client that says which generator and which protocol it uses."""
    protocol = client.get("protocol", "PROTOCOL_INVALID")
    if protocol == "PROTOCOL_INVALID":
        protocol = _protocol_of(client.get("endpoint_urls", []))
    return {**client, "load_generator": client.get("load_generator") or "embedded", "protocol": protocol}


def _protocol_of(urls: list[str]) -> str:
    scheme = urls[0].partition(":")[0].lower() if urls else ""
    return next((name for name, schemes in SCHEMES.items() if scheme in schemes), Protocol.HTTP.value)


def _client(client: Mapping[str, Any], number: int) -> Client:
    return Client(
        name=f"client-{number}",
        load_generator=client["load_generator"],
        protocol=Protocol(client["protocol"]),
        connections=max(client.get("connections", 1), 1),
        rps=float(client.get("rps", 0)),
        headers=client.get("headers", {}),
        cookies=client.get("cookies", {}),
        body=client.get("body", ""),
        content_type=client.get("content_type", ""),
        endpoint_urls=tuple(client.get("endpoint_urls", [])),
        ssl_certificate=client.get("ssl_certificate", ""),
        additional_options=client.get("additional_options", ""),
    )


def build_mesh(value: Mapping[str, Any]) -> dict[str, Any]:
    """A ``ServiceMeshConfig``, from one or from a bare ``ServiceMesh`` as Meshery's files have it."""
    configured = canonical(value, MESSAGES["ServiceMeshConfig"])
    bare = canonical(value, MESSAGES["ServiceMesh"])
    if "type" not in bare and "version" not in bare:
        return configured
    if set(configured) <= {"labels"}:
        return {"mesh_type": bare}
    return {**configured, "mesh_type": {name: bare[name] for name in bare if name != "labels"}}


def build_check(value: Mapping[str, Any]) -> CheckOptions:
    """Our options, from the ``check:`` section; what it does not say keeps its default."""
    given: dict[str, Any] = {name: parse_duration(value[name]) for name in _DURATIONS if name in value}
    given |= {name: value[name] for name in _AS_THEY_ARE if value.get(name) is not None}
    given |= {name: tuple(value[name]) for name in ("expect", "fail_on") if name in value}
    if value.get("reference") is not None:
        given["reference"] = None if value["reference"] == "none" else value["reference"]
    return CheckOptions(
        **given,
        launches=Launches(**{name: int(number) for name, number in value.get("launches", {}).items()}),
        baseline=_baseline(value.get("baseline", {})),
        gates=_gates(value.get("gates", {})),
        observe={component: _watched(each) for component, each in value.get("observe", {}).items()},
        kubernetes=Kubernetes(**value["kubernetes"]) if value.get("kubernetes") is not None else None,
    )


def _baseline(value: Mapping[str, Any]) -> BaselineOptions:
    given: dict[str, Any] = {name: each for name, each in value.items() if each is not None}
    given |= {name: int(given[name]) for name in ("keep", "window") if name in given}
    return BaselineOptions(**given)


def _gates(value: Mapping[str, Any]) -> dict[str, Gate]:
    """The default gates, changed field by field; ``null`` takes a gate away."""
    gates = dict(DEFAULT_GATES)
    for metric, given in value.items():
        if given is None:
            gates.pop(metric, None)
        else:
            gates[metric] = _gate(metric, gates.get(metric, Gate()), given)
    return gates


def _gate(metric: str, gate: Gate, given: Mapping[str, Any]) -> Gate:
    changed: dict[str, Any] = {
        name: quantity(metric, given[name]) for name in ("absolute", "max", "min") if name in given
    }
    worsening = tolerance(given)
    if worsening is not None:
        changed["tolerance"] = worsening
    return replace(gate, **changed, report_only=given.get("report_only", gate.report_only))


def _watched(value: Any) -> tuple[Watched, ...]:
    return tuple(Watched(**each) for each in (value if isinstance(value, list) else [value]))
