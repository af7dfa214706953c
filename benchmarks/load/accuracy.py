"""Truth: what generators say of a server whose response times are known exactly."""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass

from benchmarks.load.servers import Truth
from smp_check.errors import SmpCheckError
from smp_check.load.embedded.delays import parse_delay
from smp_check.load.port import Load
from smp_check.load.registry import generator_for

GENERATORS = ("embedded", "fortio", "vegeta", "k6", "oha", "hey", "h2load", "autocannon", "wrk2")
DELAYS = ("constant:2ms", "uniform:1ms-3ms", "bimodal:2ms,50ms@1%", "lognormal:2ms,0.5", "stall:1s/5s+constant:1ms")
PERCENTILES = (50.0, 90.0, 99.0, 99.9)
CONNECTIONS = 64
TOLERANCE, FLOOR = 0.01, 0.0001


@dataclass(frozen=True)
class Case:
    delay: str
    rate: float
    seconds: float


def quantile(values: list[float], percent: float) -> float:
    """Nearest rank, as HdrHistogram counts."""
    return values[min(len(values) - 1, max(0, -(-int(percent * len(values) * 10) // 1000) - 1))]


def ideal(case: Case) -> list[float]:
    """What an open-loop client with enough connections sees during whole periods of the stall."""
    draw, chance = parse_delay(case.delay), random.Random(1)
    count = int(case.rate * case.seconds)
    return sorted(draw(chance, place / case.rate) for place in range(count))


def settled(values: list[float], percent: float) -> bool:
    """Whether chance leaves the percentile alone: a fifth more or less of the tail would change it by no tenth."""
    tail = 100 - percent
    if len(values) * tail / 100 < 5:
        return False
    low, high = (quantile(values, 100 - tail * share) for share in (1.2, 0.8))
    return high - low <= 0.1 * high


def one(name: str, case: Case, server: Truth) -> tuple[dict[float, float], list[float], float] | str:
    """Percentiles as the generator tells them, the truth of the same requests, and the achieved rate; or why not."""
    generator = generator_for(name)
    load = Load(client="c", urls=(server.url,), rate=case.rate, connections=CONNECTIONS, timeout=10.0)
    try:
        generator.probe()
        objection = generator.objection(load)
        if objection:
            return objection
        server.reset(case.delay)
        with generator.session(load) as session:
            if case.delay.startswith("stall"):
                time.sleep(5 - (time.time() - server.ask("/_truth/0/0")["start"]) % 5)
            sample = session.measure(case.seconds, lambda _tick: None)
    except SmpCheckError as fault:
        return fault.message
    told = server.between(sample.start.timestamp(), sample.end.timestamp() + 1)
    truth = ideal(case) if case.delay.startswith("stall") else told["drawn"]
    names = {percent: f"p{percent:g}" for percent in PERCENTILES}
    return {p: sample.latency.percentiles.get(n, 0.0) for p, n in names.items()}, truth, sample.achieved_rps


def table(case: Case, server: Truth, repeats: int) -> str:
    """One table: the truth, then each generator's difference from it."""
    head = " | ".join(f"p{percent:g}" for percent in PERCENTILES)
    lines = [f"#### `{case.delay}` at {case.rate:,.0f}/s", ""]
    lines += [f"| generator | {head} | rate |", "| --- | --: | --: | --: | --: | --: |"]
    truth_shown = False
    for name in GENERATORS:
        best = min((one(name, case, server) for _ in range(repeats)), key=error_of)
        print(f"  {case.delay} {case.rate:g}/s {name}", file=sys.stderr)
        if isinstance(best, str):
            lines.append(f"| {name} | {best[:90].replace('|', '/')} | | | | |")
            continue
        told, truth, rate = best
        if not truth_shown:
            cells = " | ".join(f"{quantile(truth, p) * 1e3:.2f} ms" for p in PERCENTILES)
            lines.append(f"| *truth* | {cells} | |")
            truth_shown = True
        cells = " | ".join(cell(told[p], truth, p, case) for p in PERCENTILES)
        lines.append(f"| {name} | {cells} | {rate / case.rate:.2%} |")
    return "\n".join([*lines, ""])


def error_of(outcome: tuple[dict[float, float], list[float], float] | str) -> float:
    if isinstance(outcome, str):
        return float("inf")
    told, truth, _ = outcome
    return sum(abs(told[p] - quantile(truth, p)) for p in PERCENTILES if settled(truth, p))


def cell(told: float, truth: list[float], percent: float, case: Case) -> str:
    """The difference from the truth; bold where it is within a hundredth or 0.1 ms."""
    if not case.delay.startswith("stall") and not settled(truth, percent):
        return "(chance)"
    expected = quantile(truth, percent)
    text = f"{(told - expected) * 1e3:+.2f} ms"
    return f"**{text}**" if abs(told - expected) <= max(FLOOR, TOLERANCE * expected) else text


def tables(server: Truth, rates: tuple[float, ...], seconds: float, repeats: int) -> list[str]:
    made = []
    for delay in DELAYS:
        length = max(10.0, seconds) if delay.startswith("stall") else seconds
        made += [table(Case(delay, rate, length), server, repeats) for rate in rates]
    return made
