"""Head against k stored runs: how surprising is the head, given all that is not known of the noise?

Every run i says x_i with a known error e_i from its own rounds. Between runs there is more noise, of unknown
standard deviation s, and it is not known how far the reference tells of it. So all is weighed: a grid over s
(prior: log-normal) and over b, the share of the reference's movement that the service shares (0: judge the raw
value, 1: judge the ratio to the reference). The rounds within the runs tell a little of b already: where dividing
by the reference makes them spread more, it is no good reference for this service. For each (s, b) the runs say how
likely it is, and what the next run should look like (Student's t, 6 degrees of freedom, since real noise has heavy
tails); the mixture of all of these is the prediction. One earlier run says nothing of s and little of b: then the
prior decides, and the limits are wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from smp_check.verdict.distributions import t6_tail
from smp_check.verdict.robust import MEDIAN_COST, median

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PARAMETERS: Mapping[str, float] = {
    "prior_raw": 0.045,  # typical noise between runs of a raw median latency, as sd of ln
    "prior_referenced": 0.028,  # the same after dividing by a reference of the same job
    "prior_width": 0.65,  # sd of ln(sd): two thirds of all series are within a factor of two of the typical one
    "family": 0.003,  # bound on any false alarm among all gating metrics, had nothing changed
    "rounds_tell": 3.0,  # how much the rounds' own spread says on b: so many independent rounds
}
SHARES = (0.0, 0.5, 1.0)
_GRID_LOW, _GRID_HIGH, _GRID_STEP = -2.6, 6.5, 0.325  # far up: a wild machine must not fall out of the grid
_T6_SCALE = math.sqrt(4 / 6)  # so that the standard deviation of the t is the one that was meant
_LEAST_ERROR = 1e-8
LEAST_WEIGHT = 1e-6
_HALVINGS = 34
_FEW = 3  # fewer runs: their mean; else their median, which one bad run cannot spoil


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """One value per run, raw and referenced, each with its error; ``referenced`` is ``None`` without a reference."""

    raw: tuple[float, ...]
    raw_error: tuple[float, ...]
    referenced: tuple[float, ...] | None = None
    referenced_error: tuple[float, ...] | None = None

    def shared(self, b: float) -> tuple[list[float], list[float]]:
        """Values and squared errors when the service shares ``b`` of the reference's movement."""
        if self.referenced is None or self.referenced_error is None or b == 0:
            return list(self.raw), [error**2 for error in self.raw_error]
        values = [raw + b * (ref - raw) for raw, ref in zip(self.raw, self.referenced, strict=True)]
        both = zip(self.raw_error, self.referenced_error, strict=True)
        return values, [(raw + b * (ref - raw)) ** 2 for raw, ref in both]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """One (s, b): its weight, the change that it sees, the sd of that change were nothing changed."""

    weight: float
    change: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the history says of a head."""

    guesses: tuple[_Guess, ...]
    share: float
    """Posterior mean of b."""
    change: float
    """ln(head / baseline), larger is worse, at that share."""
    beyond_all: float
    """By how much the head is worse than the worst baseline run (negative: it is not)."""
    below_all: float
    """By how much it is better than the best one."""

    @property
    def typical(self) -> float:
        """Standard deviation of the change, were nothing changed: of the many that are weighed, a middle one."""
        return math.exp(math.fsum(g.weight * math.log(g.sd) for g in self.guesses)) / _T6_SCALE

    def worse(self, change: float = 0.0) -> float:
        """Probability of a head so much worse, were the true change ``change``."""
        return math.fsum(g.weight * t6_tail((g.change - change) / g.sd) for g in self.guesses)

    def better(self, change: float = 0.0) -> float:
        """Probability of a head so much better, were the true change ``change``."""
        return math.fsum(g.weight * t6_tail((change - g.change) / g.sd) for g in self.guesses)

    def bound(self, p: float) -> float:
        """The true change that a head like this would exceed with probability ``p``."""
        reach = 60 * max(g.sd for g in self.guesses)
        low = min(g.change for g in self.guesses) - reach
        high = max(g.change for g in self.guesses) + reach
        return bisect(lambda change: self.worse(change) - p, low, high)

    def limit(self, p: float) -> float:
        """The change that an unchanged service exceeds with probability ``p``."""
        high = 60 * max(g.sd for g in self.guesses)
        return bisect(lambda z: p - math.fsum(g.weight * t6_tail(z / g.sd) for g in self.guesses), 0.0, high)


def bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    """The zero of a rising function, to a part in ten thousand million of the range."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


@lru_cache(maxsize=256)
def log_normal_grid(center: float, width: float) -> tuple[tuple[float, float], ...]:
    """(s, log prior weight) of a log-normal prior."""
    count = round((_GRID_HIGH - _GRID_LOW) / _GRID_STEP)
    steps = [_GRID_LOW + _GRID_STEP * i for i in range(count + 1)]
    return tuple((center * math.exp(width * step), -0.5 * step * step) for step in steps)


def predict(base: Entries, head: Entries, *, spread: float, parameters: Mapping[str, float] = PARAMETERS) -> Prediction:
    """Weigh all (s, b) by what the baseline runs say; ``spread`` is the metric's natural noise in medians' noises."""
    shares = SHARES if base.referenced is not None and head.referenced is not None else (0.0,)
    guesses: list[tuple[float, float, _Guess]] = []
    for b in shares:
        center = parameters["prior_raw"] + b * (parameters["prior_referenced"] - parameters["prior_raw"])
        sides = (*base.shared(b), *head.shared(b))
        told = -0.5 * parameters["rounds_tell"] * math.log(math.fsum([*sides[1], *sides[3]]) + _LEAST_ERROR)
        grid = log_normal_grid(center * spread, parameters["prior_width"])
        guesses += [
            (b, told + log_prior + log_fit, guess) for s, log_prior in grid for log_fit, guess in [_fit(s, *sides)]
        ]
    top = max(log_weight for _, log_weight, _ in guesses)
    weighed = [(b, math.exp(log_weight - top), guess) for b, log_weight, guess in guesses]
    weighed = [(b, weight, guess) for b, weight, guess in weighed if weight > LEAST_WEIGHT]
    total = math.fsum(weight for _, weight, _ in weighed)
    share = math.fsum(weight * b for b, weight, _ in weighed) / total
    values, (here,) = base.shared(share)[0], head.shared(share)[0]
    return Prediction(
        guesses=tuple(_Guess(weight=weight / total, change=g.change, sd=g.sd) for _, weight, g in weighed),
        share=share,
        change=here - median(values),
        beyond_all=here - max(values),
        below_all=min(values) - here,
    )


def _fit(
    s: float, values: Sequence[float], errors: Sequence[float], head: Sequence[float], head_error: Sequence[float]
) -> tuple[float, _Guess]:
    """Log likelihood of the baseline under between-run noise ``s``, and the head's change under it."""
    variances = [s * s + error for error in errors]
    weights = [1 / v for v in variances]
    total = math.fsum(weights)
    center = math.fsum(w * x for w, x in zip(weights, values, strict=True)) / total
    misfit = math.fsum(w * (x - center) ** 2 for w, x in zip(weights, values, strict=True))
    log_fit = -0.5 * (math.fsum(map(math.log, variances)) + misfit + math.log(total))
    robust = len(values) >= _FEW
    sd = math.sqrt(s * s + head_error[0] + (MEDIAN_COST if robust else 1.0) / total)
    change = head[0] - (median(values) if robust else center)
    return log_fit, _Guess(weight=0.0, change=change, sd=_T6_SCALE * sd)
