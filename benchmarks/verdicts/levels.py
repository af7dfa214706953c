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
        for tool, find in (("smp-check", ours), ("Otava", otava)):
            row = [name, tool]
            found = find(clean)
            row.append("-" if found is None else f"{100 * sum(bool(f) for f in found) / count:.1f}")
            for effect, after in STEPS:
                stepped = [with_step(each, effect, after) for each in clean]
                found = find(stepped)
                row.append("-" if found is None else f"{100 * sum(hit(f, after) for f in found) / count:.0f}")
            rows.append(row)
    return rows


def with_step(series: Sequence[float], effect: float, after: int) -> list[float]:
    return [x + (math.log1p(effect) if i >= LENGTH - after else 0.0) for i, x in enumerate(series)]


def hit(found: Sequence[int], after: int) -> bool:
    return any(abs(index - (LENGTH - after)) <= NEAR for index in found)


__all__ = ["drifting", "table"]
