"""What is measured against what, how often, and how long that takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smp_check.load.plan import BETWEEN_ROUNDS
from smp_check.spec.configuration import Launches
from smp_check.verdict.paired import looks

if TYPE_CHECKING:
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import Provenance
    from smp_check.subject.side import Side

PAIRS = 12
"""Adjacent rounds of base and head per launch: six ABBA blocks (what fewer cost in power: benchmarks/verdicts)."""
FEWEST_PAIRS = 12
"""The same where nothing is restarted: pairs are all there is."""
PAIR_LOOKS = (12, 24, 48, 96)
"""When to judge where nothing is restarted, in pairs of rounds."""
START_SECONDS = 5.0
"""What one launch is reckoned to need besides its load, before the first has shown it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What is measured against what, and how often."""

    start: Callable[[int], AbstractContextManager[tuple[Side, Side]]]
    """Gives base and head for one launch, by its number from 0."""
    launches: Launches
    pairs: int = PAIRS
    max_seconds: float | None = None
    restarts: bool = True
    """Whether each launch is a fresh start of both sides."""
    reference: str | None = None
    base: Provenance | None = None
    """Where the base's code came from, if that is known."""

    def looks(self) -> tuple[int, ...]:
        """When to judge: after so many launches or, where nothing is restarted, so many pairs of rounds."""
        if self.restarts:
            return looks(self.launches)
        return (*(count for count in PAIR_LOOKS if count < self.pairs), self.pairs)

    def load_seconds(self, configuration: Configuration) -> float:
        """Seconds of one launch under load, warm-up included."""
        check = configuration.check
        return 2 * self.pairs * (check.round + BETWEEN_ROUNDS) + 2 * check.warmup

    def expected(self, configuration: Configuration) -> tuple[float, float]:
        """Seconds that the whole will take at least and at most, as far as ``max_seconds`` lets it."""
        one = self._one(configuration)
        bound = float("inf") if self.max_seconds is None else self.max_seconds
        return min(one * self.launches.min, bound), min(one * self.launches.max, bound)

    def fitting(self, configuration: Configuration) -> int:
        """How many launches ``max_seconds`` leaves room for: the first is made in any case."""
        if self.max_seconds is None:
            return self.launches.max
        return min(self.launches.max, max(1, int(self.max_seconds / self._one(configuration))))

    def _one(self, configuration: Configuration) -> float:
        return self.load_seconds(configuration) + (START_SECONDS if self.restarts else 0)


def arranged(match: Match, configuration: Configuration) -> Match:
    """The match as it will be: where there is but one launch, that takes the rounds that more of them would have."""
    return match if match.restarts and match.launches.max > 1 else once(match, configuration)


def once(match: Match, configuration: Configuration) -> Match:
    """The match where nothing is restarted: one launch as long as ``test.duration`` asks of each side."""
    check = configuration.check
    pairs = max(FEWEST_PAIRS, round(configuration.duration / check.round))
    if match.max_seconds is not None:
        pairs = min(pairs, int((match.max_seconds - 2 * check.warmup) / (2 * (check.round + BETWEEN_ROUNDS))))
    return replace(match, launches=Launches(min=1, max=1), pairs=max(2, pairs), restarts=False)
