"""Noise of shared machines, simulated: rounds, launches and whole runs, for several metrics at once.

A round's x = ln(value) gets: white noise of its own, a noisy neighbour that comes and goes in bursts, a random walk
and a linear drift of the machine, now and then a one-sided outlier. A launch adds what a fresh start changes by
chance, for each side. Metrics of one service share most of this; how much is ``common``.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A kind of machine; all spreads are standard deviations of ln, times are seconds."""

    name: str
    round: float
    neighbour: float
    """How much slower all is while the neighbour works."""
    on: float = 8.0
    off: float = 24.0
    walk: float = 0.005
    """Random walk, per two seconds."""
    drift: float = 0.02
    """Per minute, in either direction."""
    outliers: float = 0.02
    """Share of rounds that are outliers."""
    outlier: float = 0.15
    """Their mean size."""
    launch: float = 0.015
    """What a fresh start of one side changes."""
    common: float = 0.6
    """Share of a metric's variance that it shares with the other metrics of the service."""


CALM = Environment(name="calm", round=0.015, neighbour=0.05, outliers=0.01, outlier=0.08)
TYPICAL = Environment(name="typical", round=0.03, neighbour=0.15)
BAD = Environment(name="bad", round=0.06, neighbour=0.30, walk=0.01, drift=0.04, outliers=0.03, outlier=0.3)
RESTLESS = Environment(name="typical, launches 3 %", round=0.03, neighbour=0.15, launch=0.03)


class Machine:
    """A machine that measures one job; time goes on from round to round."""

    def __init__(self, environment: Environment, chance: random.Random) -> None:
        self._environment = environment
        self._chance = chance
        self._working = chance.random() < environment.on / (environment.on + environment.off)
        self._left = self._stretch()
        self._walk = 0.0
        self._time = 0.0
        self._slope = chance.choice((-1, 1)) * environment.drift / 60

    def _stretch(self) -> float:
        return self._chance.expovariate(1 / (self._environment.on if self._working else self._environment.off))

    def _neighbour(self, seconds: float) -> float:
        """Share of the next seconds during which the neighbour works."""
        busy, rest = 0.0, seconds
        while rest > 0:
            step = min(rest, self._left)
            busy += step if self._working else 0.0
            rest -= step
            self._left -= step
            if self._left <= 0:
                self._working = not self._working
                self._left = self._stretch()
        return busy / seconds

    def round(self, seconds: float, metrics: int = 1) -> list[float]:
        """What a round of so many seconds adds to each metric's x."""
        e, chance = self._environment, self._chance
        self._walk += chance.gauss(0, e.walk * math.sqrt(seconds / 2))
        self._time += seconds
        shared = math.log1p(e.neighbour * self._neighbour(seconds)) + self._walk + self._slope * self._time
        if chance.random() < e.outliers:
            shared += chance.expovariate(1 / e.outlier)
        return [shared + noise for noise in mixed(chance, e.round, e.common, metrics)]


def mixed(chance: random.Random, spread: float, common: float, metrics: int) -> list[float]:
    """Normal noise of several metrics, of which a share of the variance is common to all."""
    together = chance.gauss(0, spread * math.sqrt(common))
    return [together + chance.gauss(0, spread * math.sqrt(1 - common)) for _ in range(metrics)]


def launches(
    environment: Environment, chance: random.Random, *, count: int, pairs: int, seconds: float, metrics: int = 1
) -> list[list[list[float]]]:
    """metric -> launch -> pair: ln(head / base) of two identical sides, ABBA blocks with a random first letter."""
    made: list[list[list[float]]] = [[] for _ in range(metrics)]
    for _ in range(count):
        machine = Machine(environment, chance)
        start = [
            head - base
            for base, head in zip(
                mixed(chance, environment.launch, environment.common, metrics),
                mixed(chance, environment.launch, environment.common, metrics),
                strict=True,
            )
        ]
        found: list[list[float]] = [[] for _ in range(metrics)]
        flip = False
        for pair in range(pairs):
            if pair % 2 == 0:
                flip = chance.random() < 0.5
            first, second = machine.round(seconds, metrics), machine.round(seconds, metrics)
            sign = 1 if (pair % 2 == 0) != flip else -1
            for metric in range(metrics):
                found[metric].append(sign * (second[metric] - first[metric]) + start[metric])
        for metric in range(metrics):
            made[metric].append(found[metric])
    return made
