"""On real Envoy sidecars: what they cost by two generators, which changes are called, and who cries wolf.

``python -m benchmarks.mesh [PART...]`` with parts overhead, variants, unchanged, pull-request; all by default.

What is measured has a core of its own, beside the generator's: where the scheduler moves proxies between cores that
somebody else uses as well, their CPU time per request wanders by more than an access log costs.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.load.tools import SEARCH_PATH
from smp_check.spec.configuration import DEFAULT_GATES

ROOT = Path(__file__).resolve().parent.parent
CORES = sorted(os.sched_getaffinity(0))
GENERATOR, SUBJECT = (f"taskset -c {core}" for core in (CORES[0], CORES[-1]))
BED = f"exec {SUBJECT} {sys.executable} {ROOT / 'examples/mesh/bed.py'} run"
GENERATORS = ("embedded", "fortio")
CPU, MEMORY = "sidecar_cpu_per_krps", "sidecar_mem_mb"


@dataclass(frozen=True)
class Harm:
    """A change that hurts, and where."""

    words: str
    head: str
    metrics: tuple[str, ...]
    base: str = "mesh"
    path: str = "/"


HARMS = (
    Harm("mTLS switched on, answers of 30 kB", "mesh", (CPU,), base="plain", path="/all"),
    Harm("an extra HTTP filter", "lua", ("p50", CPU)),
    Harm("access log on", "access-log", (CPU,)),
    Harm("circuit breaker of one request", "circuit-breaker", ("error_rate",)),
    Harm("one more hop", "hop", ("p50", CPU, MEMORY)),
    Harm("20 % delayed by 10 ms, 0.5 % answered 503", "fault", ("p90", "error_rate")),
)
REPEATS = 10
UNCHANGED_LAUNCHES = "4:6"
HARM_LAUNCHES = "4:12"
"""Measuring stops as soon as what is gated is decided: more of them cost nothing where the matter is clear."""
WORK = 100_000
"""Turns of the loop that the service of the pull request does for each request."""

SERVICE = '''\
"""A small web service that does some work for each request."""
import asyncio, os

WORK = 100000
BODY = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"

class Service(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        for _ in range(data.count(b"\\r\\n\\r\\n")):
            sum(n * n for n in range(WORK))
            self.transport.write(BODY)

async def main():
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", int(os.environ["SMP_CHECK_PORT"]))
    await server.serve_forever()

asyncio.run(main())
'''
CONFIGURATION = f"""\
test:
  name: pull-request
  duration: 20s
  clients:
    - protocol: PROTOCOL_HTTP
      connections: 4
      rps: 60
      endpoint_urls: ['http://127.0.0.1:${{SMP_CHECK_PORT}}/']
mesh: {{}}
check:
  round: 1s
  warmup: 1s
  setup: exec {SUBJECT} {sys.executable} service.py
  gates: {{p50: {{tolerance: 10%}}, p90: null, p99: null, cpu_per_request: {{tolerance: 4%}}}}
"""


@dataclass(frozen=True)
class Outcome:
    """One run of ``smp-check ab``."""

    code: int
    seconds: float
    comparison: dict[str, Any]
    launches: int

    def metric(self, name: str, client: str | None = None) -> dict[str, Any]:
        return next(m for m in self.comparison["metrics"] if m["metric"] == name and client in {None, m["client"]})

    def regressed(self, *, gating: bool = False) -> list[str]:
        metrics = self.comparison["metrics"]
        return [m["metric"] for m in metrics if m["verdict"] == "regressed" and (m["gating"] or not gating)]


def ab(folder: Path, *arguments: str) -> Outcome:
    output = folder / "out"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{SEARCH_PATH}"}
    environment = {name: value for name, value in environment.items() if not name.startswith("GITHUB_")}
    begin = time.monotonic()
    finished = subprocess.run(
        [*GENERATOR.split(), sys.executable, "-m", "smp_check", "ab", *arguments, "-o", str(output), "--quiet"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - begin
    if not (output / "comparison.json").exists():
        raise SystemExit(f"{arguments}: {finished.stderr}")
    run = json.loads((output / "run.json").read_text())
    launches = len({each.get("launch", 0) for each in run["details"]["rounds"]})
    comparison = json.loads((output / "comparison.json").read_text())
    print(f"{' '.join(arguments)}: {finished.returncode}, {seconds:.0f} s", file=sys.stderr)
    shutil.rmtree(output)
    return Outcome(finished.returncode, seconds, comparison, launches)


def shown(metric: dict[str, Any]) -> str:
    if metric.get("change") is None:
        return f"{metric['verdict']}, {metric.get('base', 0):.2%} → {metric.get('head', 0):.2%}"
    low, high = metric.get("interval") or (float("nan"), float("nan"))
    return f"{metric['verdict']}, {metric['change']:+.1%} ({low:+.1%} to {high:+.1%})"


def configured(folder: Path, example: str, gated: tuple[str, ...] = (), path: str = "/", generator: str = "") -> str:
    """One of the bed's examples, on a core of its own.

    With ``gated`` only those of its gates decide; ``generator`` takes the place of its own.
    """
    text = (ROOT / "examples/mesh" / example).read_text(encoding="utf-8")
    made = yaml.safe_load(text.replace("exec python examples/mesh/bed.py run", BED))
    [client] = made["test"]["clients"]
    client["endpoint_urls"] = [url.removesuffix("/") + path for url in client["endpoint_urls"]]
    client["load_generator"] = generator or client["load_generator"]
    if gated:
        gates = dict.fromkeys(DEFAULT_GATES) | made["check"]["gates"] | {"error_rate": {"max": "1%"}}
        made["check"]["gates"] = {name: gates[name] if name in {*gated, "error_rate"} else None for name in gates}
    (folder / example).write_text(yaml.safe_dump(made), encoding="utf-8")
    return example


def overhead() -> None:
    """Two sidecars with mTLS against the service alone, by the embedded generator and then by Fortio.

    Each in a run of its own: at work together they wait for each other, at their core and in the proxies.
    """
    print("\n### What two sidecars with mTLS add to the median, by two generators one after the other\n")
    print("| generator | direct | mesh | added (95 % interval) | more than the other (95 % interval) | agree |")
    print("| --- | --- | --- | --- | --- | --- |")
    outcomes = [by_one(each) for each in GENERATORS]
    medians = [outcome.metric("p50") for outcome in outcomes]
    for generator, p50, other in zip(GENERATORS, medians, reversed(medians), strict=True):
        less, least, most = difference(extra(p50), extra(other))
        print(
            f"| {generator} | {p50['base'] * 1e6:.0f} µs | {p50['head'] * 1e6:.0f} µs | {spelt(*extra(p50))} "
            f"| {spelt(less, least, most)} | {'yes' if least <= 0 <= most else 'no'} |"
        )
    cpu, memory = outcomes[0].metric(CPU)["head"], outcomes[0].metric(MEMORY)["head"]
    print(f"\nTogether the sidecars use {cpu:.0f} millicores for 1,000 requests/s, and {memory:.0f} MB.")


def by_one(generator: str) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = configured(folder, "overhead.yaml", generator=generator)
        return ab(folder, config, "--base-url", "http://127.0.0.1:${SMP_CHECK_PORT+4}/", "--launches", "4")


def spelt(value: float, low: float, high: float) -> str:
    return f"{value:.0f} µs ({low:.0f} to {high:.0f})"


def extra(p50: dict[str, Any]) -> Estimate:
    """Microseconds that the head's median has more than the base's, and their interval."""
    change, low, high = (p50["base"] * part * 1e6 for part in (p50["change"], *p50["interval"]))
    return change, low, high


Estimate = tuple[float, float, float]
"""A value and the ends of its interval."""


def difference(one: Estimate, other: Estimate) -> Estimate:
    """What one has more than the other, with its interval (Zou and Donner 2008, from the intervals of the two)."""
    value = one[0] - other[0]
    return (
        value,
        value - math.hypot(one[0] - one[1], other[2] - other[0]),
        value + math.hypot(one[2] - one[0], other[0] - other[1]),
    )


def variants() -> None:
    """Each variant that hurts, and what it was called."""
    print("\n### Changes that hurt\n")
    print("| change | metric it hurts | verdict | change (95 % interval) | launches | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for harm in HARMS:
        outcome = variant(harm.base, harm.head, HARM_LAUNCHES, harm.metrics, harm.path)
        for name in harm.metrics:
            called, _, change = shown(outcome.metric(name)).partition(", ")
            print(f"| {harm.words} | {name} | {called} | {change} | {outcome.launches} | {outcome.seconds:.0f} |")
        sys.stdout.flush()


def variant(base: str, head: str, launches: str, gated: tuple[str, ...] = (), path: str = "/") -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sides = ("--base-start", f"{BED} {base}", "--head-start", f"{BED} {head}")
        return ab(folder, configured(folder, "variants.yaml", gated, path), *sides, "--launches", launches)


def unchanged() -> None:
    """The mesh against itself, again and again."""
    print(f"\n### The same mesh twice, {REPEATS} times over\n")
    outcomes = [variant("mesh", "mesh", UNCHANGED_LAUNCHES) for _ in range(REPEATS)]
    called = [outcome.regressed(gating=True) for outcome in outcomes]
    muted = [outcome.regressed() for outcome in outcomes]
    overall = [outcome.comparison["verdict"] for outcome in outcomes]
    for what, found in (("a gated metric", called), ("any metric shown", muted)):
        names = f" ({'; '.join(', '.join(each) for each in found if each)})" if any(found) else ""
        print(f"- called regressed on {what}: {sum(map(bool, found))} of {REPEATS}{names}")
    print(f"- overall: {', '.join(f'{overall.count(v)} {v}' for v in dict.fromkeys(overall))}")
    print(f"- launches: {', '.join(str(outcome.launches) for outcome in outcomes)}")
    print(f"- seconds: {sum(outcome.seconds for outcome in outcomes):.0f} in all")


def pull_request() -> None:
    """`--base-ref` on a scratch repository: 5 % more work, and a comment."""
    print("\n### `--base-ref` on a scratch repository, CPU per request gated at 4 %\n")
    print("| pull request | cpu_per_request | p50 | exit code | launches | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    heads = {
        "5 % more work": SERVICE.replace(f"WORK = {WORK}", f"WORK = {round(WORK * 1.05)}"),
        "a comment": SERVICE.replace("does some work", "does a little work"),
    }
    for words, head in heads.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / ".gitignore").write_text("out/\n")
            (folder / "smp-check.yaml").write_text(CONFIGURATION)
            git(folder, "init", "-q")
            for branch, text in (("base", SERVICE), ("head", head)):
                git(folder, "checkout", "-q", "-b", branch)
                (folder / "service.py").write_text(text)
                git(folder, "add", ".")
                git(folder, "commit", "-q", "-m", branch)
            outcome = ab(folder, "smp-check.yaml", "--base-ref", "base")
        cpu, p50 = outcome.metric("cpu_per_request"), outcome.metric("p50")
        print(f"{words}: {cpu['base'] * 1e6:.0f} → {cpu['head'] * 1e6:.0f} µs of CPU per request", file=sys.stderr)
        print(
            f"| {words} | {shown(cpu)} | {shown(p50)} | {outcome.code} | {outcome.launches} | {outcome.seconds:.0f} |"
        )


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


PARTS = {"overhead": overhead, "variants": variants, "unchanged": unchanged, "pull-request": pull_request}

if __name__ == "__main__":
    print("## Mesh")
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
        sys.stdout.flush()
