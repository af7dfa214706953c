"""What the numbers of one metric are evidence for, on the scale of x (ln, larger is worse)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

CONFIDENCE = 0.95
"""Of the interval that is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one metric's numbers say."""

    p_worse: float
    """Probability of a head so bad, or worse, had nothing changed."""
    p_better: float
    change: float
    interval: tuple[float, float]
    upper: float
    """The worst true change that is still plausible; ``unchanged`` needs it to be within the tolerance."""
    limit: Callable[[float], float]
    """Level -> the smallest change that could have been called at it."""
    least: float = 0.0
    """Nothing smaller may be called, however sure."""
    worse_than_all: bool = True
    better_than_all: bool = True
    spread: float = 0.0
    """Standard deviation of the change, for planning."""
    own_error: float = 0.0
    """The head's part of it that more rounds would shrink."""
    units: int = 1
    """Baseline runs, or launches."""
