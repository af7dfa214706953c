"""False alarms and power on simulated noise: a small version of benchmarks/verdicts, seeded, with wide margins."""

from __future__ import annotations

import math
import random

import pytest

from benchmarks.verdicts import levels, sides, stored
from benchmarks.verdicts.noise import BAD, TYPICAL, Environment
from smp_check.verdict.model import Verdict

JOBS = 40


def called(environment: Environment, effect: float) -> tuple[dict[Verdict, int], float]:
    jobs = sides.draw(environment, 7, JOBS, 1)
    found = [sides.check(job, math.log1p(effect), 0.05) for job in jobs]
    verdicts = [metrics[0].verdict for metrics, _, _ in found]
    return {v: verdicts.count(v) for v in Verdict}, sum(n for _, n, _ in found) / JOBS


@pytest.mark.parametrize("environment", [TYPICAL, BAD], ids=lambda e: e.name)
def test_side_by_side(environment: Environment) -> None:
    """Nothing false, +5 % seen at a tolerance of 5 %, +20 % at the first look."""
    clean, launches = called(environment, 0.0)
    assert clean[Verdict.REGRESSED] <= 1
    assert clean[Verdict.UNCHANGED] >= 0.9 * JOBS
    assert launches <= 8
    assert called(environment, 0.05)[0][Verdict.REGRESSED] >= 0.85 * JOBS
    large, launches = called(environment, 0.20)
    assert large[Verdict.REGRESSED] == JOBS
    assert launches <= 4.5


@pytest.mark.parametrize("noise", [stored.NOISES[1], stored.NOISES[5]], ids=lambda n: n.name)
def test_ten_stored_runs_with_a_reference(noise: stored.Noise) -> None:
    chance = random.Random(11)
    jobs = [stored.draw(noise, chance, 10)[0] for _ in range(400)]
    none, tenth, fifth, half = (sum(each) / len(jobs) for each in stored.by_effect(jobs, True))
    assert none <= 0.015
    assert tenth >= 0.4
    assert fifth >= 0.9
    assert half >= 0.99


@pytest.mark.parametrize("noise", stored.NOISES[::3], ids=lambda n: n.name)
@pytest.mark.parametrize("k", [2, 10])
def test_the_quick_answer_of_the_benchmark_is_the_verdict(noise: stored.Noise, k: int) -> None:
    chance = random.Random(14)
    for job in [stored.draw(noise, chance, k)[0] for _ in range(8)]:
        for referenced in (True, False):
            slow = [stored.alarm(job, effect, referenced) for effect in stored.EFFECTS]
            assert stored.called(job, stored.EFFECTS, referenced=referenced) == slow


def test_one_stored_run_is_never_sure() -> None:
    chance = random.Random(12)
    noise = stored.Noise(name="wild", machine=stored.normal(0.2), own=0.05)
    jobs = [stored.draw(noise, chance, 1)[0] for _ in range(60)]
    assert not any(stored.alarm(job, 0.0, True) for job in jobs)


@pytest.mark.parametrize("name", ["normal, 5 %", "outliers", "two machine speeds"])
def test_change_points(name: str) -> None:
    chance = random.Random(13)
    clean = [levels.SERIES[name](chance, levels.LENGTH) for _ in range(40)]
    assert sum(bool(found) for found in levels.ours(clean)) <= 2
    stepped = [levels.with_step(series, 0.20, 20) for series in clean]
    assert sum(levels.hit(found, 20) for found in levels.ours(stepped)) >= 34
