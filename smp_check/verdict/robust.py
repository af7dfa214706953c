"""Summaries of a few noisy numbers that one bad number cannot spoil."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MEDIAN_COST = math.pi / 2
"""Variance of a median over that of a mean, for normal noise."""
_STEPS = 100
_PRECISION = 1e-9
_MAD_TO_SD = 1.482602218505602


def median(values: Sequence[float]) -> float:
    """The middle value; raises ``ValueError`` for none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values, no median")
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return math.fsum(values) / len(values)


def variance(values: Sequence[float]) -> float:
    """The sample variance (divisor n - 1); 0 for fewer than two values."""
    if len(values) < 2:
        return 0.0
    center = mean(values)
    return math.fsum((value - center) ** 2 for value in values) / (len(values) - 1)


def mad(values: Sequence[float]) -> float:
    """The median absolute deviation, scaled to the standard deviation of normal noise."""
    center = median(values)
    return _MAD_TO_SD * median([abs(value - center) for value in values])


def huber_mean(values: Sequence[float], scale: float) -> float:
    """Huber's M-estimate of location for a known scale: values beyond one scale from it pull as if they were there.

    Huber 1964, Ann. Math. Statist. 35:73, with k = 1; 90 % as sharp as the mean for normal noise, and much sharper
    for noise with bursts.
    """
    center = median(values)
    for _ in range(_STEPS):
        step = math.fsum(max(-scale, min(scale, value - center)) for value in values) / len(values)
        center += step
        if abs(step) < _PRECISION * scale:
            break
    return center
