"""Stores behind URLs: fsspec's memory filesystem, and a real HTTP server that lists directories and takes PUT."""

from __future__ import annotations

import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
import pytest

from smp_check.errors import StoreError
from smp_check.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smp_check.spec.run import RunDocument
    from smp_check.store.port import BaselineStore

    Make = Callable[..., RunDocument]


class Files(SimpleHTTPRequestHandler):
    """Python's own file server, with PUT."""

    read_only = False

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.read_only:
            self.send_error(405)
            return
        path = Path(self.translate_path(self.path))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


class ReadOnlyFiles(Files):
    read_only = True


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[type[Files]], str]]:
    servers = []

    def start(handler: type[Files]) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path)))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/store"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def opened(url: str, on_warning: Callable[[str], None] = pytest.fail) -> BaselineStore:
    return open_store(url, branch="b", cwd=Path.cwd(), environ={}, on_warning=on_warning)


@pytest.fixture
def memory() -> Iterator[str]:
    yield "memory://baselines"
    fsspec.filesystem("memory").rm("/baselines", recursive=True)


def exercise(store: BaselineStore, a_run: Make) -> None:
    assert store.records() == []
    records = [store.append(a_run(number, name="Grün & Blau")) for number in range(3)]
    store.append(a_run(1, name="Grün & Blau", verdict="unchanged"))
    assert store.records() == records
    assert store.records(records[0].series.family) == records
    assert [run.id for run in store.read(records)] == ["run-0", "run-1", "run-2"]
    assert [run.id for run in store.read(records[1:2])] == ["run-1"]


def test_memory(memory: str, a_run: Make) -> None:
    store = opened(memory)
    exercise(store, a_run)
    assert store.remove(store.records()[:1]) == 1
    assert len(store.records()) == 2


def test_a_corrupt_object_is_skipped_and_kept(memory: str, a_run: Make) -> None:
    warnings: list[str] = []
    store = opened(memory, warnings.append)
    bad, _ = store.append(a_run(1)), store.append(a_run(2))
    fsspec.filesystem("memory").pipe_file(f"/baselines/{bad.path}", b"{")
    assert [run.id for run in store.read(store.records())] == ["run-2"]
    assert len(warnings) == 1
    assert len(store.records()) == 2


def test_http(serve: Callable[[type[Files]], str], a_run: Make) -> None:
    exercise(opened(serve(Files)), a_run)


def test_http_that_takes_no_writes(serve: Callable[[type[Files]], str], a_run: Make) -> None:
    store = opened(serve(ReadOnlyFiles))
    assert store.records() == []
    with pytest.raises(StoreError, match="405"):
        store.append(a_run(1))


def test_nobody_answers(a_run: Make) -> None:
    store = opened("http://127.0.0.1:9/store")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9"):
        store.records()
    with pytest.raises(StoreError):
        store.append(a_run(1))


def test_secrets_in_addresses_are_not_shown() -> None:
    store = opened("http://me:secret@127.0.0.1:9/store")
    assert store.location == "http://127.0.0.1:9/store"
    with pytest.raises(StoreError) as caught:
        store.records()
    assert "secret" not in f"{caught.value} {caught.value.hint}"


def test_a_query_is_no_place_for_files() -> None:
    with pytest.raises(StoreError, match="query") as caught:
        opened("https://127.0.0.1:9/store?sig=secret")
    assert "secret" not in str(caught.value)


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(StoreError) as caught:
        opened("s3://bucket/baselines")
    assert "smp-check[remote]" in (caught.value.hint or "")


def test_an_unknown_scheme() -> None:
    with pytest.raises(StoreError, match="gopher"):
        opened("gopher://host/path")
