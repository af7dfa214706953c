"""What the command line or the Action's inputs say instead of the file: applied before anything is judged."""

from __future__ import annotations

import copy
import shlex
from dataclasses import dataclass
from typing import Any

from smp_check.spec.configuration import CheckOptions
from smp_check.units import format_duration, parse_duration

DEFAULT_ROUND = format_duration(CheckOptions().round)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Values given beside the configuration; ``None`` leaves the file's word."""

    endpoint_url: tuple[str, ...] = ()
    service_mesh: str | None = None
    test_name: str | None = None
    load_generator: str | None = None
    duration: str | None = None
    rounds: int | None = None
    """Rounds of the service; with a duration they share it, without one each lasts ``check.round``."""
    rps: float | None = None
    connections: int | None = None
    reference: str | None = None
    fail_on: tuple[str, ...] = ()
    worker: tuple[str, ...] = ()
    """Load machines: Fortio servers, which then make the load of every client together."""


def minimal(name: str) -> dict[str, Any]:
    """The configuration of somebody who gives a URL and nothing else."""
    client = {"load_generator": "embedded", "protocol": "PROTOCOL_HTTP", "connections": 8, "rps": 100}
    return {"test": {"smp_version": "v0.0.1", "name": name, "clients": [client], "duration": "20s"}, "mesh": {}}


def override(value: Any, given: Overrides) -> Any:
    """A copy of a configuration with the given values in place of its own; other documents come back as they are."""
    if not isinstance(value, dict) or not isinstance(value.get("test"), dict):
        return value
    changed = copy.deepcopy(value)
    test = changed["test"]
    _set(test, "name", given.test_name)
    _set(test, "duration", given.duration)
    clients = test.get("clients")
    for client in clients if isinstance(clients, list) else []:
        if isinstance(client, dict):
            _override_client(client, given)
    if given.service_mesh is not None:
        _set(changed, "mesh", {"mesh_type": {"type": mesh_type(given.service_mesh)}})
    _override_check(changed, given)
    if given.rounds is not None:
        _cut(changed, given)
    return changed


def _override_client(client: dict[str, Any], given: Overrides) -> None:
    if given.endpoint_url:
        _set(client, "endpoint_urls", list(given.endpoint_url), camel="endpointUrls")
    _set(client, "load_generator", given.load_generator, camel="loadGenerator")
    if given.worker:
        _use_workers(client, given.worker)
    _set(client, "rps", given.rps)
    _set(client, "connections", given.connections)


def _use_workers(client: dict[str, Any], workers: tuple[str, ...]) -> None:
    """Hand the client's load to these workers; its options keep what else they say."""
    camel = "additionalOptions"
    before = client.get(camel, client.get("additional_options")) or ""
    options = " ".join([str(before), *(f"--worker {shlex.quote(url)}" for url in workers)]).strip()
    _set(client, "load_generator", "fortio-server", camel="loadGenerator")
    _set(client, "additional_options", options, camel=camel)


def _override_check(changed: dict[str, Any], given: Overrides) -> None:
    check = changed.get("check") or {}
    if not isinstance(check, dict):
        return
    _set(check, "reference", given.reference)
    if given.fail_on:
        check["fail_on"] = list(given.fail_on)
    if check:
        changed["check"] = check


def _cut(changed: dict[str, Any], given: Overrides) -> None:
    """Make duration and round agree with the number of rounds; what cannot be read is left to the conformance check."""
    check = changed.get("check") or {}
    rounds = given.rounds or 1
    try:
        if given.duration is not None:
            changed["check"] = {**check, "round": format_duration(parse_duration(given.duration) / rounds)}
        else:
            seconds = parse_duration(str(check.get("round", DEFAULT_ROUND)))
            changed["test"]["duration"] = format_duration(seconds * rounds)
    except (ValueError, TypeError):
        return


def _set(target: dict[str, Any], key: str, value: Any, *, camel: str | None = None) -> None:
    """Put a value under the spelling that the document already uses."""
    if value is None:
        return
    target[camel if camel is not None and camel in target else key] = value


def mesh_type(text: str) -> str:
    """SMP's enum name for what people call a mesh: ``open service mesh`` -> ``OPEN_SERVICE_MESH``."""
    return text.strip().upper().replace(" ", "_").replace("-", "_")
