"""Against stored runs, simulated: false alarms and power by length of the history, beside other rules."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.verdicts.noise import mixed
from benchmarks.verdicts.rules import bencher_t, over
from smp_check.spec.configuration import Gate
from smp_check.verdict.decide import decide
from smp_check.verdict.evidence import LEAST_CHANGE
from smp_check.verdict.extract import Observed
from smp_check.verdict.gather import compared
from smp_check.verdict.history import PARAMETERS, Entries, predict
from smp_check.verdict.metrics import metric_named
from smp_check.verdict.model import Verdict
from smp_check.verdict.validity import Restriction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HISTORIES = (1, 2, 5, 10, 20)
EFFECTS = (0.0, 0.10, 0.20, 0.50)
TOLERANCE = 0.10
RIVALS = 4
"""One job in so many is judged by the other rules too, and by the whole verdict."""
METRICS = ("p50", "p75", "mean", "cpu_per_request", *(f"metric-{i}" for i in range(8)))


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Between-run noise: what the machine shares with the reference, and what is the service's own."""

    name: str
    machine: Callable[[random.Random, int], list[float]]
    """So many runs in a row: the machine's x."""
    own: float
    """Standard deviation of what the reference does not share."""


def normal(spread: float) -> Callable[[random.Random, int], list[float]]:
    return lambda chance, n: [chance.gauss(0, spread) for _ in range(n)]


def drifting(chance: random.Random, n: int) -> list[float]:
    slope = chance.choice((-1, 1)) * 0.004
    return [slope * i + chance.gauss(0, 0.04) for i in range(n)]


def remembering(chance: random.Random, n: int) -> list[float]:
    x, made = chance.gauss(0, 0.06), []
    for _ in range(n):
        x = 0.6 * x + chance.gauss(0, 0.06 * 0.8)
        made.append(x)
    return made


def two_machines(chance: random.Random, n: int) -> list[float]:
    return [(0.15 if chance.random() < 0.25 else 0.0) + chance.gauss(0, 0.02) for _ in range(n)]


def with_outliers(chance: random.Random, n: int) -> list[float]:
    return [chance.gauss(0, 0.04) + (chance.expovariate(1 / 0.3) if chance.random() < 0.05 else 0) for _ in range(n)]


NOISES = (
    *(
        Noise(name=f"log-normal, CV {cv:.0%}", machine=normal(cv), own=min(cv * 0.4, 0.03))
        for cv in (0.02, 0.05, 0.1, 0.2)
    ),
    Noise(name="drift", machine=drifting, own=0.022),
    Noise(name="autocorrelation 0.6", machine=remembering, own=0.022),
    Noise(name="two machine speeds", machine=two_machines, own=0.022),
    Noise(name="outliers", machine=with_outliers, own=0.022),
)


def heavy(chance: random.Random, spread: float, metrics: int) -> list[float]:
    """Student's t with 4 degrees of freedom: real noise has such tails."""
    wide = math.sqrt(2 / (sum(chance.gauss(0, 1) ** 2 for _ in range(4)) / 2)) / math.sqrt(2) if spread else 1.0
    return [x * wide for x in mixed(chance, spread, 0.6, metrics)]


def draw(noise: Noise, chance: random.Random, k: int, metrics: int = 1, within: float = 0.006) -> list[list[Observed]]:
    """metric -> k + 1 runs, the head last."""
    machine = noise.machine(chance, k + 1)
    own = [heavy(chance, noise.own, metrics) for _ in range(k + 1)]
    made: list[list[Observed]] = []
    for metric in range(metrics):
        runs = []
        for shared, mine in zip(machine, own, strict=True):
            x, reference = shared + mine[metric], shared + chance.gauss(0, within)
            runs.append(
                Observed(
                    value=math.exp(x),
                    raw=x,
                    raw_error=within,
                    referenced=x - reference,
                    referenced_error=within * 1.4,
                    rounds=6,
                )
            )
        made.append(runs)
    return made


def moved(observed: Observed, effect: float) -> Observed:
    assert observed.referenced is not None
    assert observed.referenced_error is not None
    return Observed(
        value=observed.value * math.exp(effect),
        raw=observed.raw + effect,
        raw_error=observed.raw_error,
        referenced=observed.referenced + effect,
        referenced_error=observed.referenced_error,
        rounds=observed.rounds,
    )


def bare(observed: Observed) -> Observed:
    return Observed(value=observed.value, raw=observed.raw, raw_error=observed.raw_error, rounds=observed.rounds)


def verdict(runs: Sequence[Observed], effect: float, *, referenced: bool, tolerance: float = TOLERANCE) -> Verdict:
    head = moved(runs[-1], effect)
    base = list(runs[:-1])
    if not referenced:
        head, base = bare(head), [bare(each) for each in base]
    gates = {"p50": Gate(tolerance=tolerance)}
    return decide([compared("c", "p50", base, head, Restriction(), gates)], gates)[0].verdict


def called(runs: Sequence[Observed], effects: Sequence[float], *, referenced: bool) -> list[bool]:
    """For each effect whether a lone p50 is called regressed at a tolerance of 10 %.

    What ``verdict`` says, without the interval that takes most of its time; a test holds the two against each other.
    """
    base, head = (entries(part, referenced) for part in (runs[:-1], runs[-1:]))
    said = predict(base, head, spread=1.0)
    least = max(math.log1p(TOLERANCE) / 2, LEAST_CHANGE.get(len(runs) - 1, 0.0))
    moves = [math.log1p(effect) for effect in effects]
    return [
        said.change + x >= least and said.beyond_all + x > 0 and said.worse(-x) <= PARAMETERS["family"] for x in moves
    ]


def entries(runs: Sequence[Observed], referenced: bool) -> Entries:
    return Entries(
        raw=tuple(o.raw for o in runs),
        raw_error=tuple(o.raw_error for o in runs),
        referenced=tuple(o.referenced or 0.0 for o in runs) if referenced else None,
        referenced_error=tuple(o.referenced_error or 0.0 for o in runs) if referenced else None,
    )


def by_effect(jobs: Sequence[Sequence[Observed]], referenced: bool) -> list[tuple[bool, ...]]:
    """Effect -> job -> whether it was called."""
    return list(zip(*(called(job, EFFECTS, referenced=referenced) for job in jobs), strict=True))


def by_noise(seed: int, count: int) -> list[list[str]]:
    """k = 10: called regressed, per cent, at no change / +10 / +20 / +50 %; the other rules judge the first few."""
    rows = []
    for noise in NOISES:
        chance = random.Random(f"{noise.name} {seed}")
        jobs = [draw(noise, chance, 10)[0] for _ in range(count)]
        row = [noise.name, *(shares(by_effect(jobs, referenced)) for referenced in (True, False))]
        jobs = jobs[: count // RIVALS]
        raw = [[o.raw for o in job] for job in jobs]
        for rule in (lambda b, h: over(200, b, h), lambda b, h: over(110, b, h), bencher_t):
            row.append(shares([[rule(r[:-1], r[-1] + math.log1p(e)) for r in raw] for e in EFFECTS]))
        ratios = [[o.referenced or 0.0 for o in job] for job in jobs]
        row.append(shares([[bencher_t(r[:-1], r[-1] + math.log1p(e)) for r in ratios] for e in EFFECTS]))
        rows.append(row)
    return rows


def alarm(job: Sequence[Observed], effect: float, referenced: bool) -> bool:
    return verdict(job, math.log1p(effect), referenced=referenced) is Verdict.REGRESSED


def shares(alarms: Sequence[Sequence[bool]]) -> str:
    return " / ".join(f"{100 * sum(each) / len(each):.1f}" for each in alarms)


def by_length(seed: int, count: int) -> list[list[str]]:
    """Machine noise of 6 %, own noise of 2.2 % with heavy tails, by number of baseline runs."""
    noise = Noise(name="machine 6 %, own 2.2 %", machine=normal(0.06), own=0.022)
    rows = []
    for k in HISTORIES:
        chance = random.Random(f"{k} {seed}")
        jobs = [draw(noise, chance, k)[0] for _ in range(count)]
        row = [str(k), *(shares(by_effect(jobs, referenced)) for referenced in (True, False))]
        some = jobs[: count // RIVALS]
        same = [verdict(j, math.log1p(TOLERANCE), referenced=True) is Verdict.UNCHANGED for j in some]
        rows.append([*row, f"{100 * sum(same) / len(same):.1f}"])
    return rows


def whole_checks(seed: int, count: int) -> list[list[str]]:
    """Twelve gating metrics, k = 10: any false alarm among them."""
    rows = []
    for noise in (NOISES[1], NOISES[3], NOISES[5], NOISES[6], NOISES[7]):
        chance = random.Random(f"12 {noise.name} {seed}")
        alarms = sum(any_alarm(draw(noise, chance, 10, len(METRICS))) for _ in range(count))
        rows.append([noise.name, str(count), f"{100 * alarms / count:.2f}"])
    return rows


def any_alarm(runs: Sequence[Sequence[Observed]]) -> bool:
    """Whether any metric of a whole check is called; most checks are done with as soon as none is even suspect."""
    least = math.log1p(TOLERANCE) / 2
    suspects = [
        said
        for name, each in zip(METRICS, runs, strict=True)
        for said in [predict(entries(each[:-1], True), entries(each[-1:], True), spread=metric_named(name).spread)]
        if said.change >= least and said.beyond_all > 0 and said.worse() <= PARAMETERS["family"]
    ]
    if not suspects:
        return False
    gates = {name: Gate(tolerance=TOLERANCE) for name in METRICS}
    metrics = [
        compared("c", name, each[:-1], each[-1], Restriction(), gates) for name, each in zip(METRICS, runs, strict=True)
    ]
    return any(m.verdict is Verdict.REGRESSED for m in decide(metrics, gates))
