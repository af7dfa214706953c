"""Resources during a round: what processes really used, at low cost; a target that is lost is absent, never zero."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from smp_check.capture.listeners import by_port
from smp_check.capture.sampler import LostError
from smp_check.capture.watch import INTERVAL, watch
from smp_check.spec.configuration import Configuration, Watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.capture.port import Observation
    from smp_check.spec.run import Role

    Burn = Callable[..., subprocess.Popen[str]]
    Observing = Callable[..., Configuration]


def observe(
    configuration: Configuration,
    seconds: float = 1.0,
    role: Role = "head",
    rounds: int = 1,
    between: Callable[[int], Any] = lambda _: None,
    during: Callable[[int], Any] = lambda _: None,
    reference: int | None = None,
) -> list[Observation]:
    seen = []
    with watch(configuration, reference) as watcher:
        for number in range(rounds):
            between(number)
            watcher.begin(role)
            time.sleep(seconds / 2)
            during(number)
            time.sleep(seconds / 2)
            seen.append(watcher.end())
    return seen


def test_cpu_and_memory_of_a_process(burn: Burn, observing: Observing) -> None:
    """What the kernel says and 50 MB, sampled at 4 Hz or more; a busier process beside it does not mix in."""
    burn(0.6, 10)
    process = burn(0.3, 50)
    before = psutil.Process(process.pid).cpu_times()
    [seen] = observe(observing(workload=Watched(pid=process.pid)), seconds=2)
    after = psutil.Process(process.pid).cpu_times()
    usage = seen.resources["workload"]
    assert usage.cpu_seconds == pytest.approx(after.user + after.system - before.user - before.system, abs=0.08)
    assert usage.memory is not None
    assert 50e6 < usage.memory < 90e6
    assert usage.instances == 1
    assert usage.samples >= 8
    assert seen.warnings == ()
    assert seen.noise.cpu_busy is not None
    assert seen.noise.run_queue is not None


def test_cpu_is_finer_than_the_kernels_tick(burn: Burn, observing: Observing) -> None:
    """A process that uses half a millisecond in 10 shows it: `/proc` alone would say 0, 10 or 20 ms."""
    if not sys.platform.startswith("linux"):
        pytest.skip("Linux's process clocks")
    process = burn(0.02)
    seen = observe(observing(workload=Watched(pid=process.pid)), seconds=0.5, rounds=3)
    used = [each.resources["workload"].cpu_seconds or 0.0 for each in seen]
    assert min(used) > 0
    assert any(abs(value * 100 - round(value * 100)) > 1e-3 for value in used), "no multiples of 10 ms"


def test_the_reference_uses_none_of_our_resources(burn: Burn, observing: Observing) -> None:
    [seen] = observe(observing(workload=Watched(pid=burn().pid)), seconds=0.3, role="reference")
    assert seen.resources == {}
    assert seen.reference is None
    assert seen.noise.cpu_busy is not None


def test_a_reference_of_ours_is_a_yardstick_beside_the_workload(burn: Burn, observing: Observing) -> None:
    """Its CPU time per request in its own rounds; without a workload to set against it, it is not looked at."""
    busy, calm = burn(0.8), burn(0.1)
    configuration = observing(workload=Watched(pid=busy.pid), sidecar=Watched(pid=busy.pid))
    [own] = observe(configuration, role="reference", reference=calm.pid)
    [head] = observe(configuration, reference=calm.pid)
    assert own.resources == {}
    assert head.reference is None
    for each in (own, head):
        assert each.cpu_per_request(0) is None
    per_request = own.cpu_per_request(10), head.cpu_per_request(10)
    assert 0 < (per_request[0] or 0) < (per_request[1] or 0)
    [alone] = observe(observing(sidecar=Watched(pid=busy.pid)), 0.2, role="reference", reference=calm.pid)
    assert alone.reference is None


def test_a_reference_that_is_gone_is_absent(burn: Burn, observing: Observing) -> None:
    gone = burn()
    gone.kill()
    gone.wait()
    [seen] = observe(observing(workload=Watched(pid=burn().pid)), 0.2, role="reference", reference=gone.pid)
    assert seen.cpu_per_request(10) is None
    assert "by the reference cannot be seen" in seen.warnings[0]


PREFORK = """
import os, socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
def burn(seconds):
    begin = time.process_time()
    while time.process_time() - begin < seconds: pass
for _ in range(2):
    if os.fork() == 0:
        while True:
            burn(0.02)
            time.sleep(0.08)
print("ready", flush=True)
while True:
    time.sleep(0.2)
    if os.fork() == 0:
        burn(0.04)
        os._exit(0)
    os.wait()
"""


def test_a_port_stands_for_all_its_processes(observing: Observing) -> None:
    """Workers that stay and children that come and go: 2 x 0.2 and 0.2 of a core."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", PREFORK, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            [seen] = observe(observing(workload=Watched(port=port)), seconds=2)
        finally:
            os.killpg(process.pid, 9)
    assert seen.warnings == ()
    usage = seen.resources["workload"]
    assert usage.cpu_seconds is not None
    assert 0.25 < usage.cpu_seconds < 1.6, "1.1 on a calm machine, of which the master has next to nothing"
    assert usage.instances in {3, 4}


def test_a_name_stands_for_all_of_that_name(tmp_path: Path, observing: Observing) -> None:
    sleeper = tmp_path / "smpsleeper"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", sleeper)
    running = [subprocess.Popen([str(sleeper), "60"]) for _ in range(3)]
    time.sleep(0.1)
    try:
        [seen] = observe(observing(sidecar=Watched(name="smpsleeper")), seconds=0.3)
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert seen.resources["sidecar"].instances == 3


def test_several_ways_make_one_component(burn: Burn, observing: Observing) -> None:
    one, other = burn(0.1, 20), burn(0.1, 30)
    both = (Watched(pid=one.pid), Watched(pid=other.pid))
    [seen] = observe(observing(sidecar=both), seconds=1)
    usage = seen.resources["sidecar"]
    assert usage.instances == 2
    assert usage.memory is not None
    assert usage.memory > 50e6


def test_cpu_per_request(burn: Burn, observing: Observing) -> None:
    [seen] = observe(observing(workload=Watched(pid=burn(0.5).pid)), seconds=1)
    cost = seen.cpu_per_request(100)
    used = seen.resources["workload"].cpu_seconds
    assert used is not None
    assert cost == pytest.approx(used / 100)
    assert seen.cpu_per_request(0) is None


def test_a_process_that_is_killed_is_absent_never_zero(burn: Burn, observing: Observing) -> None:
    """Rounds before stand, the round of its death and later ones have no such metric, and each says why."""
    process, other = burn(), burn()
    configuration = observing(sidecar=Watched(pid=process.pid), workload=Watched(pid=other.pid))
    seen = observe(configuration, seconds=0.5, rounds=3, during=lambda n: process.kill() if n == 1 else None)
    assert [sorted(each.resources) for each in seen] == [["sidecar", "workload"], ["workload"], ["workload"]]
    assert seen[0].warnings == ()
    assert f"process {process.pid} ended" in seen[1].warnings[0]
    assert "sidecar" in seen[1].warnings[0]
    assert len(seen[2].warnings) == 1


def test_a_proxy_that_restarts_is_found_again(tmp_path: Path, observing: Observing) -> None:
    sleeper = tmp_path / "smprestarter"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", sleeper)
    running = [subprocess.Popen([str(sleeper), "60"])]

    def restart(number: int) -> None:
        if number == 1:
            running[-1].kill()
            running[-1].wait()
            running.append(subprocess.Popen([str(sleeper), "60"]))
            time.sleep(0.1)

    time.sleep(0.1)
    try:
        seen = observe(observing(sidecar=Watched(name="smprestarter")), seconds=0.5, rounds=3, during=restart)
    finally:
        running[-1].kill()
        running[-1].wait()
    assert [sorted(each.resources) for each in seen] == [["sidecar"], [], ["sidecar"]]
    assert [len(each.warnings) for each in seen] == [0, 1, 0]


@pytest.mark.parametrize(
    ("watched", "said"),
    [
        (Watched(pid=2**22 - 3), "no process"),
        (Watched(name="no-such-process"), "no process"),
        (Watched(port=9), "port 9"),
        (Watched(cgroup="no/such/group"), "no/such/group"),
        (Watched(envoy_admin="http://127.0.0.1:9"), "127.0.0.1:9"),
        (Watched(prometheus="up"), "Prometheus"),
        (Watched(prometheus="auto"), "mesh.mesh_type.type"),
    ],
)
def test_what_is_not_there_is_absent_with_a_warning(observing: Observing, watched: Watched, said: str) -> None:
    environment = {"traffic_metadata": {"prometheus_url": "http://127.0.0.1:9"}}
    [seen] = observe(observing(sidecar=watched, environment=environment), seconds=0.2)
    assert seen.resources == {}
    [warning] = seen.warnings
    assert said in warning


def test_nothing_raises_whatever_a_sampler_does(observing: Observing, monkeypatch: pytest.MonkeyPatch) -> None:
    from smp_check.capture.processes import ProcessSampler

    def fail(*_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(ProcessSampler, "look", fail)
    [seen] = observe(observing(sidecar=Watched(pid=os.getpid())), seconds=0.5)
    assert seen.resources == {}
    assert "unforeseen" in seen.warnings[0]


def test_end_without_begin() -> None:
    from smp_check.capture.watch import Watcher

    watcher = Watcher({})
    assert watcher.end().resources == {}
    watcher.close()


def test_watching_costs_less_than_one_percent_of_a_core(burn: Burn, observing: Observing) -> None:
    """Three processes at 5 Hz in rounds of 2 s, beginning and end included, as CPU time of this process."""
    assert 1 / INTERVAL >= 4
    configuration = observing(**{name: Watched(pid=burn(0.01).pid) for name in ("workload", "sidecar", "gateway")})
    shares = []
    with watch(configuration) as watcher:
        for _ in range(4):  # the machine may be busy: its caches and clock are then not ours
            begin, began = time.process_time(), time.perf_counter()
            watcher.begin("head")
            time.sleep(2)
            watcher.end()
            shares.append((time.process_time() - begin) / (time.perf_counter() - began))
            if shares[-1] < 0.01:
                break
    assert min(shares) < 0.01, shares


CGROUP = Path("/sys/fs/cgroup/unified/smp-check-test")


def test_a_cgroup_by_its_files(fake_root: Path, observing: Observing) -> None:
    """CPU from `cpu.stat`; memory without file pages that nobody used lately."""
    group = fake_root / "app.slice/shop"
    group.mkdir(parents=True)
    (group / "cpu.stat").write_text("usage_usec 1000000\nuser_usec 1\n")
    (group / "memory.current").write_text("50000000\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 20000000\n")

    def work(_: int) -> None:
        (group / "cpu.stat").write_text("usage_usec 1250000\nuser_usec 1\n")

    [seen] = observe(observing(workload=Watched(cgroup="app.slice/shop")), seconds=0.5, during=work)
    usage = seen.resources["workload"]
    assert usage.cpu_seconds == pytest.approx(0.25)
    assert usage.memory == pytest.approx(30e6)


def test_a_cgroup_without_memory_controller_shows_cpu_alone(fake_root: Path, observing: Observing) -> None:
    (fake_root / "g").mkdir()
    (fake_root / "g/cpu.stat").write_text("usage_usec 5\n")
    [seen] = observe(observing(workload=Watched(cgroup="/g/")), seconds=0.2)
    usage = seen.resources["workload"]
    assert usage.cpu_seconds == 0
    assert usage.memory is None


def test_a_cgroup_that_is_replaced_is_absent(fake_root: Path, observing: Observing) -> None:
    (fake_root / "g").mkdir()
    (fake_root / "g/cpu.stat").write_text("usage_usec 500\n")

    def replace(_: int) -> None:
        (fake_root / "g/cpu.stat").write_text("usage_usec 3\n")

    [seen] = observe(observing(workload=Watched(cgroup="g")), seconds=0.2, during=replace)
    assert seen.resources == {}
    assert "replaced" in seen.warnings[0]


@pytest.mark.skipif(not os.access(CGROUP.parent, os.W_OK), reason="needs a writable cgroup v2 hierarchy")
def test_a_real_cgroup(burn: Burn, observing: Observing) -> None:
    CGROUP.mkdir(exist_ok=True)
    process = burn(0.4)
    try:
        (CGROUP / "cgroup.procs").write_text(str(process.pid))
        [seen] = observe(observing(workload=Watched(cgroup="unified/smp-check-test")), seconds=1)
    finally:
        process.kill()
        process.wait()
        time.sleep(0.1)
        CGROUP.rmdir()
    used = seen.resources["workload"].cpu_seconds
    assert used is not None
    assert 0.05 < used < 0.7


def test_a_port_on_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no /proc, psutil is asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert [process.pid for process in by_port(port)()] == [os.getpid()]
        monkeypatch.setattr(sys, "platform", "darwin")
        assert [process.pid for process in by_port(port)()] == [os.getpid()]
    with pytest.raises(LostError, match=str(port)):
        by_port(port)()


def test_a_forwarder_is_no_service(tmp_path: Path) -> None:
    """`kubectl port-forward` holds the port; what it uses says nothing of the pod behind it."""
    program = tmp_path / "kubectl"
    program.write_text(f"#!{sys.executable}\n{FORWARDER}")
    program.chmod(0o755)
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            with pytest.raises(LostError, match="kubectl"):
                by_port(port)()
        finally:
            process.kill()


FORWARDER = """
import ctypes, socket, time
ctypes.CDLL(None).prctl(15, b"kubectl", 0, 0, 0)
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(60)
"""


def test_ticks_where_there_is_no_clock(burn: Burn, observing: Observing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems without process clocks count CPU time in ticks."""

    def refuse(_: int) -> float:
        raise OSError

    monkeypatch.setattr(time, "clock_gettime", refuse)
    [seen] = observe(observing(workload=Watched(pid=burn(0.5).pid)), seconds=1)
    used = seen.resources["workload"].cpu_seconds
    assert used is not None
    assert 0.05 < used < 1
    assert round(used * 100) == pytest.approx(used * 100, abs=1e-6)
