"""Other load generators at full speed, as their users run them: one core, 16 connections, nothing fancy."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
SEARCH_PATH = f"{ROOT / '.tools/bin'}{os.pathsep}{ROOT / '.tools/locust/bin'}{os.pathsep}{os.environ['PATH']}"
CONNECTIONS = 16
WARM_UP = 0.5
"""Seconds after the first requests, and before the planned end, that do not count."""
Pace = tuple[float, float]
"""Requests per second, requests per CPU second."""
K6 = """
import http from 'k6/http';
export const options = {{ vus: {c}, duration: '{d}s', insecureSkipTLSVerify: true, discardResponseBodies: true }};
export default function () {{ http.get('{url}'); }}
"""
LOCUST = """
from locust import FastHttpUser, constant, task
class User(FastHttpUser):
    wait_time = constant(0)
    insecure = True
    @task
    def get(self):
        self.client.get("/")
"""


def find(tool: str) -> str | None:
    return shutil.which(tool, path=SEARCH_PATH)


def commands(url: str, seconds: int, folder: Path) -> dict[str, list[str]]:
    """Tool -> its command for full speed over HTTP/1.1; only what every tool can do."""
    c, d = str(CONNECTIONS), str(seconds)
    vegeta = f"-insecure -rate 0 -max-workers {c} -duration {d}s"
    (folder / "k6.js").write_text(K6.format(c=c, d=d, url=url))
    (folder / "locustfile.py").write_text(LOCUST)
    return {
        "wrk": ["wrk", "-t1", f"-c{c}", f"-d{d}s", url],
        "h2load": ["h2load", "--h1", "-t1", "-c", c, "-D", d, url],
        "fortio": ["fortio", "load", "-quiet", "-qps", "0", "-c", c, "-t", f"{d}s", "-k", url],
        "hey": ["hey", "-c", c, "-z", f"{d}s", url],
        "oha": ["oha", "--no-tui", "-c", c, "-z", f"{d}s", "--insecure", url],
        "vegeta": ["sh", "-c", f"echo GET {url} | vegeta attack {vegeta} >/dev/null"],
        "k6": ["k6", "run", "--quiet", "--no-usage-report", str(folder / "k6.js")],
        "autocannon": ["autocannon", "-c", c, "-d", d, url],
        "ab": ["ab", "-q", "-k", "-c", c, "-t", d, "-n", "100000000", url],
        "locust": ["locust", "-f", str(folder / "locustfile.py"), "--headless", "-u", c, "-r", "1000", "-t", f"{d}s",
                   "--host", url.rstrip("/"), "--only-summary", "--skip-log"],
    }  # fmt: skip


def http2_commands(url: str, seconds: int, streams: int) -> dict[str, list[str]]:
    """Tool -> its command for full speed over HTTP/2 without TLS."""
    c, d = str(CONNECTIONS), str(seconds)
    return {"h2load": ["h2load", "-t1", "-c", c, "-m", str(streams), "-D", d, url]}


def available(wanted: dict[str, list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """The commands of the tools that are here, and the names of those that are not."""
    present = {name: command for name, command in wanted.items() if find(name)}
    return present, [name for name in wanted if name not in present]


def at_work(command: list[str], seconds: float, requests: Callable[[], int]) -> Pace:
    """Run one to its end, and look at the middle of it: neither its start nor its report counts.

    One processor for Go programs as well. ``requests`` is how many the server has had so far; looking costs one.
    """
    environment = os.environ | {"GOMAXPROCS": "1", "PATH": SEARCH_PATH, "TOKIO_WORKER_THREADS": "1"}
    with tempfile.TemporaryFile() as out:
        before = requests()
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        watched = psutil.Process(process.pid)
        looks = 1
        while requests() - before - looks < CONNECTIONS and process.poll() is None:
            looks += 1
            time.sleep(0.05)
        time.sleep(WARM_UP)
        first, cpu, began = requests(), _cpu(watched), time.perf_counter()
        time.sleep(max(0.3, seconds - 2 * WARM_UP))
        took, spent, made = time.perf_counter() - began, _cpu(watched) - cpu, requests() - first - 1
        code = process.wait(120)
        out.seek(0)
        text = out.read().decode(errors="replace")
    if code:
        print(f"{command[0]} ended with {code}: {text[-300:]}", file=sys.stderr)
    time.sleep(0.2)
    return made / took, made / spent if spent > 0 else 0.0


def _cpu(process: psutil.Process) -> float:
    """CPU seconds of a process and its children; what has ended in the meantime has none."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        for each in (process, *process.children(recursive=True)):
            times = each.cpu_times()
            total += times.user + times.system
    return total
