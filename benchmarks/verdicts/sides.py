"""Side by side, simulated: false alarms, power and load until decided, beside other rules on the same rounds."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.verdicts.noise import BAD, CALM, RESTLESS, TYPICAL, Environment, launches
from benchmarks.verdicts.rules import mann_whitney, research
from smp_check.spec.configuration import Gate, Launches
from smp_check.verdict.decide import decide
from smp_check.verdict.launches import PARAMETERS, estimates
from smp_check.verdict.model import Direction, Inputs, MetricComparison, Verdict
from smp_check.verdict.paired import LEAST_SPREAD, PAIR_ERROR, looks

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = list[list[float]]
PLAN = Launches(min=4, max=12)
PAIRS, MOST_PAIRS, SECONDS, START = 12, 24, 1.0, 5.0
METRICS = ("p50", "p75", "mean", "qps", "cpu_per_request", *(f"metric-{i}" for i in range(7)))
SHOWN = (Verdict.REGRESSED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE)
EFFECTS = (0.0, 0.05, 0.10, 0.20)


def undecided(name: str, numbers: Numbers, effect: float, tolerance: float) -> MetricComparison:
    moved = tuple(tuple(x + effect for x in pairs) for pairs in numbers)
    parameters = {**PARAMETERS, "looks": float(len(looks(PLAN))), "spread": 1.0}
    return MetricComparison(
        client="client-1",
        metric=name,
        unit="s",
        direction=Direction.LOWER_IS_BETTER,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        gating=True,
        base=1.0,
        head=1.0,
        tolerance=tolerance,
        inputs=Inputs(method="paired", differences=moved, parameters=parameters),
    )


def measured(numbers: Sequence[Numbers], tolerance: float) -> list[Numbers]:
    """What would have been measured: the first launch as planned, the others with as many pairs as it asks for."""
    first = max(estimates([each[0][:PAIRS]], LEAST_SPREAD).pair_spread for each in numbers)
    wanted = math.ceil((first / (PAIR_ERROR * math.log1p(tolerance))) ** 2)
    pairs = min(max(PAIRS, wanted + wanted % 2), MOST_PAIRS)
    return [[each[0][:PAIRS], *(pairs_of[:pairs] for pairs_of in each[1:])] for each in numbers]


def check(
    numbers: Sequence[Numbers], effect: float, tolerance: float
) -> tuple[tuple[MetricComparison, ...], int, float]:
    """A whole check with early stopping: the metrics, the launches, and the seconds that it took."""
    gates = {name: Gate(tolerance=tolerance) for name in METRICS}
    metrics: tuple[MetricComparison, ...] = ()
    count = 0
    numbers = measured(numbers, tolerance)
    for count in looks(PLAN):
        seen = [undecided(n, each[:count], effect, tolerance) for n, each in zip(METRICS, numbers, strict=False)]
        metrics = decide(seen, gates)
        if all(m.verdict is not Verdict.INCONCLUSIVE for m in metrics):
            break
    seconds = sum(2 * SECONDS * len(pairs) + START for pairs in numbers[0][:count])
    return metrics, count, seconds


def fixed_seconds() -> float:
    """A plan without early stopping: all launches."""
    return PLAN.max * (2 * SECONDS * PAIRS + START)


def draw(environment: Environment, seed: int, count: int, metrics: int) -> list[list[Numbers]]:
    chance = random.Random(f"{environment.name} {seed}")
    return [
        launches(environment, chance, count=PLAN.max, pairs=MOST_PAIRS, seconds=SECONDS, metrics=metrics)
        for _ in range(count)
    ]


def one_metric(seed: int, count: int) -> list[list[str]]:
    rows = []
    for environment in (CALM, TYPICAL, BAD, RESTLESS):
        jobs = draw(environment, seed, count, 1)
        for effect in EFFECTS:
            x = math.log1p(effect)
            found = [check(job, x, 0.05) for job in jobs]
            verdicts = Counter(metrics[0].verdict for metrics, _, _ in found)
            theirs = [research([pairs[:PAIRS] for pairs in job[0]], x, 0.05) for job in jobs]
            row = [environment.name, f"{effect:+.0%}" if effect else "none"]
            row += [
                f"{100 * verdicts[v] / count:.1f}" for v in (Verdict.REGRESSED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE)
            ]
            row.append(f"{sum(n for _, n, _ in found) / count:.1f}")
            seconds = sum(s for _, _, s in found) / count
            row.append(f"{seconds:.0f} ({100 * seconds / fixed_seconds():.0f} %)")
            row.append(
                f"{100 * sum(v == 'regressed' for v, _ in theirs) / count:.1f}, {sum(n for _, n in theirs) / count:.1f}"
            )
            row += [f"{100 * share:.1f}" for share in others(jobs, x)]
            rows.append(row)
    return rows


def others(jobs: Sequence[Sequence[Numbers]], effect: float) -> list[float]:
    """Ratio of means over 200 % and 110 %, and Mann-Whitney on the rounds, after six launches."""
    twice, tenth, ranks = 0, 0, 0
    for job in jobs:
        differences = [x + effect for pairs in job[0][:6] for x in pairs[:PAIRS]]
        ratio = sum(differences) / len(differences)
        twice += ratio > math.log(2)
        tenth += ratio > math.log(1.1)
        ranks += mann_whitney([0.5 * -x for x in differences], [0.5 * x for x in differences])
    return [twice / len(jobs), tenth / len(jobs), ranks / len(jobs)]


def whole_checks(seed: int, count: int) -> list[list[str]]:
    """Twelve gating metrics at once: any false alarm among them, and whether a true +5 % of all is seen in any."""
    rows = []
    for environment in (TYPICAL, BAD):
        jobs = draw(environment, seed + 1, count, len(METRICS))
        row = [environment.name, str(count)]
        for effect in (0.0, 0.05):
            found = [check(job, math.log1p(effect), 0.05) for job in jobs[: count if not effect else count // 4]]
            alarms = sum(any(m.verdict is Verdict.REGRESSED for m in metrics) for metrics, _, _ in found)
            row += [f"{100 * alarms / len(found):.2f}", f"{sum(n for _, n, _ in found) / len(found):.1f}"]
        rows.append(row)
    return rows


def tails(seed: int, count: int) -> list[list[str]]:
    """p90: pairs three times as noisy, gated at 15 and 25 %."""
    loud = Environment(name="p90 of typical", round=0.09, neighbour=0.3, outlier=0.4, outliers=0.03, launch=0.03)
    jobs = draw(loud, seed + 2, count, 1)
    rows = []
    for tolerance in (0.15, 0.25):
        for effect in (0.0, tolerance):
            found = [check(job, math.log1p(effect), tolerance) for job in jobs]
            share = sum(metrics[0].verdict is Verdict.REGRESSED for metrics, _, _ in found) / count
            rows.append(
                [
                    f"{tolerance:.0%}",
                    f"{effect:+.0%}",
                    f"{100 * share:.1f}",
                    f"{sum(n for _, n, _ in found) / count:.1f}",
                ]
            )
    return rows
