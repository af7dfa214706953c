"""A verdict on twelve metrics against 200 baseline runs, imports included: run as a program of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

BEGIN = time.perf_counter()
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

if __name__ == "__main__":
    from dataclasses import replace

    from smp_check.spec.configuration import DEFAULT_GATES
    from smp_check.spec.run import Usage
    from smp_check.verdict.compare import compare

    imported = time.perf_counter()
    import random

    from tests.verdict.building import START, noisy_run

    chance = random.Random(1)
    usage = {"workload": Usage(cpu_seconds=0.2, memory=5e7, samples=3), "sidecar": Usage(cpu_seconds=0.1, samples=3)}

    def run(number: int) -> object:
        made = noisy_run(chance, number=number)
        rounds = tuple(replace(r, resources=usage if r.role == "head" else {}) for r in made.details.rounds)
        return replace(made, details=replace(made.details, rounds=rounds))

    runs = [run(number) for number in range(201)]
    begin = time.perf_counter()
    comparison = compare(runs[:-1], runs[-1], gates=DEFAULT_GATES, window=200, created=START)  # type: ignore[arg-type]
    judged = time.perf_counter()
    count = len(comparison.base.runs) if comparison.base else 0
    times = f"imports {imported - BEGIN:.2f} s, verdict {judged - begin:.2f} s"
    print(f"{len(comparison.metrics)} metrics against {count} runs: {times}.")
