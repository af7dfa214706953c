"""The one process runner: nothing is left behind, nothing blocks, nothing secret is handed on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from smp_check.errors import MeasurementError
from smp_check.load import process as runner
from smp_check.load.process import Process, allowed_environment, run_briefly, wait_for

PARENT_OF_A_DEAF_CHILD = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_output_status_and_time_of_a_program_that_ends() -> None:
    finished = run_briefly(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"))
    assert (finished.returncode, finished.stdout, finished.stderr) == (3, b"out\n", b"err\n")
    assert finished.stopped is None
    assert 0 < finished.seconds < 10


def test_stdin_reaches_the_program(tmp_path: Path) -> None:
    code = "import sys; print(sys.stdin.read()[::-1])"
    with Process(python(code), tmp_path, stdin=b"abc") as process:
        wait_for([process], 10, lambda _: None)
        assert process.finished().stdout == b"cba\n"


def test_a_missing_program_is_a_measurement_error(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="no-such-program"):
        Process(["no-such-program"], tmp_path)


def test_what_it_started_dies_with_it(tmp_path: Path) -> None:
    """A child that ignores the interrupt, too."""
    with Process(python(PARENT_OF_A_DEAF_CHILD), tmp_path) as process:
        deadline = time.monotonic() + 10
        while b"deaf" not in (tmp_path / "stdout").read_bytes() and time.monotonic() < deadline:
            process.running()
            time.sleep(0.02)
        child = int((tmp_path / "stdout").read_text().split()[0])
        assert psutil.pid_exists(child)
    assert gone(child)
    assert not process.running()


def test_one_that_does_not_end_is_stopped_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PATIENCE", 0.3)
    code = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('x', flush=True); time.sleep(60)"
    heard: list[float] = []
    with Process(python(code), tmp_path) as process:
        while not (tmp_path / "stdout").read_bytes():
            time.sleep(0.02)
        wait_for([process], 0.3, heard.append)
        finished = process.finished()
    assert finished.stopped is not None
    assert "had not ended after 0.3 s" in finished.stopped
    assert "killed" in finished.stopped
    assert heard
    assert heard == sorted(heard)


def test_the_interrupt_lets_it_report(tmp_path: Path) -> None:
    code = """
import signal, sys, time
def end(*_):
    print('report', flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, end)
print('ready', flush=True)
time.sleep(60)
"""
    with Process(python(code), tmp_path) as process:
        while b"ready" not in (tmp_path / "stdout").read_bytes():
            time.sleep(0.02)
        process.stop("asked to")
        finished = process.finished()
    assert finished.stdout == b"ready\nreport\n"
    assert (finished.returncode, finished.stopped) == (0, "asked to")


def test_another_thread_can_stop_it(tmp_path: Path) -> None:
    with Process(python("import time; time.sleep(60)"), tmp_path) as process:
        threading.Timer(0.3, process.stop, ("by another",)).start()
        began = time.monotonic()
        wait_for([process], 30, lambda _: None)
        assert time.monotonic() - began < 15
        assert process.finished().stopped == "by another"


def test_endless_output_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "OUTPUT_CAP", 1024 * 1024)
    code = "while True: print('x' * 10000)"
    with Process(python(code), tmp_path) as process:
        wait_for([process], 60, lambda _: None)
        assert "wrote more than 1 MB" in str(process.finished().stopped)


def test_a_long_log_keeps_both_its_ends(tmp_path: Path) -> None:
    code = "import sys; [print(i, file=sys.stderr) for i in range(200_000)]"
    with Process(python(code), tmp_path) as process:
        wait_for([process], 60, lambda _: None)
        text = process.finished().stderr
    assert text.startswith(b"0\n1\n")
    assert text.endswith(b"199999\n")
    assert len(text) <= 2 * 65536


def test_the_environment_is_a_short_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy")
    finished = run_briefly(python("import os; print(*sorted(os.environ), sep='\\n')"))
    names = set(finished.stdout.decode().split())
    assert "PATH" in names
    assert not names & {"GITHUB_TOKEN", "HTTP_PROXY"}
    assert allowed_environment({"PATH": "p", "AWS_SECRET_ACCESS_KEY": "s"}) == {"PATH": "p"}


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX")
def test_an_interrupt_of_ours_leaves_nothing_running(tmp_path: Path) -> None:
    """As with Ctrl-C: the error passes through, the group is gone."""
    code = f"""
import sys
from pathlib import Path
from smp_check.load.process import Process, wait_for
with Process([{sys.executable!r}, "-c", "import time; time.sleep(60)"], Path({str(tmp_path)!r})) as process:
    print(process._process.pid, flush=True)
    wait_for([process], 60, lambda _: None)
"""
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as outer:
        assert outer.stdout is not None
        pid = int(outer.stdout.readline())
        outer.send_signal(signal.SIGINT)
        assert outer.wait(20) != 0
    assert gone(pid)
