"""What several test folders share: smp-check as a subprocess, real tools, real services."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("shared-machine", deadline=None)  # other work shares the machine that tests run on
settings.load_profile("shared-machine")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell ignores it for its background jobs, and we inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")


def require(tool: str) -> str:
    """The path of a real tool; missing, the test is skipped loudly, and fails in CI."""
    places = (ROOT / ".tools/bin", Path(sys.executable).parent, Path.home() / "go/bin")
    os.environ["PATH"] = os.pathsep.join([str(places[0]), os.environ["PATH"], *map(str, places[1:])])
    path = shutil.which(tool)
    if path is None:
        message = f"{tool} is missing; `make tools` installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Tool:
    """smp-check as users run it: a subprocess in a folder of its own."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "SMP_", "ACTIONS_"))}
        return clean | {"NO_COLOR": "1", "PYTHONWARNINGS": "error::ResourceWarning"}

    def start(self, *arguments: str | Path, **more: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "smp_check", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **more,
        )

    def __call__(self, *arguments: str | Path, stdin: str | None = None, timeout: float = 120) -> Finished:
        process = self.start(*arguments, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL)
        out, err = process.communicate(stdin, timeout=timeout)
        return Finished(process.returncode, out, err)

    def write(self, name: str, text: str | dict[str, Any]) -> Path:
        path = self.folder / name
        path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return path


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path)


@dataclass(frozen=True)
class Nginx:
    """A running nginx: ``url`` is the service, ``slow_url`` the same behind a proxy whose upstream is delayed."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port}; {body} }}
}}
"""


@pytest.fixture
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Nginx]]:
    """Start nginx servers; ``nginx(port=..., body=...)`` gives a running one, stopped at the test's end."""
    path = require("nginx")
    running: list[subprocess.Popen[bytes]] = []

    def start(port: int | None = None, body: str = 'location / { return 200 "hello\\n"; }') -> Nginx:
        folder = tmp_path_factory.mktemp("nginx")
        port = port or free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder, port=port, body=body))
        command = [path, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for_port(port)
        return Nginx(port)

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)


@dataclass(frozen=True)
class SlowTarget:
    """A service that takes its time."""

    port: int


@pytest.fixture
def slow_target() -> Iterator[SlowTarget]:
    """A service that answers after 6 ms: what an added proxy, a cold cache or a bad commit does."""
    from smp_check.load.embedded.target import BuiltinTarget

    with BuiltinTarget(delay="constant:6ms") as target:
        yield SlowTarget(int(target.url.rstrip("/").rpartition(":")[2]))


@pytest.fixture
def real() -> Callable[[str], str]:
    """``real("fortio")`` is the path of a real tool; missing, the test is skipped loudly, and fails in CI."""
    return require


@pytest.fixture
def needed_tools() -> Callable[[str], None]:
    """Skip (or fail in CI) when the named example needs a tool that is missing."""

    def need(name: str) -> None:
        if "fortio" in name:
            require("fortio")

    return need
