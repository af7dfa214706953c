"""A server whose every move is scripted, and one round of the embedded generator against anything."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from smp_check.load.embedded.generator import EmbeddedGenerator
from smp_check.load.port import Load, Sample

Step = Any
"""Bytes to send, seconds to wait, ``"close"`` or ``"reset"``."""


@dataclass
class Scripted:
    """Answers the n-th request (over all connections, from 0) with the steps that the script gives for it."""

    script: Callable[[bytes, int], list[Step]]
    context: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http{'s' if self.context else ''}://127.0.0.1:{self.port}/"

    def serve(self, listener: socket.socket, stop: threading.Event) -> None:
        self.port = listener.getsockname()[1]
        threads = []
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            threads.append(threading.Thread(target=self.converse, args=(connection, stop)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def converse(self, connection: socket.socket, stop: threading.Event) -> None:
        connection.settimeout(0.1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, contextlib.suppress(OSError):
            if self.context:
                connection.settimeout(5)
                connection = self.context.wrap_socket(connection, server_side=True)
                connection.settimeout(0.1)
            with connection:
                while (request := read_request(connection, stop)) is not None:
                    number = len(self.requests)
                    self.requests.append(request)
                    for step in self.script(request, number):
                        if step == "close":
                            return
                        if step == "reset":
                            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                            return
                        if isinstance(step, bytes):
                            connection.sendall(step)
                        else:
                            time.sleep(step)


def read_request(connection: socket.socket, stop: threading.Event) -> bytes | None:
    data = b""
    while not stop.is_set():
        head, found, body = data.partition(b"\r\n\r\n")
        if found:
            lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            if len(body) >= (lengths or [0])[0]:
                return data
        try:
            more = connection.recv(65536)
        except TimeoutError:
            continue
        if not more:
            return None
        data += more
    return None


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(script: Callable[[bytes, int], list[Step]], context: ssl.SSLContext | None = None) -> Scripted:
        server = Scripted(script, context)
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        listener.settimeout(0.1)
        server.port = listener.getsockname()[1]

        def run() -> None:
            with listener:
                server.serve(listener, stop)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return server

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def one_round(url: str | tuple[str, ...], seconds: float = 0.5, rounds: int = 1, **load: Any) -> Sample:
    """The last of some rounds of the embedded generator."""
    urls = (url,) if isinstance(url, str) else url
    planned = Load(client="client-1", urls=urls, **({"connections": 2, "rate": 100.0} | load))
    generator = EmbeddedGenerator()
    assert generator.objection(planned) is None
    with generator.session(planned) as session:
        for _ in range(rounds):
            sample = session.measure(seconds, lambda _tick: None)
    return sample


@pytest.fixture
def measure() -> Callable[..., Sample]:
    return one_round


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def free() -> Callable[[], int]:
    return free_port


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Start a real server and wait until it listens; its output is shown when it does not."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*command: str, port: int) -> None:
        log = tmp_path / f"{Path(command[0]).name}-{port}.log"
        with log.open("wb") as out:
            running.append(subprocess.Popen(command, stdout=out, stderr=out, cwd=tmp_path))
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and running[-1].poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        pytest.fail(f"{command[0]} does not listen on {port}: {log.read_text(errors='replace')[-2000:]}")

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)


@dataclass(frozen=True)
class Certificates:
    """An authority, and what it has signed: files in PEM."""

    ca: str
    cert: str
    key: str
    client: str


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    import trustme

    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    server, client = authority.issue_cert("127.0.0.1", "localhost", "shop.test"), authority.issue_cert("me@client.test")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    (folder / "cert.pem").write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))
    server.private_key_pem.write_to_path(str(folder / "key.pem"))
    client.private_key_and_cert_chain_pem.write_to_path(str(folder / "client.pem"))
    return Certificates(*(str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem", "client.pem")))
