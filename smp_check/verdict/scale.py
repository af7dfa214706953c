"""Between x (ln, larger is worse) and what people read: values, relative changes, floors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.verdict.model import Direction

if TYPE_CHECKING:
    from smp_check.spec.configuration import Gate


def as_share(change: float, direction: Direction) -> float:
    """head / base - 1 of a change of x."""
    return math.expm1(min(change if direction is Direction.LOWER_IS_BETTER else -change, 700.0))


def as_interval(interval: tuple[float, float], direction: Direction) -> tuple[float, float]:
    """The same for both ends, in order."""
    low, high = (as_share(end, direction) for end in interval)
    return (low, high) if low <= high else (high, low)


def as_worsening(change: float, direction: Direction) -> float:
    """A change of x as a positive share of the base value: 0.1 is 10 % slower, or 10 % fewer."""
    return abs(as_share(change, direction))


def of_tolerance(tolerance: float, direction: Direction) -> float:
    """A relative worsening as a change of x."""
    if direction is Direction.LOWER_IS_BETTER:
        return math.log1p(tolerance)
    return -math.log1p(-min(tolerance, 0.99))


def of_difference(difference: float, base: float | None, direction: Direction) -> float:
    """An absolute worsening, in the metric's unit, as a change of x from ``base``."""
    if not base or difference <= 0:
        return 0.0
    share = difference / base
    return math.log1p(share) if direction is Direction.LOWER_IS_BETTER else of_tolerance(share, direction)


def floor(tolerance: float, gate: Gate, step: float, base: float | None, direction: Direction) -> float:
    """The smallest change of x that may be called: half the tolerance, the absolute floor, the generator's step."""
    absolute = max(gate.absolute or 0.0, step)
    return max(of_tolerance(tolerance, direction) / 2, of_difference(absolute, base, direction))


def bound(tolerance: float, gate: Gate, step: float, base: float | None, direction: Direction) -> float:
    """The change of x that ``unchanged`` must exclude: the tolerance, or the absolute floor where that is more."""
    absolute = max(gate.absolute or 0.0, step)
    return max(of_tolerance(tolerance, direction), of_difference(absolute, base, direction))
