"""The metrics: unit, which way is worse, how much of the distribution lies beyond, how noisy they are by nature."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from smp_check.spec.configuration import COMPONENTS
from smp_check.verdict.model import Direction

if TYPE_CHECKING:
    from smp_check.verdict.model import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is known of a metric before anything is measured."""

    name: str
    unit: Unit = "s"
    direction: Direction = Direction.LOWER_IS_BETTER
    quantile: float | None = None
    """0.9 for p90; ``None`` where the metric is no percentile."""
    spread: float = 1.0
    """How many times noisier than the median it usually is (statistics of real jobs: docs/verdicts.md)."""
    tolerance: float = 0.10
    """What is watched for where no gate says so."""


HIGHER = Direction.HIGHER_IS_BETTER
LATENCIES = (
    Metric(name="p50", quantile=0.5),
    Metric(name="p75", quantile=0.75, spread=1.3),
    Metric(name="p90", quantile=0.9, spread=2.0, tolerance=0.25),
    Metric(name="p95", quantile=0.95, spread=2.5, tolerance=0.25),
    Metric(name="p99", quantile=0.99, spread=4.0, tolerance=0.50),
    Metric(name="p99.9", quantile=0.999, spread=5.0, tolerance=1.0),
    Metric(name="mean", spread=1.5, tolerance=0.25),
)
RATES = (
    Metric(name="qps", unit="1/s", direction=HIGHER, spread=0.5, tolerance=0.05),
    Metric(name="error_rate", unit="fraction", tolerance=0.0),
    Metric(name="cpu_per_request", unit="cpu-s", tolerance=0.05),
)
RESOURCES = tuple(
    metric
    for component in COMPONENTS
    for metric in (
        Metric(name=f"{component}_cpu_per_krps", unit="mcores", spread=1.0),
        Metric(name=f"{component}_mem_mb", unit="MB", spread=1.0),
    )
)
KNOWN = {metric.name: metric for metric in (*LATENCIES, *RATES, *RESOURCES)}
_MORE_IS_BETTER = re.compile(r"qps|rps|tps|throughput|per_?sec|/s$|ops\b|hits|score|speed|bandwidth", re.IGNORECASE)
_TAIL = re.compile(r"p?(99(?:[._]\d+)?|9[05])(?:th)?(?!\d)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def metric_named(name: str) -> Metric:
    """The metric of that name; for one that is not ours, direction and spread follow from how it is called."""
    if name in KNOWN:
        return KNOWN[name]
    direction = HIGHER if _MORE_IS_BETTER.search(name) else Direction.LOWER_IS_BETTER
    tail = _TAIL.search(name)
    like = KNOWN["p90"] if tail and tail[1] in {"90", "95"} else KNOWN["p99"] if tail else KNOWN["p50"]
    return Metric(name=name, unit="1", direction=direction, spread=like.spread, tolerance=like.tolerance)


def order_of(name: str) -> tuple[int, str]:
    """Sorts metrics the way people read them: latencies, rates, resources, then the rest by name."""
    names = list(KNOWN)
    return (names.index(name), "") if name in KNOWN else (len(names), name)
