"""Base and head side by side, interleaved in one job: evidence from launches.

A launch is a fresh start of both sides; within it every place in the schedule has a round of each, close in
time. A launch's estimate is Huber's robust mean of its pairs' ln(head / base), with a scale from the pairs of all
launches: a burst of somebody else's work that hits one round of a pair cannot drag it far.

Launches differ by more than their pairs tell (memory layout, caches, placement), by an unknown standard deviation s.
All s are weighed (prior: log-normal, a start of one side being worth about 1 %) by how well they explain the launches
seen; the mixture is the evidence on the true change. With one launch the prior alone stands for s.

Judging several times while measuring is paid for: each planned look gets its share of the error budget.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.verdict.distributions import even_t_tail
from smp_check.verdict.evidence_model import CONFIDENCE, Evidence
from smp_check.verdict.history import LEAST_WEIGHT, bisect, log_normal_grid
from smp_check.verdict.metrics import metric_named
from smp_check.verdict.robust import huber_mean, mad, median

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.verdict.model import Inputs

PARAMETERS: Mapping[str, float] = {
    "launch_spread": 0.014,  # noise of a launch's difference, as sd of ln: 1 % for the start of each side
    "launch_width": 0.6,  # sd of ln(that)
    "least_spread": 0.001,  # HdrHistograms have three digits: no pair is surer than that
    "family": 0.03,  # bound on any false alarm among all gating metrics, before the floor of half the tolerance
    "looks": 5.0,  # how often the launches so far may be judged; each look is paid for
}
FEWEST_LAUNCHES = 4
FEWEST_PAIRS = 8
_LEAST_DF, _MOST_DF = 4, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """One s: its weight, the change and its standard error under it."""

    weight: float
    change: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """What is known of the true change."""

    guesses: tuple[_Guess, ...]
    df: int

    @property
    def change(self) -> float:
        """Posterior mean."""
        return math.fsum(g.weight * g.change for g in self.guesses)

    @property
    def error(self) -> float:
        """Its standard error, on average."""
        return math.sqrt(math.fsum(g.weight * g.error**2 for g in self.guesses))

    def above(self, change: float) -> float:
        """How plausible it is that the true change is at most ``change``."""
        return math.fsum(g.weight * even_t_tail((g.change - change) / g.error, self.df) for g in self.guesses)

    def bound(self, p: float) -> float:
        """The change that the true one is below with plausibility ``p``."""
        reach = 40 * max(g.error for g in self.guesses)
        low, high = min(g.change for g in self.guesses) - reach, max(g.change for g in self.guesses) + reach
        return bisect(lambda change: self.above(change) - p, low, high)

    def limit(self, p: float) -> float:
        """The change that an unchanged service shows with probability ``p``."""
        high = 60 * max(g.error for g in self.guesses)
        return bisect(lambda z: p - self._tail(z), 0.0, high)

    def _tail(self, z: float) -> float:
        return math.fsum(g.weight * even_t_tail(z / g.error, self.df) for g in self.guesses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """One estimate per launch, with the error that its own pairs tell."""

    values: tuple[float, ...]
    errors: tuple[float, ...]
    pair_spread: float
    """Standard deviation of one pair, as far as it matters to the estimate."""


def estimates(launches: Sequence[Sequence[float]], least: float) -> Estimates:
    """Huber's mean of each launch's pairs; errors from the residuals of all launches together."""
    centers = [median(pairs) for pairs in launches]
    residuals = [d - c for pairs, c in zip(launches, centers, strict=True) for d in pairs]
    spare = max(len(residuals) - len(launches), 1)
    scale = max(mad(residuals) * math.sqrt(len(residuals) / spare), least)
    found = [huber_mean(pairs, scale) for pairs in launches]
    rest = [(d - m) / scale for pairs, m in zip(launches, found, strict=True) for d in pairs]
    clipped = math.fsum(min(abs(r), 1.0) ** 2 for r in rest) / spare
    inside = max(sum(abs(r) < 1 for r in rest) / len(rest), 0.1)
    pair_spread = max(scale * math.sqrt(clipped) / inside, least)
    return Estimates(
        values=tuple(found),
        errors=tuple(pair_spread / math.sqrt(len(pairs)) for pairs in launches),
        pair_spread=pair_spread,
    )


def weigh(seen: Estimates, *, center: float, width: float) -> Mixture:
    """Weigh all s by how well they explain the launches' estimates."""
    fitted = [(log_prior, *_fit(s, seen)) for s, log_prior in log_normal_grid(center, width)]
    top = max(log_prior + log_fit for log_prior, log_fit, _, _ in fitted)
    weighed = [(math.exp(log_prior + log_fit - top), change, error) for log_prior, log_fit, change, error in fitted]
    weighed = [each for each in weighed if each[0] > LEAST_WEIGHT]
    total = math.fsum(weight for weight, _, _ in weighed)
    guesses = tuple(_Guess(weight=weight / total, change=change, error=error) for weight, change, error in weighed)
    df = min(max(2 * (len(seen.values) // 2 + 1), _LEAST_DF), _MOST_DF)
    return Mixture(guesses=guesses, df=df)


def _fit(s: float, seen: Estimates) -> tuple[float, float, float]:
    variances = [s * s + error**2 for error in seen.errors]
    weights = [1 / v for v in variances]
    total = math.fsum(weights)
    change = math.fsum(w * x for w, x in zip(weights, seen.values, strict=True)) / total
    misfit = math.fsum(w * (x - change) ** 2 for w, x in zip(weights, seen.values, strict=True))
    log_fit = -0.5 * (math.fsum(map(math.log, variances)) + misfit + math.log(total))
    return log_fit, change, 1 / math.sqrt(total)


def paired_evidence(inputs: Inputs, metric: str) -> Evidence | None:
    """Evidence from the pairs of all launches."""
    launches = [pairs for pairs in inputs.differences if pairs]
    if not launches:
        return None
    parameters = {**PARAMETERS, **inputs.parameters}
    seen = estimates(launches, parameters["least_spread"])
    spread = parameters.get("spread", metric_named(metric).spread)
    said = weigh(seen, center=parameters["launch_spread"] * spread, width=parameters["launch_width"])
    one = len(launches) == 1
    enough = len(launches[0]) >= FEWEST_PAIRS if one else len(launches) >= FEWEST_LAUNCHES
    cost, tail = parameters["looks"], (1 - CONFIDENCE) / 2
    return Evidence(
        p_worse=min(1.0, cost * said.above(0.0)),
        p_better=min(1.0, cost * (1 - said.above(0.0))),
        change=said.change,
        interval=(said.bound(tail), said.bound(1 - tail)),
        upper=said.bound(1 - 2 * tail / cost),
        limit=lambda level: said.limit(level / cost),
        worse_than_all=enough,
        better_than_all=enough,
        spread=said.error * math.sqrt(len(launches)),
        units=len(launches),
    )
