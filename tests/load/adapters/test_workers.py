"""Real Fortio servers as load machines: on loopback, and in three network namespaces of which one is cut off."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from smp_check.errors import MeasurementError
from smp_check.load.fortio_server.generator import FortioServerGenerator
from smp_check.load.port import Load
from tests.conftest import free_port, require

OFF = [word for name in ("-grpc-port", "-redirect-port", "-tcp-port", "-udp-port") for word in (name, "disabled")]


@contextmanager
def fortio_server(address: str, folder: Path, *prefix: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [*prefix, require("fortio"), "server", "-http-port", address, *OFF, "-data-dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[list[str]]:
    """Three servers on loopback."""
    with ExitStack() as stack:
        yield [on_loopback(stack, tmp_path) for _ in range(3)]


def on_loopback(stack: ExitStack, folder: Path) -> str:
    """A server here; another port is taken if somebody else was quicker to take the first one."""
    for _ in range(3):
        worker = f"127.0.0.1:{free_port()}"
        stack.enter_context(fortio_server(worker, folder))
        with contextlib.suppress(RuntimeError):
            wait_for_server(worker)
            return worker
    raise RuntimeError("no Fortio server could be started")


def load_on(workers: list[str], url: str, rate: float | None = 150) -> Load:
    options = tuple(word for worker in workers for word in ("--worker", worker))
    return Load(client="client-1", urls=(url,), rate=rate, connections=6, options=options)


def running(worker: str) -> dict[str, Any]:
    statuses: dict[str, Any] = requests.get(f"http://{worker}/fortio/rest/status", timeout=5).json()["Statuses"]
    return statuses


def test_three_workers_make_one_load(workers: list[str], judge: Any) -> None:
    generator = FortioServerGenerator()
    load = load_on(workers, f"{judge.url}x")
    assert generator.objection(load) is None
    assert generator.probe_for(load).version.endswith("(3 workers)")
    with generator.session(load) as session:
        sample = session.measure(1.0, lambda tick: None)
    seen = judge.seen()["/x"]
    assert 0 <= seen - sample.counts.sent <= 6, "the warm-up of each connection is not counted"
    assert sample.achieved_rps == pytest.approx(150, rel=0.1)
    assert {share.worker for share in sample.workers} == set(workers)
    assert sum(share.counts.sent for share in sample.workers) == sample.counts.sent == sample.latency.count
    assert all(share.late is not None and share.late < 1 for share in sample.workers)
    starts = [share.start for share in sample.workers]
    assert (max(starts) - min(starts)).total_seconds() < 0.25, "they share a clock here"
    assert not any(running(worker) for worker in workers)


def test_the_whole_command_with_workers(workers: list[str], judge: Any, tool: Any) -> None:
    options = [word for worker in workers for word in ("--worker", worker)]
    finished = tool(
        *("run", "--endpoint-url", judge.url, *options, "--rps", "120", "--duration", "2s"),
        *("--reference", "none", "-o", "run.json"),
    )
    assert finished.code == 0, finished.err
    run = json.loads((tool.folder / "run.json").read_text())
    assert run["details"]["generators"]["client-1"]["name"] == "fortio-server"
    for measured in run["details"]["rounds"]:
        assert {share["worker"] for share in measured["workers"]} == set(workers)
        assert measured["counts"]["sent"] == sum(share["counts"]["sent"] for share in measured["workers"])
    assert tool("validate", "run.json").code == 0


def test_cancelling_stops_our_runs_and_nobody_elses(workers: list[str], judge: Any) -> None:
    other = {"url": judge.url, "qps": "1", "t": "20s", "async": "on", "labels": "somebody else"}
    requests.post(f"http://{workers[0]}/fortio/rest/run", json=other, timeout=5).raise_for_status()
    faults: list[BaseException] = []
    with FortioServerGenerator().session(load_on(workers, judge.url)) as session:

        def measure() -> None:
            try:
                session.measure(20.0, lambda tick: None)
            except MeasurementError as fault:
                faults.append(fault)

        thread = threading.Thread(target=measure)
        thread.start()
        deadline = time.monotonic() + 10
        while not all(running(worker) for worker in workers[1:]) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(running(workers[0])) == 2
    thread.join(15)
    assert faults
    assert [run["RunnerOptions"]["Labels"] for run in running(workers[0]).values()] == ["somebody else"]
    assert not running(workers[1])
    assert not running(workers[2])


def test_a_worker_that_is_not_there_is_named_before_anything_runs(judge: Any, workers: list[str]) -> None:
    gone = f"127.0.0.1:{free_port()}"
    load = load_on([*workers, gone], judge.url)
    with pytest.raises(MeasurementError, match=f"{gone}: connection refused"):
        FortioServerGenerator().probe_for(load)
    with FortioServerGenerator().session(load) as session, pytest.raises(MeasurementError, match=gone):
        session.measure(1.0, lambda tick: None)
    assert not judge.seen()


def test_something_else_than_fortio_is_named(judge: Any) -> None:
    worker = judge.url.removeprefix("http://").rstrip("/")
    with pytest.raises(MeasurementError, match="no Fortio server"):
        FortioServerGenerator().probe_for(load_on([worker], judge.url))


def test_a_target_that_does_not_resolve_is_what_the_worker_says(workers: list[str]) -> None:
    load = load_on(workers, "http://no-such-host.invalid/")
    with (
        FortioServerGenerator().session(load) as session,
        pytest.raises(MeasurementError, match=r"no-such-host\.invalid"),
    ):
        session.measure(1.0, lambda tick: None)


@dataclass
class Network:
    """Three machines as network namespaces, each with its own link to this one."""

    prefix: str
    subnet: str
    made: list[tuple[str, str]] = field(default_factory=list)

    def add(self, number: int) -> tuple[str, str]:
        """A namespace; its address, and this machine's on the same link."""
        name, link = f"{self.prefix}{number}", f"{self.prefix}v{number}"
        here, there = f"{self.subnet}.{number}.1", f"{self.subnet}.{number}.2"
        ip("netns", "add", name)
        self.made.append((name, link))
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("addr", "add", f"{here}/24", "dev", link)
        ip("link", "set", link, "up")
        for command in (("addr", "add", f"{there}/24", "dev", "eth0"), ("link", "set", "eth0", "up")):
            ip("-n", name, *command)
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "route", "add", "default", "via", here)
        return there, here

    def cut(self, number: int) -> None:
        """Take the machine's own end of the link down: nothing arrives there any more, and nobody says so."""
        ip("-n", f"{self.prefix}{number}", "link", "set", "eth0", "down")


def ip(*words: str) -> None:
    subprocess.run([require("ip"), *words], check=True, capture_output=True)


@pytest.fixture
def network() -> Iterator[Network]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    made = Network(prefix=f"smp{os.getpid() % 10000}", subnet=f"10.{200 + os.getpid() % 50}")
    try:
        ip("netns", "add", f"{made.prefix}x")
        ip("netns", "del", f"{made.prefix}x")
    except subprocess.CalledProcessError as fault:
        pytest.skip(f"network namespaces are not permitted here: {fault.stderr.decode().strip()}")
    yield made
    for name, link in made.made:  # the link first: sockets of the dead may keep the namespace for a while
        subprocess.run([require("ip"), "link", "del", link], check=False, capture_output=True)
        subprocess.run([require("ip"), "netns", "del", name], check=False, capture_output=True)


def test_three_machines_of_which_one_is_cut_off_in_the_middle(
    network: Network, nginx: Callable[..., Any], tmp_path: Path
) -> None:
    """The round is partial and names the worker; the next one fails and names it; the others are stopped."""
    with ExitStack() as stack:
        machines = [network.add(number) for number in (1, 2, 3)]
        port = free_port()
        listens = "".join(f"listen {here}:{port}; " for _, here in machines)
        service = nginx(body=f'{listens} location / {{ return 200 "hello\\n"; }}')
        assert service
        workers = []
        for number, (there, _) in enumerate(machines, start=1):
            prefix = (require("ip"), "netns", "exec", f"{network.prefix}{number}")
            stack.enter_context(fortio_server(f"{there}:8080", tmp_path, *prefix))
            workers.append(f"{there}:8080")
        for worker in workers:
            wait_for_server(worker)
        load = load_on(workers, f"http://{machines[0][1]}:{port}/")
        with FortioServerGenerator().session(load) as session:
            whole = session.measure(1.0, lambda tick: None)
            assert whole.noisy == () or all("lagged" in reason for reason in whole.noisy)
            assert {share.worker for share in whole.workers} == set(workers)

            timer = threading.Timer(1.0, network.cut, (2,))
            timer.start()
            began = time.monotonic()
            partial = session.measure(6.0, lambda tick: None)
            assert time.monotonic() - began < 14
            assert any(f"partial: worker {workers[1]} was lost" in reason for reason in partial.noisy)
            assert {share.worker for share in partial.workers} == {workers[0], workers[2]}
            assert partial.counts.ok == partial.counts.sent > 300

            with pytest.raises(MeasurementError, match=f"worker {workers[1]}: (it does not answer|no route)"):
                session.measure(1.0, lambda tick: None)
        assert not running(workers[0])
        assert not running(workers[2])


def wait_for_server(worker: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            running(worker)
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"no Fortio server at {worker}")
