"""The saturation knee: the highest rate that a service sustains within an objective. Pure.

Rates are tried one round each, upwards in steps until one is too much, then between the highest good and the lowest
bad one until these are within a twentieth of each other. A rate counts as bad only if it is bad twice: one noisy
round must not end the search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.units import format_latency, format_rate, format_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.configuration import Gate
    from smp_check.spec.run import Round

STEP_UP = 1.5
STEP_DOWN = 4.0
PRECISION = 1.05
MOST_STEPS = 24
LEAST_ACHIEVED = 0.98
MOST_ERRORS = 0.01
LOWEST_RATE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rate that was tried."""

    rate: float
    """Requests per second asked for, over all clients."""
    achieved: float
    p50: float | None
    p99: float | None
    error_rate: float
    objection: str | None
    """Why it is too much, or ``None`` if it is within the objective."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What was found."""

    rate: float | None
    """The highest rate within the objective; ``None`` if there was none."""
    objective: tuple[str, ...]
    steps: tuple[Step, ...]


class Search:
    """Which rate to try next; give it each outcome in turn."""

    def __init__(self, first: float) -> None:
        self._rate = max(LOWEST_RATE, first)
        self._good: float | None = None
        self._bad: float | None = None
        self._doubted = False
        self._tried = 0

    @property
    def rate(self) -> float | None:
        """The rate to try now, or ``None`` when the search is over."""
        return None if self._over() else self._rate

    def _over(self) -> bool:
        if self._tried >= MOST_STEPS or (self._bad is not None and self._bad <= LOWEST_RATE):
            return True
        return self._good is not None and self._bad is not None and self._bad / self._good <= PRECISION

    @property
    def found(self) -> float | None:
        """The highest good rate."""
        return self._good

    def record(self, good: bool) -> None:
        """What became of ``rate``."""
        self._tried += 1
        if not good and not self._doubted:
            self._doubted = True
            return
        self._doubted = False
        if good:
            self._good = self._rate
        else:
            self._bad = self._rate
        self._rate = self._next()

    def _next(self) -> float:
        if self._bad is None:
            return self._rate * STEP_UP
        if self._good is None:
            return max(LOWEST_RATE, self._bad / STEP_DOWN)
        return math.sqrt(self._good * self._bad)


def objective(gates: Mapping[str, Gate]) -> tuple[str, ...]:
    """The objective in words."""
    limits = [f"{name} at most {format_latency(gate.max or 0)}" for name, gate in latency_limits(gates).items()]
    errors = format_share(_most_errors(gates), digits=2)
    return (
        f"at least {format_share(LEAST_ACHIEVED, digits=0)} of the rate achieved",
        f"errors at most {errors}",
        *limits,
    )


def latency_limits(gates: Mapping[str, Gate]) -> dict[str, Gate]:
    """The gates that limit a latency: ``p99: {max: 25ms}``."""
    return {name: gate for name, gate in gates.items() if name.startswith(("p", "max")) and gate.max is not None}


def _most_errors(gates: Mapping[str, Gate]) -> float:
    gate = gates.get("error_rate")
    return MOST_ERRORS if gate is None or gate.max is None else gate.max


def judge_step(rate: float, rounds: Sequence[Round], gates: Mapping[str, Gate]) -> Step:
    """One rate against the objective; every client must keep it."""
    sent = sum(r.counts.sent for r in rounds)
    failed = sum(r.counts.failed for r in rounds)
    error_rate = failed / sent if sent else 1.0
    objections = [text for r in rounds for text in _objections(r, gates)]
    if error_rate > _most_errors(gates):
        objections.insert(0, f"{format_share(error_rate)} of the requests failed")
    return Step(
        rate=rate,
        achieved=sum(r.achieved_rps for r in rounds),
        p50=_worst(rounds, "p50"),
        p99=_worst(rounds, "p99"),
        error_rate=error_rate,
        objection=objections[0] if objections else None,
    )


def _worst(rounds: Sequence[Round], name: str) -> float | None:
    return max((r.latency.percentiles[name] for r in rounds if name in r.latency.percentiles), default=None)


def _objections(measured: Round, gates: Mapping[str, Gate]) -> list[str]:
    found = []
    asked = measured.requested_rps
    if asked and measured.achieved_rps < LEAST_ACHIEVED * asked:
        found.append(f"only {format_rate(measured.achieved_rps)} achieved")
    for name, gate in latency_limits(gates).items():
        value = measured.latency.max if name == "max" else measured.latency.percentiles.get(name)
        if value is not None and gate.max is not None and value > gate.max:
            found.append(f"{name} {format_latency(value)}")
    return found
