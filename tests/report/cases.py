"""Comparisons in a few readable lines, and the ones that the golden files show.

A metric is one line: ``p50: 10ms -> 12.3ms = +23% [+19% .. +27%] regressed; needs 40 rounds; report-only; reason``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from statistics import NormalDist
from typing import Any

from smp_check.report.rows import metric_fails
from smp_check.spec.configuration import DEFAULT_FAIL_ON
from smp_check.spec.histogram import Histogram
from smp_check.spec.run import GeneratorInfo, Latency, Provenance, Remark
from smp_check.verdict.model import (
    Anchor,
    Comparison,
    ConformanceSummary,
    Direction,
    Inputs,
    MetricComparison,
    Mismatch,
    Policy,
    RunReference,
    Side,
    Unit,
    Verdict,
)

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=timezone.utc)
HEAD = "5d0c4b7a91e2f3865d0c4b7a91e2f3865d0c4b7a"
BASE = "1f6e2d8c07b94a531f6e2d8c07b94a531f6e2d8c"
GENERATOR = GeneratorInfo(name="embedded", version="0.1.0", open_loop=True, percentile_method="hdr", resolution=1e-6)
FORTIO = GeneratorInfo(
    name="fortio",
    version="1.69.5",
    open_loop=False,
    percentile_method="fortio-buckets",
    resolution=1e-3,
    command=("fortio", "load", "-qps", "200", "-c", "8", "-t", "2s", "http://127.0.0.1:8080/"),
)
MACHINE = {"cpu": "AMD EPYC 7763 64-Core Processor", "cores": "4", "os": "Linux 6.8", "runner": "ubuntu-24.04"}
GATES = {"p50": {"tolerance": 0.1}, "p90": {"tolerance": 0.25}, "p99": {"tolerance": 0.5}, "error_rate": {"max": 0.01}}
_UNITS: dict[str, tuple[Unit, float]] = {
    "us": ("s", 1e-6),
    "ms": ("s", 1e-3),
    "s": ("s", 1),
    "/s": ("1/s", 1),
    "%": ("fraction", 0.01),
    "us-cpu": ("cpu-s", 1e-6),
    "mcores": ("mcores", 1),
    "MB": ("MB", 1),
    "B": ("bytes", 1),
}
_LINE = re.compile(
    r"(?:(?P<client>[^\s:]+)/)?(?P<metric>[^\s:]+): (?P<base>\S+) -> (?P<head>\S+)"
    r"(?: = (?P<change>\S+))?(?: \[(?P<low>\S+) \.\. (?P<high>\S+)\])? (?P<verdict>[a-z-]+)(?P<more>(?:; [^;]+)*)"
)


def value(text: str) -> tuple[float | None, Unit]:
    """``12ms`` -> (0.012, "s"); ``-`` is unknown."""
    if text == "-":
        return None, "s"
    number, suffix = re.fullmatch(r"([\d.]+)(\D+)", text).groups()  # type: ignore[union-attr]
    unit, scale = _UNITS[suffix]
    return float(number) * scale, unit


def share(text: str | None) -> float | None:
    return None if text is None else float(text.rstrip("%").replace("−", "-")) / 100


def metric(line: str) -> MetricComparison:
    """One line of the notation above."""
    found = _LINE.fullmatch(line)
    assert found, line
    (base, one), (head, other) = value(found["base"]), value(found["head"])
    unit = one if base is not None else other
    change, low, high = (share(found[name]) for name in ("change", "low", "high"))
    words = [word for word in found["more"].split("; ") if word]
    taken: dict[str, Any] = {}
    reasons = []
    for word in words:
        if word == "report-only":
            taken["gating"] = False
        elif match := re.fullmatch(r"needs (\d+) (round|run)s", word):
            taken[f"{match[2]}s_needed"] = int(match[1])
        elif match := re.fullmatch(r"missed: (.*)", word):
            taken["objective"] = match[1]
        elif match := re.fullmatch(r"sees (.*)", word):
            taken["detectable"] = share(match[1])
        else:
            reasons.append(word)
    return MetricComparison(
        **{"gating": True, "tolerance": 0.1, "detectable": 0.06 if change is not None else None, **taken},
        client=found["client"] or "client-1",
        metric=found["metric"],
        unit=unit,
        direction=Direction.HIGHER_IS_BETTER if found["metric"] == "qps" else Direction.LOWER_IS_BETTER,
        verdict=Verdict(found["verdict"]),
        reason="; ".join(reasons),
        base=base,
        head=head,
        change=change,
        interval=(low, high) if low is not None and high is not None else None,
        confidence=0.99 if low is not None else None,
        inputs=Inputs(method="history", base=(-4.6, -4.58), head=(-4.4,), referenced=True) if change else None,
    )


@lru_cache
def latency(median: float, spread: float = 0.4, count: int = 4000) -> Latency:
    """A log-normal distribution, the same each time."""
    histogram = Histogram()
    normal = NormalDist(math.log(median), spread)
    for place in range(count):
        histogram.record(math.exp(normal.inv_cdf((place + 0.5) / count)))
    return histogram.summary()


def side(commit: str | None, runs: int, median: float, clients: Iterable[str], **more: Any) -> Side:
    """One side of a comparison: ``runs`` runs of 10 rounds, a day apart."""
    references = tuple(
        RunReference(id=f"run-{n}", commit=commit, start=NOON - timedelta(days=runs - n), rounds=10)
        for n in range(1, runs + 1)
    )
    made = Side(
        runs=references,
        provenance=Provenance(commit=commit, branch="main" if runs > 1 else "faster/checkout_v2"),
        generators=dict.fromkeys(clients, GENERATOR),
        machine=MACHINE,
        latency={client: latency(median) for client in clients},
    )
    return replace(made, **more)


def comparison(verdict: str, headline: str, *lines: str, **more: Any) -> Comparison:
    """A comparison of the given metrics; the gate follows from them unless ``failed`` is given."""
    metrics = tuple(metric(line) for line in lines)
    clients = list(dict.fromkeys(m.client for m in metrics)) or ["client-1"]
    policy = more.pop("policy", Policy(fail_on=DEFAULT_FAIL_ON, gates=GATES))
    failing = [m for m in metrics if metric_fails(m, policy)]
    defaults: dict[str, Any] = {
        "name": "checkout",
        "mesh": "none",
        "verdict": Verdict(verdict),
        "headline": headline,
        "failed": bool(failing),
        "failures": tuple(failure(m, len(clients) > 1) for m in failing),
        "metrics": metrics,
        "head": side(HEAD, 1, more.pop("head_median", 0.010), clients),
        "base": side(BASE, 10, 0.010, clients),
        "anchor": Anchor(wanted=BASE, used=BASE, distance=0),
        "policy": policy,
        "conformance": ConformanceSummary(conformant=True),
        "tool_version": "0.1.0",
        "created": NOON,
    }
    return Comparison(**{**defaults, **more})


def failure(metric: MetricComparison, several: bool) -> str:
    """In the words of the verdict."""
    name = f"{metric.metric} of {metric.client}" if several else metric.metric
    word = "regressed" if metric.verdict is Verdict.REGRESSED else "is inconclusive"
    if metric.objective is not None:
        return f"{metric.client}: {metric.objective}" if several else metric.objective
    return f"{name} {word}: {metric.reason}"


def paired(made: Comparison, launches: int) -> Comparison:
    """The same, measured side by side."""
    inputs = Inputs(method="paired", differences=((0.1, 0.2, 0.15),) * launches)
    metrics = tuple(replace(m, inputs=inputs) for m in made.metrics)
    return replace(made, metrics=metrics, anchor=None)


def remark(code: str, severity: Any, message: str) -> Remark:
    return Remark(code=code, severity=severity, message=message)


def mismatch(field: str, base: str, head: str) -> Mismatch:
    return Mismatch(field=field, base=base, head=head)


def without_base(made: Comparison) -> Comparison:
    return replace(made, base=None, anchor=None)
