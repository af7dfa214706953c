"""A/A data of this machine: two identical services measured against each other, launch by launch.

``python -m benchmarks.verdicts.record`` measures and writes ``aa.json``: generators embedded and fortio, services
nginx and Envoy in front of nginx, each with and without somebody else's bursty work. Both sides of a launch are
started afresh; nothing differs between them. It takes about half an hour and is not part of the benchmark itself,
which reads the data that was committed.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from smp_check.capture.port import Observation
from smp_check.capture.watch import watch as real_watch
from smp_check.load.driver import drive
from smp_check.load.embedded.target import BuiltinTarget
from smp_check.load.plan import Plan, Slot, interleave
from smp_check.load.port import Load
from smp_check.load.registry import generator_for
from smp_check.spec.configuration import Client, Configuration
from smp_check.spec.run import Usage
from tests.conftest import NGINX, free_port, require, wait_for_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smp_check.spec.run import Role, Round

FILE = Path(__file__).with_name("aa.json")
LAUNCHES, PAIRS, SECONDS, RATE, CONNECTIONS = 20, 6, 0.5, 2000.0, 8
METRICS = ("p50", "p75", "p90", "p95", "p99")


def hog() -> None:
    """Somebody else's work: bursts of 8 s on average, one core, a quarter of the time."""
    chance = random.Random()
    while True:
        end = time.monotonic() + chance.expovariate(1 / 8)
        while time.monotonic() < end:
            sum(range(10_000))
        time.sleep(chance.expovariate(1 / 24))


@contextmanager
def competing(wanted: bool) -> Iterator[None]:
    process = multiprocessing.Process(target=hog, daemon=True)
    if wanted:
        process.start()
    try:
        yield
    finally:
        if wanted:
            process.kill()
            process.join()


@contextmanager
def running(command: list[str], port: int) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


@contextmanager
def service(kind: str, folder: Path) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A fresh nginx, or a fresh Envoy in front of a fresh nginx: its URL and its processes."""
    folder.mkdir()
    with ExitStack() as stack:
        port = free_port()
        conf = folder / "nginx.conf"
        conf.write_text(NGINX.format(folder=folder, port=port, body='location / { return 200 "hello\\n"; }'))
        command = [require("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(conf)]
        processes = [stack.enter_context(running(command, port))]
        if kind == "envoy":
            upstream, port = port, free_port()
            (folder / "envoy.json").write_text(json.dumps(envoy(port, upstream)))
            options = ["--concurrency", "1", "--base-id", str(port % 1000), "-l", "off"]
            command = [require("envoy"), "-c", str(folder / "envoy.json"), *options]
            processes.append(stack.enter_context(running(command, port)))
        yield f"http://127.0.0.1:{port}/", processes


def address(port: int) -> dict[str, Any]:
    return {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}


def envoy(port: int, upstream: int) -> dict[str, Any]:
    types = "type.googleapis.com/envoy.extensions.filters"
    router = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{types}.http.router.v3.Router"}}
    hosts = [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]}]
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [router],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    endpoints = {"cluster_name": "up", "endpoints": [{"lb_endpoints": [{"endpoint": address(upstream)}]}]}
    cluster = {"name": "up", "type": "STATIC", "connect_timeout": "1s", "load_assignment": endpoints}
    listener = {"name": "in", **address(port), "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


class Watch:
    """The host's noise as smp-check sees it, and the CPU time of the processes of the side that is loaded."""

    def __init__(self, inner: Any, processes: dict[Role, list[psutil.Process]]) -> None:
        self._inner = inner
        self._processes = processes
        self._mine: list[psutil.Process] = []
        self._before = 0.0

    def begin(self, role: Role) -> None:
        self._mine = self._processes.get(role, [])
        self._before = self._spent()
        self._inner.begin(role)

    def end(self) -> Observation:
        seen: Observation = self._inner.end()
        usage = Usage(cpu_seconds=self._spent() - self._before, samples=1)
        return Observation(noise=seen.noise, resources={"workload": usage} if self._mine else {})

    def _spent(self) -> float:
        """From the scheduler's own count, nanoseconds: clock ticks are too coarse for half a second."""
        tasks = [task for process in self._mine for task in Path(f"/proc/{process.pid}/task").iterdir()]
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def launch(number: int, generator: str, kind: str, reference: str, chance: random.Random) -> Iterator[Round]:
    """One launch: fresh starts of both sides, six pairs of rounds and as many of the reference."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sides: dict[Role, tuple[str, list[psutil.Process]]] = {
            "base": stack.enter_context(service(kind, folder / "base")),
            "head": stack.enter_context(service(kind, folder / "head")),
        }
        urls: dict[Role, str] = {role: url for role, (url, _) in sides.items()} | {"reference": reference}
        loads = {
            role: (Load(client="client-1", urls=(url,), rate=RATE, connections=CONNECTIONS),)
            for role, url in urls.items()
        }
        schedule: list[Slot] = []
        for pair in range(0, PAIRS, 2):
            roles: tuple[Role, ...] = ("base", "head", "reference")
            flip = chance.random() < 0.5
            schedule += interleave(roles, 2, seconds=SECONDS, start=pair, launch=number, flip=flip)
        plan = Plan(loads=loads, schedule=tuple(schedule), round_seconds=SECONDS, warmup=0.3)
        inner = stack.enter_context(real_watch(Configuration(name="aa", duration=1, clients=(Client(name="c"),))))
        watching = Watch(inner, {role: processes for role, (_, processes) in sides.items()})
        yield from drive(plan, {"client-1": generator_for(generator)}, watch=watching, on_event=lambda _: None)


def row(r: Round) -> list[Any]:
    """A round in short: role, launch, place, noisy, steal, qps, CPU seconds per request, mean, then ``METRICS``."""
    workload = r.resources.get("workload")
    cpu = workload.cpu_seconds / r.counts.ok if workload and workload.cpu_seconds is not None and r.counts.ok else None
    numbers = [r.noise.cpu_steal, r.achieved_rps, cpu, r.latency.mean, *(r.latency.percentiles.get(m) for m in METRICS)]
    short = [None if n is None else float(f"{n:.4g}") for n in numbers]
    return [r.role[0], r.launch, r.index, int(bool(r.noisy)), *short]


def record(generator: str, kind: str, loaded: bool) -> list[list[Any]]:
    chance = random.Random()
    with competing(loaded), BuiltinTarget() as target:
        rounds = [r for n in range(LAUNCHES) for r in launch(n, generator, kind, target.url, chance)]
    return [row(r) for r in rounds]


def main() -> None:
    data = json.loads(FILE.read_text()) if FILE.exists() else {}
    for generator in ("embedded", "fortio"):
        for kind in ("nginx", "envoy"):
            for loaded in (False, True):
                name = f"{generator}, {kind}, {'competing load' if loaded else 'shared machine'}"
                if name in data or (len(sys.argv) > 1 and sys.argv[1] not in name):
                    continue
                print(name, file=sys.stderr)
                data[name] = record(generator, kind, loaded)
                FILE.write_text(json.dumps(data).replace("], [", "],\n["))
                if "--one" in sys.argv:
                    return


if __name__ == "__main__":
    main()
