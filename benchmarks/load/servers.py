"""The servers that are loaded: nginx with one worker, and one whose response times are exactly known; both pinned."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLIENT_CORE, SERVER_CORE = 0, (os.cpu_count() or 1) - 1
BODY = "hello, this is a small answer body..\\n"
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; http2_max_concurrent_streams 512;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{h2} http2; listen 127.0.0.1:{tls} ssl;
    location / {{ return 200 "{body}"; }}
    location /_status {{ stub_status; }}
  }}
}}
"""


def pin(core: int) -> None:
    """Keep this process and its children to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def pinned(core: int) -> list[str]:
    """The beginning of a command that runs on one core."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {port}")


@dataclass(frozen=True)
class Nginx:
    plain: int
    h2: int
    tls: int

    def requests(self) -> int:
        """How many requests nginx itself has counted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.plain)
        connection.request("GET", "/_status")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return int(lines[2].split()[2])


@contextmanager
def nginx(folder: Path) -> Iterator[Nginx]:
    import trustme

    path = shutil.which("nginx")
    if path is None:
        raise SystemExit("nginx is missing: `make tools` installs it")
    certificate = trustme.CA().issue_cert("127.0.0.1")
    (folder / "cert.pem").write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    served = Nginx(free_port(), free_port(), free_port())
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, body=BODY, plain=served.plain, h2=served.h2, tls=served.tls))
    command = [*pinned(SERVER_CORE), path, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(served.plain)
        yield served
    finally:
        process.terminate()
        process.wait()


class Truth:
    """The server of ``truth_server``: it knows the delay of each of its answers, and when each request came."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def ask(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def reset(self, delay: str) -> None:
        self.ask(f"/_delay/{delay.replace('%', 'percent')}")

    def between(self, start: float, end: float) -> dict[str, Any]:
        """What happened between two moments of the wall clock: delays drawn, gaps between requests, own lateness."""
        found: dict[str, Any] = self.ask(f"/_truth/{start}/{end}")
        return found


@contextmanager
def truth() -> Iterator[Truth]:
    port = free_port()
    command = [*pinned(SERVER_CORE), sys.executable, "-m", "benchmarks.load.truth_server", str(port)]
    process = subprocess.Popen(command)
    try:
        wait_for(port)
        yield Truth(port)
    finally:
        process.terminate()
        process.wait()
