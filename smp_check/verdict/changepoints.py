"""Where a series changed its level: rank statistics, binary segmentation, significance and magnitude.

For every split of a segment the Wilcoxon rank sum of the two parts is standardised; the largest of them is the
candidate. How large it gets by chance follows from the length alone, whatever the noise is distributed like
(tail of the maximum of a standardised Brownian bridge: Miller & Siegmund 1982, Biometrics 38:1011). Noise with a
memory is told from a change by the lag-one correlation that remains when the change is taken out. A change point
counts when it is significant and the medians differ by the magnitude asked for; then both parts are searched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from smp_check.verdict.distributions import normal_tail
from smp_check.verdict.robust import mad, mean, median

SHORTEST = 4
"""Points on each side of a change point."""
LEVEL = 0.03
"""Bound on the probability of a change point where there is none; what is really seen is half of it."""
MAGNITUDE = math.log(1.05)
_PASSES = 3
_REACH = 1.5
_BY_CHANCE = 1.64  # in standard deviations of the correlation of independent noise
# Two means that are taken out hide 2 (1 + 3r) / n of a correlation r (Kendall 1954, Biometrika 41:403); a split chosen
# for its size hides about as much again (simulated).
_BIAS = 12.0
_MOST_MEMORY = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """A level that changed."""

    index: int
    """The first point of the new level."""
    change: float
    """Median after minus median before, between the neighbouring change points, in the series' unit (x: ln)."""
    p: float
    """Probability of such a split, were there none."""


def change_points(
    series: Sequence[float], *, level: float = LEVEL, magnitude: float = MAGNITUDE
) -> tuple[ChangePoint, ...]:
    """All change points of a series, in order; an empty tuple where nothing changed or little is known."""
    found = sorted(_search(series, 0, len(series), level, magnitude))
    for _ in range(_PASSES):
        refined = _refine(series, found, level, magnitude)
        if refined == found:
            break
        found = refined
    edges = [0, *found, len(series)]
    made = []
    for i, index in enumerate(found, start=1):
        before, after = series[edges[i - 1] : index], series[index : edges[i + 1]]
        _, p = best_split(series[edges[i - 1] : edges[i + 1]])
        made.append(ChangePoint(index=index, change=median(after) - median(before), p=p))
    return tuple(made)


def _search(series: Sequence[float], start: int, end: int, level: float, magnitude: float) -> list[int]:
    segment = series[start:end]
    split, p = best_split(segment)
    if split is None or p > level or abs(median(segment[split:]) - median(segment[:split])) < magnitude:
        return []
    middle = start + split
    left = _search(series, start, middle, level, magnitude)
    return [*left, middle, *_search(series, middle, end, level, magnitude)]


def _refine(series: Sequence[float], found: list[int], level: float, magnitude: float) -> list[int]:
    """Each change point again, between its neighbours: it may move a little, or turn out to be none."""
    kept: list[int] = []
    for i, index in enumerate(found):
        start = kept[-1] if kept else 0
        end = found[i + 1] if i + 1 < len(found) else len(series)
        segment = series[start:end]
        split, p = best_split(segment)
        if split is None or p > level or abs(median(segment[split:]) - median(segment[:split])) < magnitude:
            continue
        kept.append(start + split if abs(start + split - index) < end - start else index)
    return kept


def best_split(segment: Sequence[float]) -> tuple[int | None, float]:
    """The split with the largest standardised rank sum, and its p value; ``None`` for a segment too short."""
    n = len(segment)
    if n < 2 * SHORTEST:
        return None, 1.0
    ranks = mid_ranks(segment)
    spread = _rank_variance(ranks)
    if spread <= 0:
        return None, 1.0
    total, best, split = 0.0, 0.0, SHORTEST
    for k in range(1, n - SHORTEST + 1):
        total += ranks[k - 1]
        if k < SHORTEST:
            continue
        z = abs(total - k * (n + 1) / 2) / math.sqrt(k * (n - k) / n * spread)
        if z > best:
            best, split = z, k
    return _placed(segment, split), tail_of_maximum(best / _memory(segment, split), n)


def _placed(segment: Sequence[float], split: int) -> int:
    """Where exactly: ranks tell that there is a change, the values tell better where.

    The split that leaves the least squares (Hinkley 1970, Biometrika 57:1), each value cut where it lies further out
    than ``_REACH`` typical deviations from both levels.
    """
    levels = (median(segment[:split]), median(segment[split:]))
    rest = [x - level for part, level in zip((segment[:split], segment[split:]), levels, strict=True) for x in part]
    reach = _REACH * mad([*rest, *(-r for r in rest)])
    low, high = min(levels) - reach, max(levels) + reach
    values = [min(max(x, low), high) for x in segment]
    n, center = len(values), mean(values)
    total, best, place = 0.0, -1.0, split
    for k in range(1, n - SHORTEST + 1):
        total += values[k - 1] - center
        if k >= SHORTEST and total * total / (k * (n - k)) > best:
            best, place = total * total / (k * (n - k)), k
    return place


def two_levels(before: Sequence[float], after: Sequence[float]) -> float:
    """Two-sided p of the Wilcoxon-Mann-Whitney test by the normal approximation, ties and memory paid for."""
    both = [*before, *after]
    ranks = mid_ranks(both)
    spread = _rank_variance(ranks)
    k, n = len(before), len(both)
    if spread <= 0:
        return 1.0
    z = abs(math.fsum(ranks[:k]) - k * (n + 1) / 2) / math.sqrt(k * (n - k) / n * spread)
    return 2 * normal_tail(z / _memory(both, k))


def _rank_variance(ranks: Sequence[float]) -> float:
    """Sample variance of the ranks: ties are paid for."""
    center = (len(ranks) + 1) / 2
    return math.fsum((rank - center) ** 2 for rank in ranks) / (len(ranks) - 1)


def mid_ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the middle of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or values[order[end]] != values[order[start]]:
            for i in order[start:end]:
                ranks[i] = (start + 1 + end) / 2
            start = end
    return ranks


def _memory(segment: Sequence[float], split: int) -> float:
    """How much wider means of this noise scatter than those of independent noise: sqrt((1 + r) / (1 - r))."""
    parts = [[rank / len(part) for rank in mid_ranks(part)] for part in (segment[:split], segment[split:])]
    rest = [rank - mean(ranks) for ranks in parts for rank in ranks]  # what is left when the change is taken out
    total = math.fsum(r * r for r in rest)
    if total <= 0:
        return 1.0
    n = len(rest)
    r = math.fsum(a * b for a, b in pairwise(rest)) / total + 1 / n
    if r <= _BY_CHANCE / math.sqrt(n):  # so much may be chance
        return 1.0
    r = min(r + _BIAS * r / n, _MOST_MEMORY)
    return math.sqrt((1 + r) / (1 - r))


def tail_of_maximum(z: float, n: int) -> float:
    """P(the largest standardised split of n points exceeds z); 1 where the approximation says nothing."""
    if z <= 1:
        return 1.0
    edge = SHORTEST / n
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return min(1.0, density * ((z - 1 / z) * 2 * math.log((1 - edge) / edge) + 4 / z))


def calmer(raw: Sequence[float], referenced: Sequence[float | None]) -> tuple[list[float], bool]:
    """The series to judge: relative to the reference where all points have one and that is the calmer of the two."""
    ratios = [x for x in referenced if x is not None]
    if len(ratios) == len(raw) and noise_of(ratios) < noise_of(raw):
        return ratios, True
    return list(raw), False


def noise_of(xs: Sequence[float]) -> float:
    """Typical difference between neighbours (scaled MAD), which no single change point can spoil."""
    steps = [b - a for a, b in pairwise(xs)]
    return mad([*steps, *(-step for step in steps)]) if steps else 0.0
