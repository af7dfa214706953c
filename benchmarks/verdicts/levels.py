"""Change points, simulated: series without any, and with one step, beside Otava."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from benchmarks.verdicts.rules import otava
from benchmarks.verdicts.stored import drifting, normal, remembering, two_machines, with_outliers
from smp_check.verdict.changepoints import change_points

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LENGTH, NEAR = 100, 3
STEPS = ((0.05, 20), (0.10, 20), (0.20, 20), (0.10, 5), (0.20, 5))
SERIES: dict[str, Callable[[random.Random, int], list[float]]] = {
    "normal, 3 %": normal(0.03),
    "normal, 5 %": normal(0.05),
    "normal, 10 %": normal(0.10),
    "autocorrelation 0.6": remembering,
    "two machine speeds": two_machines,
    "outliers": with_outliers,
}


def ours(series: Sequence[Sequence[float]]) -> list[list[int]]:
    return [[point.index for point in change_points(each)] for each in series]


def table(seed: int, count: int) -> list[list[str]]:
    rows = []
    for name, make in SERIES.items():
        chance = random.Random(f"{name} {seed}")
        clean = [make(chance, LENGTH) for _ in range(count)]
        kinds = [clean, *([with_step(each, effect, after) for each in clean] for effect, after in STEPS)]
        for tool, find in (("smp-check", ours), ("Otava", otava)):
            found = find([each for kind in kinds for each in kind])  # all at once: a process takes long to start
            rows.append([name, tool, *(_shares(found, count) if found else ["-"] * len(kinds))])
    return rows


def _shares(found: Sequence[Sequence[int]], count: int) -> list[str]:
    """Of the clean series those with any change point, then of each kind of step those where it was found."""
    shares = [f"{100 * sum(bool(each) for each in found[:count]) / count:.1f}"]
    for i, (_, after) in enumerate(STEPS, start=1):
        hits = sum(hit(each, after) for each in found[i * count : (i + 1) * count])
        shares.append(f"{100 * hits / count:.0f}")
    return shares


def with_step(series: Sequence[float], effect: float, after: int) -> list[float]:
    return [x + (math.log1p(effect) if i >= LENGTH - after else 0.0) for i, x in enumerate(series)]


def hit(found: Sequence[int], after: int) -> bool:
    return any(abs(index - (LENGTH - after)) <= NEAR for index in found)


__all__ = ["drifting", "table"]
