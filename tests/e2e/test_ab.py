"""Base against head in one job, through the command line: found, not invented, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

SERVICE = '''\
"""A small web service that does some work for each request."""
import asyncio, os

WORK = 4000
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


def configuration(**check: Any) -> dict[str, Any]:
    client = {
        "load_generator": "embedded",
        "protocol": "PROTOCOL_HTTP",
        "connections": 2,
        "rps": 200,
        "endpoint_urls": ["http://127.0.0.1:${SMP_CHECK_PORT}/"],
    }
    unjudged = dict.fromkeys(("p90", "p99", "qps"))
    gates = {"p50": {"tolerance": "50%"}, "cpu_per_request": {"tolerance": "30%"}, **unjudged}
    short = {"round": "200ms", "warmup": "100ms", "gates": gates, "setup": f"exec {sys.executable} service.py"}
    return {
        "test": {"name": "shop", "duration": "2s", "clients": [client]},
        "mesh": {},
        "check": short | check,
    }


def git(folder: Path, *arguments: str) -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    return subprocess.check_output(command, cwd=folder, env={**os.environ, **who}, text=True, stderr=-1).strip()


def repository(tool: Any, head: str) -> None:
    """main has the service, the checked out branch what ``head`` makes of it."""
    git(tool.folder, "init", "-q")
    tool.write(".gitignore", ".smp-check/\n")
    tool.write("smp-check.yaml", json.dumps(configuration()))
    for branch, text in (("main", SERVICE), ("change", head)):
        git(tool.folder, "checkout", "-q", "-B", branch)
        tool.write("service.py", text)
        git(tool.folder, "add", ".")
        git(tool.folder, "commit", "-q", "--allow-empty", "-m", branch)


def comparison(tool: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((tool.folder / ".smp-check/last/comparison.json").read_text())
    return read


def verdicts(tool: Any) -> dict[str, str]:
    return {m["metric"]: m["verdict"] for m in comparison(tool)["metrics"]}


def nothing_left(tool: Any) -> None:
    """No process, no worktree, no temporary folder."""
    ours = [p.info["pid"] for p in psutil.process_iter(["pid", "cmdline"]) if "service.py" in (p.info["cmdline"] or [])]
    mine = [pid for pid in ours if Path(f"/proc/{pid}/cwd").resolve().is_relative_to(tool.folder)]
    assert not mine
    if (tool.folder / ".git").exists():
        assert len(git(tool.folder, "worktree", "list").splitlines()) == 1
        assert git(tool.folder, "status", "--porcelain") == ""


def test_a_pull_request_that_does_more_work(tool: Any) -> None:
    repository(tool, SERVICE.replace("WORK = 4000", "WORK = 8000"))
    finished = tool("ab", "--base-ref", "main", "--launches", "4")
    assert finished.code == 1, finished.out + finished.err
    assert verdicts(tool)["cpu_per_request"] == "regressed"
    assert "launches, " in finished.err.splitlines()[0], "how long it takes is said first"
    run = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    rounds = run["details"]["rounds"]
    assert {r["role"] for r in rounds} == {"base", "head"}
    assert {r.get("launch", 0) for r in rounds} >= {0, 1, 2, 3}
    assert run["details"]["base"]["commit"] == git(tool.folder, "rev-parse", "main")
    assert tool("validate", ".smp-check/last/run.json").code == 0
    nothing_left(tool)


def test_a_pull_request_that_changes_a_comment(tool: Any) -> None:
    repository(tool, SERVICE.replace("does some work", "does a little work"))
    finished = tool("ab", "smp-check.yaml", "--base-ref", "main", "--launches", "4")
    assert finished.code == 0, finished.out + finished.err
    assert "regressed" not in verdicts(tool).values()
    nothing_left(tool)


def test_max_time_is_kept(tool: Any) -> None:
    tool.write("service.py", SERVICE)
    config = tool.write("c.json", configuration())
    begin = time.monotonic()
    started = ("--base-start", f"{sys.executable} service.py")
    finished = tool("ab", config, *started, "--max-time", "6s", "--duration", "1h")
    assert time.monotonic() - begin < 20
    assert finished.code in {0, 1}, finished.err
    assert "would not have fitted into 6s" in finished.out + finished.err
    assert "--duration does not count" in finished.err
    nothing_left(tool)


def test_two_urls_are_compared_without_a_restart(tool: Any, nginx: Any, slow_target: Any) -> None:
    """The fallback says what it is."""
    fast, slow = nginx().url, f"http://127.0.0.1:{slow_target.port}/"
    tool.write("smp-check.json", configuration(setup=None))
    finished = tool("ab", "--base-url", fast, "--head-url", slow, "--duration", "3s")
    assert finished.code == 1, finished.out + finished.err
    assert verdicts(tool)["p50"] == "regressed"
    assert "started once only" in finished.out
    assert comparison(tool)["remarks"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_measuring(tool: Any, stop: signal.Signals) -> None:
    """130, what was measured is kept and can be judged, and nothing is left."""
    repository(tool, SERVICE)
    process = tool.start("ab", "--base-ref", "main", start_new_session=True)
    time.sleep(4)
    process.send_signal(stop)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    document = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    assert document["details"]["rounds"]
    assert document["details"]["complete"] is False
    nothing_left(tool)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_starting(tool: Any, stop: signal.Signals) -> None:
    """The head is up already and the base never will be: both go, and the worktree with them."""
    repository(tool, SERVICE)
    waiting = f"{sys.executable} service.py & while sleep 0.1; do :; done"
    config = json.loads((tool.folder / "smp-check.yaml").read_text())
    config["check"]["ready_url"] = "http://127.0.0.1:${SMP_CHECK_PORT+1}/never"
    (tool.folder / ".git/info/exclude").write_text("never.json\n")
    process = tool.start("ab", tool.write("never.json", config), "--base-ref", "main", "--base-start", waiting)
    deadline = time.monotonic() + 20
    while not (tool.folder / ".smp-check/last/logs/base-1.log").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(stop)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    nothing_left(tool)


def test_a_base_that_does_not_start(tool: Any) -> None:
    """3, the end of its log is shown, and the whole log is kept."""
    repository(tool, SERVICE)
    finished = tool("ab", "--base-ref", "main", "--base-start", f"{sys.executable} -c 'import left_pad'")
    assert finished.code == 3, finished.err
    assert "the base ended with exit code 1" in finished.err
    assert "No module named 'left_pad'" in finished.err
    assert "left_pad" in (tool.folder / ".smp-check/last/logs/base-1.log").read_text()
    nothing_left(tool)


def test_a_head_that_dies_half_way(tool: Any) -> None:
    """3, with the reason that its log gives, and the rounds before are kept."""
    die = 'def die():\n    print("out of memory", flush=True)\n    os._exit(9)\n\n'
    later = "async def main():\n    asyncio.get_running_loop().call_later(2, die)"
    repository(tool, SERVICE.replace("async def main():", die + later))
    finished = tool("ab", "--base-ref", "main")
    assert finished.code == 3, finished.err
    assert "exit code 9" in finished.err
    assert "out of memory" in finished.err
    assert json.loads((tool.folder / ".smp-check/last/run.json").read_text())["details"]["rounds"]
    nothing_left(tool)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("what is the base", "--base-ref")),
        (("--head-url", "http://127.0.0.1:1/"), ("--base-url",)),
        (("--base-url", "http://127.0.0.1:1/", "--base-ref", "main"), ("exclude",)),
        (("--base-ref", "nowhere"), ("nowhere", "git branch")),
        (("--base-start", "true", "--launches", "6:2"), ("launches",)),
        (("--base-start", "true", "--launches", "few"), ("6:12",)),
        (("--base-start", "true", "--max-time", "10"), ("10s",)),
        (("fixed.json", "--base-start", "true"), ("SMP_CHECK_PORT",)),
        (("unstarted.json", "--base-start", "true"), ("--head-start",)),
    ],
)
def test_bad_usage(tool: Any, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    repository(tool, SERVICE)
    fixed, unstarted = configuration(), configuration()
    fixed["test"]["clients"][0]["endpoint_urls"] = ["http://127.0.0.1:8080/"]
    del unstarted["check"]["setup"]
    tool.write("fixed.json", fixed)
    tool.write("unstarted.json", unstarted)
    finished = tool("ab", *arguments, timeout=30)
    assert finished.code == 2, finished.err
    assert "Traceback" not in finished.err
    for word in words:
        assert word in finished.err


def test_check_starts_the_service_too(tool: Any) -> None:
    """setup, ready_url and teardown work for a plain check; the CPU time of what was started is measured."""
    tool.write("service.py", SERVICE)
    config = configuration(
        reference="none", teardown="touch torn-down", ready_url="http://127.0.0.1:${SMP_CHECK_PORT}/health"
    )
    finished = tool("check", tool.write("c.json", config))
    assert finished.code == 0, finished.out + finished.err
    run = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    assert all(r["cpu_per_request"] > 0 for r in run["details"]["rounds"])
    assert run["test"]["clients"][0]["endpoint_urls"] == ["http://127.0.0.1:${SMP_CHECK_PORT}/"]
    assert (tool.folder / "torn-down").exists()
    nothing_left(tool)


def test_a_service_that_cannot_be_started_is_a_failed_measurement(tool: Any) -> None:
    config = tool.write("c.json", configuration(setup="echo cannot >&2; exit 5"))
    for command in ("check", "run"):
        finished = tool(command, config)
        assert finished.code == 3, finished.err
        assert "exit code 5" in finished.err
        assert "cannot" in finished.err
