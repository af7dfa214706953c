"""Runs to store, made as the pipeline makes them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.spec import result
from smp_check.spec.histogram import Histogram
from smp_check.spec.run import (
    Counts,
    Details,
    Fingerprint,
    GeneratorInfo,
    Latency,
    Noise,
    Provenance,
    Role,
    Round,
    RunDocument,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.spec.configuration import Configuration

EPOCH = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
EMBEDDED = GeneratorInfo(
    name="embedded", version="0.1.0", open_loop=True, percentile_method="hdr", resolution=1e-6, command=()
)


def configuration_of(name: str, mesh: str) -> Configuration:
    from smp_check.spec.configuration import Client, Configuration

    return Configuration(
        name=name,
        duration=6.0,
        clients=(Client(name="client-1", endpoint_urls=("http://127.0.0.1:1/",)),),
        test={"name": name, "duration": "6s", "clients": [{"connections": 4, "rps": 200}]},
        mesh={"mesh_type": {"type": mesh}} if mesh else {},
    )


@lru_cache(maxsize=1)
def some_latency() -> Latency:
    """A distribution with a histogram; one for all, since making one takes long."""
    rng = random.Random(1)
    histogram = Histogram()
    for _ in range(200):
        histogram.record(rng.lognormvariate(-6, 0.4))
    return histogram.summary()


def round_of(role: Role, index: int, start: datetime) -> Round:
    latency = some_latency()
    begin = start + timedelta(seconds=2 * index)
    return Round(
        role=role,
        client="client-1",
        index=index,
        start=begin,
        end=begin + timedelta(seconds=2),
        requested_rps=100.0,
        achieved_rps=100.0,
        connections=4,
        counts=Counts(sent=200, ok=200, status={"200": 200}, bytes_received=6000),
        latency=latency,
        service_time=latency,
        noise=Noise(cpu_steal=0.0, cpu_busy=0.4, schedule_lag=1e-4),
    )


def make(
    number: int = 0,
    *,
    name: str = "checkout",
    mesh: str = "",
    commit: str | None = None,
    verdict: str | None = None,
    rounds: int = 4,
    load: str = "a",
    machine: str = "m",
    **more: Any,
) -> RunDocument:
    start = EPOCH + timedelta(hours=number)
    measured = [round_of(role, i, start) for i in range(rounds) for role in ("head", "reference")]
    details = Details(
        tool_version="0.1.0",
        generators={"client-1": EMBEDDED},
        targets={"head": ("http://127.0.0.1:1/",)},
        rounds=tuple(measured),
        fingerprint=Fingerprint(load={"generator": load}, machine={"cpu": machine}),
        provenance=Provenance(commit=commit, branch="main"),
        verdict=verdict,
        **more,
    )
    environment = {"nodes": [{"type": "Linux", "cores": 2, "mem_mb": 8000}]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result, "merge", lambda latencies: next(iter(latencies)))
        return result.build_run_document(configuration_of(name, mesh), details, environment, run_id=f"run-{number}")


@pytest.fixture(scope="session")
def a_run() -> Callable[..., RunDocument]:
    """``a_run(7, verdict="regressed")``: one run of a series, an hour after run 6."""
    return make
