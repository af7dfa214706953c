"""Starting, waiting for and stopping a system under test: nothing is left behind, whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from smp_check.errors import InputError, MeasurementError
from smp_check.subject import process as module
from smp_check.subject import tree
from smp_check.subject.ports import BLOCK, free_port, listens

if TYPE_CHECKING:
    from pathlib import Path

DAEMON = """
import os, sys
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
exec(open("service.py").read())
"""


def body(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        return str(answer.read().decode())


def pids_of(system: Any) -> tuple[int, ...]:
    return tuple(process.pid for process in system.processes())


def alive(pids: tuple[int, ...]) -> list[int]:
    """A container without an init keeps the dead children of daemons as zombies: those don't count."""
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def test_the_port_and_the_role_are_handed_over(starter: Any) -> None:
    with starter("PYTHON service.py") as system:
        assert body(starter.port) == "head"
        assert system.death() is None
        assert pids_of(system)
    assert not listens("127.0.0.1", starter.port)
    assert not starter.warnings
    assert "listening" in (starter.folder / "head.log").read_text()


def test_a_command_that_leaves_daemons_behind(starter: Any) -> None:
    """As `docker compose up -d` does: it ends with 0, and what runs has left its group, session and parent."""
    (starter.folder / "daemon.py").write_text(DAEMON)
    with starter("PYTHON daemon.py") as system:
        assert body(starter.port) == "head"
        assert system.process.wait(5) == 0
        pids = pids_of(system)
        assert pids
        assert all(os.getsid(pid) != system.process.pid for pid in pids)
    assert not listens("127.0.0.1", starter.port)
    assert not alive(pids)
    assert not starter.warnings


def test_children_and_those_who_ignore_the_request_to_end(starter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree of processes one of which blocks SIGTERM and clears its environment."""
    monkeypatch.setattr(tree.end, "__kwdefaults__", {"grace": 0.3})
    stubborn = "trap '' TERM; while :; do sleep 0.1; done"
    with starter(f'env -i sh -c "{stubborn}" & (sleep 100 & wait) & PYTHON service.py') as system:
        pids = pids_of(system)
        assert len(pids) >= 5
    assert not alive(pids)


def test_a_start_that_fails_shows_the_end_of_its_log(starter: Any) -> None:
    with pytest.raises(MeasurementError) as caught, starter("echo 'no such module: left-pad' >&2; exit 7"):
        pytest.fail("not reached")
    assert "exit code 7" in caught.value.message
    assert "no such module: left-pad" in caught.value.message
    assert "head.log" in str(caught.value.hint)


def test_every_line_of_the_command_has_to_succeed(starter: Any) -> None:
    with pytest.raises(MeasurementError, match="exit code 1"), starter("false\nPYTHON service.py"):
        pytest.fail("not reached")


def test_a_start_that_is_never_ready(starter: Any) -> None:
    begin = time.monotonic()
    with pytest.raises(MeasurementError) as caught, starter("echo waiting for godot; sleep 60", seconds=0.5):
        pytest.fail("not reached")
    assert time.monotonic() - begin < 10
    assert f"127.0.0.1:{starter.port}" in caught.value.message
    assert "waiting for godot" in caught.value.message
    assert "SMP_CHECK_PORT" in str(caught.value.hint)


def test_a_health_url_has_to_answer_well(starter: Any) -> None:
    good, bad = (f"http://127.0.0.1:{starter.port}{path}" for path in ("/", "/broken"))
    with starter("PYTHON service.py", url=good):
        pass
    with pytest.raises(MeasurementError, match="no good answer"), starter("PYTHON service.py", url=bad, seconds=1):
        pytest.fail("not reached")


def test_a_folder_that_is_missing(starter: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    start = replace(starter.start("true"), folder=tmp_path / "nowhere")
    with pytest.raises(InputError, match="nowhere"), module.running(start, starter.warnings.append):
        pytest.fail("not reached")


def test_teardown_runs_with_the_same_environment(starter: Any) -> None:
    command = 'echo "$SMP_CHECK_ROLE $SMP_CHECK_PORT" > gone'
    with starter("PYTHON service.py", teardown=command):
        pass
    assert (starter.folder / "gone").read_text().split() == ["head", str(starter.port)]


def test_teardown_runs_after_a_failed_start(starter: Any) -> None:
    with pytest.raises(MeasurementError), starter("exit 1", teardown="touch gone"):
        pytest.fail("not reached")
    assert (starter.folder / "gone").exists()


def test_a_teardown_that_fails_or_hangs_is_a_warning(starter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEARDOWN_SECONDS", 0.3)
    with starter("PYTHON service.py", teardown="echo cannot; exit 3"):
        pass
    with starter("PYTHON service.py", teardown="sleep 60"):
        pass
    failed, hung = starter.warnings
    assert "exit code 3" in failed
    assert "cannot" in failed
    assert "stopped after" in hung


def test_something_else_listens_already(starter: Any) -> None:
    """A fixed port with an old copy on it: warned of, and the copy that could not start is not passed over."""
    with socket.create_server(("127.0.0.1", starter.port)):
        with pytest.raises(MeasurementError) as caught, starter("PYTHON service.py"):
            pytest.fail("not reached")
        assert "Address already in use" in caught.value.message
    assert "older copy" in starter.warnings[0]


def test_the_death_of_the_system_is_told(starter: Any) -> None:
    with starter("PYTHON service.py & while ! test -e go; do sleep 0.05; done; echo out of memory; exit 137") as system:
        (starter.folder / "go").touch()
        system.process.wait(20)
        death = system.death()
    assert "exit code 137" in death
    assert "out of memory" in death


def test_a_service_that_goes_quietly_is_told_of_too(starter: Any) -> None:
    with starter("PYTHON service.py & while ! test -e go; do sleep 0.05; done; echo bye; kill $!; exit 0") as system:
        (starter.folder / "go").touch()
        system.process.wait(20)
        while system.processes():
            time.sleep(0.05)
        death = system.death()
    assert "exit code 0" in death
    assert "bye" in death


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_nothing_running(starter: Any, number: signal.Signals) -> None:
    """A process that holds a running system is told to stop: the system is gone before the process."""
    (starter.folder / "daemon.py").write_text(DAEMON)
    holder = f"""
import signal, sys, time
from pathlib import Path
from smp_check.subject.process import Start, running
from smp_check.subject.ready import Readiness
signal.signal(signal.SIGTERM, signal.default_int_handler)
ready = Readiness(addresses=(("127.0.0.1", {starter.port}),), seconds=10)
start = Start(command=sys.executable + " daemon.py; sleep 100", role="base", port={starter.port},
              folder=Path.cwd(), log=Path("log"), ready=ready)
with running(start, print):
    print("up", flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", holder]
    with subprocess.Popen(command, cwd=starter.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert body(starter.port) == "base"
        process.send_signal(number)
        process.communicate(timeout=20)
    assert not listens("127.0.0.1", starter.port)


def test_free_ports_are_free_and_no_outgoing_connection_takes_them() -> None:
    for _ in range(20):
        port = free_port()
        assert port + BLOCK < 32_768
        for each in range(port, port + BLOCK):
            with socket.create_server(("127.0.0.1", each)):
                pass
