"""The shape of 2019-20, which the specification's own sample result still has.

start_time, end_time, exp_uuid, endpoint_url, env{kubernetes}, client{connections, rps, latencies_ms{...}},
metrics: latencies in seconds, and much that today's result has no field for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from smp_check.spec.messages import MESSAGES
from smp_check.spec.semantics.parts import SMP_VERSION

_RESULT = MESSAGES["PerformanceTestResult"]
_LATENCY = MESSAGES["PerformanceTestResult.Latency"]


def from_legacy(value: Mapping[str, Any], scale: Callable[[Any], Any], notes: list[str]) -> dict[str, Any]:
    """A ``PerformanceTestResult``; what it has no field for is kept in labels under its path, and named in ``notes``.

    ``scale`` turns one latency of the source into milliseconds.
    """
    result: dict[str, Any] = {"smp_version": SMP_VERSION}
    rest: dict[str, Any] = {}
    for key, given in value.items():
        known = _RESULT.by_name.get(key)
        if known is not None and known.name not in ("labels", "latencies_ms", "smp_version"):
            result[known.name] = given
        elif key != "client" or not isinstance(given, Mapping):
            rest[key] = given
    client = value.get("client", {})
    rest["client"] = {key: each for key, each in client.items() if key != "latencies_ms"}
    latencies = client.get("latencies_ms", {})
    if isinstance(latencies, Mapping):
        result["latencies_ms"] = {key: scale(each) for key, each in latencies.items() if key in _LATENCY.by_name}
        rest["client"]["latencies_ms"] = {key: each for key, each in latencies.items() if key not in _LATENCY.by_name}
    else:
        rest["client"]["latencies_ms"] = latencies
    labels = dict(_flat(rest))
    if labels:
        notes.append(f"kept in labels, for a result has no field for them: {', '.join(labels)}")
        result["labels"] = labels
    return result


def _flat(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf as (dotted path, text); the text is the value itself, or JSON for what is no text."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{at}.{key}" if at else str(key))
    elif value is not None:
        yield at, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
