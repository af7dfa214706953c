"""Faultless documents to break, one thing at a time."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from typing import Any

from smp_check.spec.configuration import Configuration
from smp_check.spec.histogram import Histogram
from smp_check.spec.result import build_run_document, document_json
from smp_check.spec.run import Counts, Details, GeneratorInfo, Round

START = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


def configuration() -> dict[str, Any]:
    client = {"load_generator": "fortio", "protocol": "PROTOCOL_HTTP", "connections": 4, "rps": 500}
    test = {"name": "shop", "duration": "8s", "clients": [client | {"endpoint_urls": ["http://127.0.0.1:8080/"]}]}
    return {"test": {"smp_version": "v0.0.1", **test}, "mesh": {"mesh_type": {"type": "ISTIO"}}}


def result() -> dict[str, Any]:
    return {
        "smp_version": "v0.0.1",
        "start_time": "2026-01-31T12:00:00Z",
        "end_time": "2026-01-31T12:00:08Z",
        "latencies_ms": {"min": 1.0, "average": 2.5, "p50": 2.0, "p90": 4.0, "p99": 9.0, "max": 20.0},
        "actual_qps": 500.0,
    }


def rounds(count: int = 4, per_round: int = 1000) -> tuple[Round, ...]:
    made = []
    for index in range(count):
        histogram = Histogram()
        histogram.record_microseconds({1000: per_round // 2, 2000: per_round // 2 - 10, 9000: 10})
        start = START + timedelta(seconds=2 * index)
        made.append(
            Round(
                role="head",
                client="client-1",
                index=index,
                start=start,
                end=start + timedelta(seconds=2),
                requested_rps=per_round / 2,
                achieved_rps=per_round / 2,
                connections=4,
                counts=Counts(sent=per_round, ok=per_round, status={"200": per_round}),
                latency=histogram.summary(),
            )
        )
    return tuple(made)


def run(count: int = 4) -> dict[str, Any]:
    """A run document as smp-check writes it."""
    parts = configuration()
    info = GeneratorInfo(
        name="fortio", version="1.68.2", open_loop=False, percentile_method="fortio-buckets", resolution=1e-6
    )
    details = Details(
        tool_version="0.1.0",
        generators={"client-1": info},
        targets={"head": ("http://127.0.0.1:8080/",)},
        rounds=rounds(count),
    )
    built = Configuration(name="shop", duration=8.0, clients=(), test=parts["test"], mesh=parts["mesh"])
    environment = {"nodes": [{"type": "laptop", "cores": 2, "mem_mb": 16000}]}
    return document_json(build_run_document(built, details, environment, run_id="run-1"))


def put(value: Any, pointer: str, new: Any) -> Any:
    """A copy with one value changed, added, or (with ``...``) removed."""
    changed = copy.deepcopy(value)
    *steps, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    target = changed
    for step in steps:
        target = target[int(step)] if isinstance(target, list) else target[step]
    key = int(last) if isinstance(target, list) else last
    if new is ...:
        del target[key]
    else:
        target[key] = new
    return changed
