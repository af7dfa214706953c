"""Verdicts on real A/A data (``aa.json``, recorded by ``record``): nothing differed, so every alarm is false."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.verdicts.rules import bencher_t, mann_whitney, over
from smp_check.spec.configuration import Gate, Launches
from smp_check.verdict.decide import decide
from smp_check.verdict.extract import ROUND_SPREAD, Observed, error_of
from smp_check.verdict.gather import compared
from smp_check.verdict.launches import PARAMETERS
from smp_check.verdict.metrics import metric_named
from smp_check.verdict.model import Inputs, MetricComparison, Verdict
from smp_check.verdict.paired import looks
from smp_check.verdict.robust import median
from smp_check.verdict.validity import Restriction

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = Path(__file__).with_name("aa.json")
COLUMNS = {"cpu_per_request": 6, "p50": 8, "p75": 9, "p90": 10, "p95": 11, "p99": 12}
GATES = {
    "p50": Gate(tolerance=0.10),
    "p90": Gate(tolerance=0.25),
    "p99": Gate(tolerance=0.50),
    "cpu_per_request": Gate(tolerance=0.05),
}
PLAN = Launches(min=4, max=12)
Rows = list[list[Any]]


def load() -> dict[str, Rows]:
    data: dict[str, Rows] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return data


def launches_of(rows: Rows, metric: str) -> list[list[float]]:
    """Launch -> ln(head / base) of each pair."""
    column = COLUMNS[metric]
    values = {(r[0], r[1], r[2]): r[column] for r in rows if r[column]}
    launches: dict[int, list[float]] = {}
    for (role, launch, place), value in values.items():
        other = values.get(("b", launch, place))
        if role == "h" and other:
            launches.setdefault(launch, []).append(math.log(value / other))
    return [launches[launch] for launch in sorted(launches)]


def sides(seed: int, count: int) -> list[list[str]]:
    """Launches drawn without replacement, in random order; +5 % and +10 % multiplied in."""
    table = []
    for name, rows in load().items():
        per_metric = {metric: launches_of(rows, metric) for metric in GATES}
        chance = random.Random(f"{name} {seed}")
        number = min(map(len, per_metric.values()))
        orders = [chance.sample(range(number), min(PLAN.max, number)) for _ in range(count)]
        row = [name, str(sum(len(pairs) for pairs in per_metric["p50"]))]
        for effect in (0.0, 0.05, 0.10):
            found = [_stopped(per_metric, order, math.log1p(effect)) for order in orders]
            called = Counter(m.metric for metrics, _ in found for m in metrics if m.verdict is Verdict.REGRESSED)
            any_alarm = sum(any(m.verdict is Verdict.REGRESSED for m in metrics) for metrics, _ in found)
            row.append(f"{100 * any_alarm / count:.1f}")
            if effect:
                row += [f"{100 * called[metric] / count:.0f}" for metric in ("p50", "cpu_per_request")]
        differences = [[d for i in order[:6] for d in per_metric["p50"][i]] for order in orders]
        row.append(f"{100 * sum(sum(d) / len(d) > math.log(1.1) for d in differences) / count:.1f}")
        ranks = sum(mann_whitney([-x / 2 for x in d], [x / 2 for x in d]) for d in differences)
        row.append(f"{100 * ranks / count:.1f}")
        table.append(row)
    return table


def _stopped(
    per_metric: dict[str, list[list[float]]], order: Sequence[int], effect: float
) -> tuple[tuple[MetricComparison, ...], int]:
    decided: tuple[MetricComparison, ...] = ()
    count = 0
    for count in looks(PLAN):
        undecided = [_paired(m, [each[i] for i in order[:count]], effect) for m, each in per_metric.items()]
        decided = decide(undecided, GATES)
        if all(m.verdict is not Verdict.INCONCLUSIVE for m in decided):
            break
    return decided, count


def _paired(name: str, numbers: Sequence[Sequence[float]], effect: float) -> MetricComparison:
    moved = tuple(tuple(x + effect for x in pairs) for pairs in numbers)
    metric = metric_named(name)
    return MetricComparison(
        client="client-1",
        metric=name,
        unit=metric.unit,
        direction=metric.direction,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        gating=True,
        base=1.0,
        head=1.0,
        tolerance=GATES[name].tolerance,
        inputs=Inputs(method="paired", differences=moved, parameters={**PARAMETERS, "looks": float(len(looks(PLAN)))}),
    )


def runs_of(rows: Rows, metric: str) -> list[Observed]:
    """Each launch's base rounds as a run of its own, beside its reference rounds."""
    column = COLUMNS[metric]
    runs = []
    for launch in sorted({r[1] for r in rows}):
        mine = {r[2]: math.log(r[column]) for r in rows if r[1] == launch and r[0] == "b" and r[column]}
        beside = {r[2]: math.log(r[column]) for r in rows if r[1] == launch and r[0] == "r" and r[column]}
        pairs = [x - beside[place] for place, x in mine.items() if place in beside]
        usual = ROUND_SPREAD * metric_named(metric).spread
        xs = list(mine.values())
        referenced = len(pairs) == len(xs)
        runs.append(
            Observed(
                value=math.exp(median(xs)),
                raw=median(xs),
                raw_error=error_of(xs, usual),
                referenced=median(pairs) if referenced else None,
                referenced_error=error_of(pairs, usual) if referenced else None,
                rounds=len(xs),
            )
        )
    return runs


def stored(k: int = 8) -> list[list[str]]:
    """Every run from the k before it; as it was, and with +10, +20 and +50 % multiplied in; p50."""
    table = []
    for name, rows in load().items():
        runs = runs_of(rows, "p50")
        row = [name, str(len(runs) - k)]
        for effect in (0.0, 0.10, 0.20, 0.50):
            verdicts = [_judged(runs[i - k : i], runs[i], math.log1p(effect)) for i in range(k, len(runs))]
            row.append(_share([v is Verdict.REGRESSED for v in verdicts]))
        xs = [run.raw for run in runs]
        for rule in (lambda b, h: over(110, b, h), bencher_t):
            row.append(_share([rule(xs[i - k : i], xs[i]) for i in range(k, len(xs))]))
        table.append(row)
    return table


def _share(alarms: Sequence[bool]) -> str:
    return f"{100 * sum(alarms) / len(alarms):.0f}" if alarms else "-"


def _judged(base: Sequence[Observed], head: Observed, effect: float) -> Verdict:
    moved = Observed(
        value=head.value * math.exp(effect),
        raw=head.raw + effect,
        raw_error=head.raw_error,
        referenced=None if head.referenced is None else head.referenced + effect,
        referenced_error=head.referenced_error,
        rounds=head.rounds,
    )
    metric = compared("client-1", "p50", base, moved, Restriction(), GATES)
    return decide([metric], GATES)[0].verdict
