"""Many metrics, one question: Holm's step-down correction (Holm 1979, Scand. J. Statist. 6:65)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def levels(p_values: Sequence[float], family: float) -> list[float]:
    """The level that each p value has to meet, so that one false alarm among all has at most probability ``family``.

    The smallest p has to meet ``family / m``, the next ``family / (m - 1)``... as long as all before it did.
    """
    m = len(p_values)
    order = sorted(range(m), key=lambda i: p_values[i])
    result = [0.0] * m
    level = family / m if m else family
    for rank, i in enumerate(order):
        result[i] = level
        if p_values[i] <= level and rank + 1 < m:
            level = family / (m - rank - 1)
    return result
