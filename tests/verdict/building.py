"""Run documents with numbers of our choice, for tests of verdicts."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from smp_check.spec.run import (
    Counts,
    Details,
    Fingerprint,
    GeneratorInfo,
    Latency,
    Provenance,
    Round,
    RunDocument,
)

START = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
QUANTILES = {"p50": 1.0, "p75": 1.2, "p90": 1.5, "p95": 1.8, "p99": 2.5, "p99.9": 4.0}
EMBEDDED = GeneratorInfo(name="embedded", version="1", open_loop=True, percentile_method="hdr", resolution=1e-6)


def latency(p50: float, count: int = 2000) -> Latency:
    """A distribution whose percentiles all follow its median."""
    percentiles = {name: p50 * factor for name, factor in QUANTILES.items()}
    return Latency(count=count, min=p50 / 2, mean=p50 * 1.1, stddev=p50 / 3, max=p50 * 9, percentiles=percentiles)


def a_round(role: Any = "head", index: int = 0, p50: float = 0.002, **more: Any) -> Round:
    """One round of a second at 1,000 requests/s."""
    start = START + timedelta(seconds=2 * index)
    count = more.pop("count", 2000)
    failed = more.pop("failed", 0)
    values: dict[str, Any] = {
        "role": role,
        "client": "client-1",
        "index": index,
        "start": start,
        "end": start + timedelta(seconds=1),
        "requested_rps": float(count),
        "achieved_rps": float(count),
        "connections": 8,
        "counts": Counts(sent=count, ok=count - failed, errors={"status": failed} if failed else {}),
        "latency": latency(p50, count),
    }
    return Round(**(values | more))


def a_run(*rounds: Round, number: int = 0, **details: Any) -> RunDocument:
    """A run document of these rounds."""
    made = Details(
        tool_version="0",
        generators={"client-1": EMBEDDED},
        targets={"head": ("http://127.0.0.1:8080/checkout",)},
        rounds=tuple(
            replace(r, start=r.start + timedelta(days=number), end=r.end + timedelta(days=number)) for r in rounds
        ),
        fingerprint=Fingerprint(load={"connections": "8"}, machine={"cpu": "x"}),
        provenance=Provenance(commit=f"{number:040x}"),
    )
    return RunDocument(
        test={"name": "shop"},
        mesh={},
        environment={},
        result={"id": f"run-{number}"},
        details=replace(made, **details),
    )


def noisy_run(
    chance: random.Random,
    p50: float = 0.002,
    *,
    rounds: int = 6,
    between: float = 0.02,
    within: float = 0.03,
    shared: float = 0.05,
    reference: float | None = 0.0002,
    number: int = 0,
    **more: Any,
) -> RunDocument:
    """A run with noise of its own (``between``), noise shared with the reference, and noise of each round."""
    machine, own = chance.gauss(0, shared), chance.gauss(0, between)
    made = []
    for index in range(rounds):
        moment = p50 * math.exp(machine + own + chance.gauss(0, within))
        made.append(a_round("head", index, moment))
        if reference is not None:
            made.append(a_round("reference", index, reference * math.exp(machine + chance.gauss(0, within))))
    return a_run(*made, number=number, **more)
