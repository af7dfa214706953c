"""The branch store over git's own smart HTTP server: credentials, refusals, answers lost after the work."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smp_check.errors import StoreError
from smp_check.store import branch
from smp_check.store.branch import BranchStore
from smp_check.store.git import GitBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smp_check.spec.run import RunDocument

    Make = Callable[..., RunDocument]


class Server:
    """`git http-backend` behind an HTTP server that can ask for a password, refuse, and lose answers."""

    def __init__(self, root: Path) -> None:
        self.password: str | None = None
        self.refuse_pushes = False
        self.lose_answers = 0
        self.pushes = 0
        server = self
        backend = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                pushing = "git-receive-pack" in self.path
                if not server.lets_in(self.headers.get("Authorization", "")):
                    self.answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
                    return
                if pushing and server.refuse_pushes:
                    self.answer(403, [], b"")
                    return
                environment = os.environ | {
                    "GIT_PROJECT_ROOT": str(root),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "REMOTE_USER": "ci",
                    "REMOTE_ADDR": "127.0.0.1",
                }
                command = [f"{backend}/git-http-backend"]
                done = subprocess.run(command, input=body, env=environment, capture_output=True, check=False)
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
                if pushing and self.command == "POST":
                    server.pushes += 1
                    if server.lose_answers > 0:
                        server.lose_answers -= 1
                        self.answer(502, [], b"")
                        return
                status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
                self.answer(status, [(name, value) for name, value in headers if name != "Status"], content)

            do_GET = do_POST = handle_any  # noqa: N815

            def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def lets_in(self, authorization: str) -> bool:
        if self.password is None:
            return True
        return authorization == "Basic " + base64.b64encode(f"ci:{self.password}".encode()).decode()

    def url(self, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self._server.server_port}/shop.git"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server(tmp_path: Path, real: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    git = real("git")
    bare = tmp_path / "served/shop.git"
    subprocess.run([git, "init", "-q", "--bare", str(bare)], check=True)
    subprocess.run([git, "-C", str(bare), "config", "http.receivepack", "true"], check=True)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Server(tmp_path / "served")
    yield made
    made.close()


def opened(url: str, cwd: Path) -> BranchStore:
    backend = GitBackend("smp-baselines", remote=url, cwd=cwd, environ=os.environ)
    return BranchStore(backend, pytest.fail, sleep=lambda _: None)


def count(tmp_path: Path) -> int:
    command = ["git", "-C", str(tmp_path / "served/shop.git"), "rev-list", "--count", "smp-baselines"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_over_http(server: Server, tmp_path: Path, a_run: Make) -> None:
    store = opened(server.url(), tmp_path)
    records = [store.append(a_run(number, rounds=1)) for number in range(3)]
    assert opened(server.url(), tmp_path).records() == records


def test_an_answer_lost_after_the_work_was_done(server: Server, tmp_path: Path, a_run: Make) -> None:
    """502 to a push that succeeded: the branch is read back, and the record is there once, from one push."""
    store = opened(server.url(), tmp_path)
    store.append(a_run(1, rounds=1))
    server.lose_answers = 1
    store.append(a_run(2, rounds=1))
    assert server.pushes == 2
    assert count(tmp_path) == 2
    assert len(opened(server.url(), tmp_path).records()) == 2


def test_a_server_that_loses_every_answer(
    server: Server, tmp_path: Path, a_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also then the first one's work is found done."""
    monkeypatch.setattr(branch, "ATTEMPTS", 3)
    server.lose_answers = 99
    opened(server.url(), tmp_path).append(a_run(1, rounds=1))
    assert count(tmp_path) == 1


def test_a_token_in_the_address(server: Server, tmp_path: Path, a_run: Make) -> None:
    server.password = "letmein"
    store = opened(server.url("ci:letmein@"), tmp_path)
    record = store.append(a_run(1, rounds=1))
    assert "letmein" not in store.location + record.location
    assert len(store.records()) == 1


@pytest.mark.parametrize("user", ["", "ci:wrong@"])
def test_no_access(server: Server, tmp_path: Path, a_run: Make, user: str) -> None:
    """At once, without asking for a password, without retries, and without showing the one that was tried."""
    server.password = "letmein"
    backend = GitBackend("smp-baselines", remote=server.url(user), cwd=tmp_path, environ=os.environ)
    store = BranchStore(backend, pytest.fail, sleep=lambda _: pytest.fail("nobody waits here for another try"))
    for attempt in (store.records, lambda: store.append(a_run(1, rounds=1))):
        with pytest.raises(StoreError) as caught:
            attempt()
        assert "wrong" not in str(caught.value)


def test_reading_alone_is_allowed(server: Server, tmp_path: Path, a_run: Make) -> None:
    server.refuse_pushes = True
    store = opened(server.url(), tmp_path)
    assert store.records() == []
    with pytest.raises(StoreError, match="403"):
        store.append(a_run(1, rounds=1))
    assert server.pushes == 0
