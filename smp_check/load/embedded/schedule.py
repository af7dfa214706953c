"""When requests are due: fixed times, or exponential gaps for Poisson arrivals. Nothing is queued or stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

NEVER = float("inf")


class Schedule:
    """The send times of one lane in one round, one after the other."""

    __slots__ = ("_count", "_passed", "_random", "_rate", "_start", "cursor", "until")

    def __init__(self) -> None:
        self.cursor = NEVER
        """When the next request is due; ``NEVER`` when none is left."""
        self.until = 0.0
        """End of the round."""
        self._start = self._rate = 0.0
        self._count = self._passed = 0
        self._random: random.Random | None = None

    def begin(self, start: float, seconds: float, rate: float, phase: float, poisson: random.Random | None) -> None:
        """Plan ``rate * seconds`` requests, all ``phase`` later than those of a lane with phase 0."""
        self.until = start + seconds
        self._rate, self._random = rate, poisson
        self._count, self._passed = max(1, round(rate * seconds)), 0
        self._start = self.cursor = start + phase
        if poisson is not None:
            self._pass_gap(poisson)

    def _pass_gap(self, chance: random.Random) -> None:
        self.cursor += chance.expovariate(self._rate)
        if self.cursor >= self.until:
            self.cursor = NEVER

    def advance(self) -> None:
        """Go on to the next request."""
        self._passed += 1
        if self._random is not None:
            self._pass_gap(self._random)
        elif self._passed < self._count:
            self.cursor = self._start + self._passed / self._rate  # not a sum of gaps: those drift
        else:
            self.cursor = NEVER

    def overdue(self, now: float) -> int:
        """How many requests were due by now and have not been passed."""
        if self.cursor > now:
            return 0
        if self._random is not None:
            return int((min(now, self.until) - self.cursor) * self._rate) + 1
        due = int((min(now, self.until) - self._start) * self._rate + 1e-6) + 1
        return min(due, self._count) - self._passed

    def stop(self) -> None:
        """Plan nothing more."""
        self.cursor = NEVER
