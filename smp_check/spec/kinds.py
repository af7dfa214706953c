"""What a document is: told by the fields it has, never by its file's name."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from smp_check.spec.messages import MESSAGES, Message


class Kind(str, enum.Enum):
    """Kinds of documents that can be told apart."""

    CONFIGURATION = "configuration"
    """``test:`` with ``mesh:``, ``environment:``, ``check:``; Meshery's performance test files are such."""
    TEST = "test"
    MESH = "mesh"
    SERVICE_MESH = "service-mesh"
    """A ``ServiceMesh`` by itself."""
    ENVIRONMENT = "environment"
    RESULT = "result"
    RUN = "run"
    COMPARISON = "comparison"
    LIST = "list"
    """A list of documents, each of a kind of its own."""
    LEGACY_RESULT = "legacy-result"
    """The 2019-20 shape of the specification's own sample: ``client.latencies_ms``, in seconds."""
    MESHERY_RESULT = "meshery-result"
    """What Meshery stores: a load generator's own output with extras."""
    GENERATOR_OUTPUT = "generator-output"
    """A load generator's own output."""
    UNKNOWN = "unknown"


SCHEMAS: Mapping[Kind, str] = {
    Kind.CONFIGURATION: "configuration",
    Kind.TEST: "test",
    Kind.MESH: "mesh",
    Kind.SERVICE_MESH: "service-mesh",
    Kind.ENVIRONMENT: "environment",
    Kind.RESULT: "result",
    Kind.RUN: "run",
    Kind.COMPARISON: "comparison",
}
"""The schema of each kind that has one."""

MESSAGE_OF: Mapping[Kind, Message] = {
    Kind.TEST: MESSAGES["PerformanceTestConfig"],
    Kind.MESH: MESSAGES["ServiceMeshConfig"],
    Kind.SERVICE_MESH: MESSAGES["ServiceMesh"],
    Kind.ENVIRONMENT: MESSAGES["EnvironmentConfig"],
    Kind.RESULT: MESSAGES["PerformanceTestResult"],
}
"""The SMP message that a document of this kind is."""

PARTS: Mapping[str, Kind] = {
    "test": Kind.TEST,
    "mesh": Kind.MESH,
    "environment": Kind.ENVIRONMENT,
    "result": Kind.RESULT,
}
"""The SMP messages within a run document or a configuration, by their key."""

MESHERY_PLACEHOLDERS: Mapping[str, str] = {
    "smp_version": "test_smp_version",
    "details_uri": "test_details",
    "test_id": "test_test_id",
    "mesh_config_id": "test_meshconfigID",
    "env_id": "test_envID",
}
"""What Meshery's export writes into these fields of every result; its latencies are in seconds."""

_SHARED = {"smp_version", "id", "labels", "name", "type", "version"}
_MESHERY = {"runner_results", "runnerResults"}
_GENERATORS = (
    {"DurationHistogram", "RunType"},
    {"DurationHistogram", "RetCodes"},
    {"latencies", "status_codes"},
    {"summary", "latencyPercentiles"},
    {"root_group", "metrics"},
    {"results", "options", "timestamp"},
    {"requests", "latency", "throughput"},
    {"TotalRequests", "DurationInMicroseconds"},
)


def kind_of(value: Any) -> Kind:
    """The kind of one document's value."""
    if not isinstance(value, Mapping):
        return Kind.LIST if isinstance(value, list) else Kind.UNKNOWN
    keys = frozenset(value)
    kind = _by_fields(keys) if len(keys) <= _MANY else _by_fields.__wrapped__(keys)
    if "client" in keys and kind not in _SURE and _is_legacy(value["client"], keys):
        return Kind.LEGACY_RESULT
    return kind


_MANY = 50
"""Documents with more fields are not worth remembering."""
_SURE = {Kind.COMPARISON, Kind.RUN, Kind.CONFIGURATION, Kind.MESHERY_RESULT}


@lru_cache(maxsize=256)
def _by_fields(keys: frozenset[str]) -> Kind:
    """The kind that the names of the fields tell; many documents have the same."""
    return _envelope(keys) or _foreign(keys) or _message(keys)


def _envelope(keys: frozenset[str]) -> Kind | None:
    if "smp_check_comparison" in keys or {"headline", "verdict", "policy"} <= keys:
        return Kind.COMPARISON
    if "smp_check" in keys or {"result", "details"} <= keys or {"test", "result"} <= keys:
        return Kind.RUN
    if "test" in keys or ({"mesh", "check"} & keys and not keys & {"clients"}):
        return Kind.CONFIGURATION
    return None


def _foreign(keys: frozenset[str]) -> Kind | None:
    if keys & _MESHERY:
        return Kind.MESHERY_RESULT
    return Kind.GENERATOR_OUTPUT if any(marks <= keys for marks in _GENERATORS) else None


def _is_legacy(client: Any, keys: frozenset[str]) -> bool:
    return isinstance(client, Mapping) and (
        "latencies_ms" in client or bool({"exp_uuid", "endpoint_url", "metrics"} & keys)
    )


def _message(keys: frozenset[str]) -> Kind:
    """The message that knows most of the fields; fields that all have say little."""
    scores = {kind: _score(message, keys) for kind, message in MESSAGE_OF.items()}
    best = max(scores, key=lambda kind: scores[kind])
    strange = len(keys - MESSAGE_OF[best].by_name.keys())
    vague = scores[best] < 1 and strange > len(keys) - strange  # many things have a type and an id
    return best if scores[best] > 0 and not vague else Kind.UNKNOWN


def _score(message: Message, keys: frozenset[str]) -> float:
    known = {message.by_name[key].name for key in keys if key in message.by_name}
    return len(known - _SHARED) + len(known & _SHARED) / 100


def is_meshery_export(result: Mapping[str, Any]) -> bool:
    """Whether a result (snake_case) carries the placeholders of Meshery's export; two of them leave no doubt."""
    found = 0
    for name, text in MESHERY_PLACEHOLDERS.items():
        if result.get(name) == text:
            found += 1
    return found >= 2
