"""Processes, servers and Envoys to be watched."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from smp_check.spec.configuration import CheckOptions, Client, Configuration, Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BURN = """
import sys, time
share, memory = float(sys.argv[1]), bytearray(int(sys.argv[2]) * 1_000_000)
memory[::4096] = b"x" * len(memory[::4096])
print("ready", flush=True)
while True:
    begin = time.process_time()
    while time.process_time() - begin < 0.01 * share:
        pass
    time.sleep(0.01 * (1 - share))
"""


@pytest.fixture
def burn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """``burn(0.3, 50)``: a process that uses 30 % of a core and holds 50 MB."""
    running: list[subprocess.Popen[str]] = []

    def start(share: float = 0.3, megabytes: int = 1) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", BURN, str(share), str(megabytes)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def observing() -> Callable[..., Configuration]:
    """``observing(sidecar=Watched(pid=1))``: a configuration that watches these."""

    def make(
        environment: dict[str, Any] | None = None,
        mesh: dict[str, Any] | None = None,
        **components: Watched | tuple[Watched, ...],
    ) -> Configuration:
        observe = {name: each if isinstance(each, tuple) else (each,) for name, each in components.items()}
        return Configuration(
            name="t",
            duration=1,
            clients=(Client(name="client-1"),),
            environment=environment or {},
            mesh=mesh or {},
            check=CheckOptions(observe=observe),
        )

    return make


class Answers:
    """An HTTP server on loopback whose answers the test decides: path -> (status, body); ``None`` hangs."""

    def __init__(self) -> None:
        self.routes: dict[str, Any] = {}
        self.asked: list[str] = []
        answers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                answers.asked.append(self.path)
                status, body = answers.answer(self.path)
                if status is None:
                    time.sleep(3)
                    return
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str) -> tuple[int | None, Any]:
        parts = urlsplit(path)
        query = parse_qs(parts.query).get("query", [""])[0]
        route = self.routes.get(query) or self.routes.get(parts.path) or (404, b"")
        found: tuple[int | None, Any] = route() if callable(route) else route
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def answers() -> Iterator[Answers]:
    made = Answers()
    yield made
    made.close()


def vector(*values: float) -> dict[str, Any]:
    """Prometheus' answer to an instant query."""
    series = [{"metric": {"pod": f"p{n}"}, "value": [1e9, str(value)]} for n, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": series}}


@pytest.fixture
def prometheus_vector() -> Callable[..., dict[str, Any]]:
    return vector


@pytest.fixture
def fake_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for /sys/fs/cgroup."""
    from smp_check.capture import cgroup

    monkeypatch.setattr(cgroup, "ROOT", tmp_path)
    return tmp_path
