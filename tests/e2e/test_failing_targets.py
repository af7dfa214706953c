"""A target that fails: exit 3, what was measured kept on disk, its path printed, no traceback."""

from __future__ import annotations

import json
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


def configuration(url: str, duration: str = "3s", generator: str = "embedded") -> dict[str, Any]:
    client = {"load_generator": generator, "connections": 2, "rps": 40, "protocol": 1, "endpoint_urls": [url]}
    check = {"reference": "none", "round": "1s", "warmup": "500ms"}
    return {"test": {"name": "failing", "duration": duration, "clients": [client]}, "mesh": {}, "check": check}


def kept(tool: Any, finished: Any) -> dict[str, Any]:
    """The run document that the failed run left behind, found by the path it printed."""
    path = tool.folder / ".smp-check/last/run.json"
    assert ".smp-check/last" in finished.err
    document: dict[str, Any] = json.loads(path.read_text())
    assert document["details"].get("complete") is False
    return document


@pytest.fixture
def plain_listener() -> Iterator[int]:
    """A port where something listens that speaks no TLS and no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"220 this is no web server\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        stop.set()
        thread.join()


@pytest.mark.parametrize("command", ["check", "run"])
def test_nobody_listens(tool: Any, command: str) -> None:
    config = tool.write("c.json", configuration("http://127.0.0.1:9/"))
    finished = tool(command, config)
    assert finished.code == 3, finished.err
    assert "127.0.0.1:9" in finished.err
    assert "refused" in finished.err
    assert "Traceback" not in finished.err
    kept(tool, finished)


def test_a_name_that_does_not_resolve(tool: Any) -> None:
    finished = tool("check", tool.write("c.json", configuration("http://no-such-host.invalid/")))
    assert finished.code == 3, finished.err
    assert "no-such-host.invalid" in finished.err
    kept(tool, finished)


def test_tls_failure(tool: Any, plain_listener: int) -> None:
    finished = tool("check", tool.write("c.json", configuration(f"https://127.0.0.1:{plain_listener}/")))
    assert finished.code == 3, finished.err
    assert "tls" in finished.err.lower()
    kept(tool, finished)


def test_a_port_that_speaks_something_else(tool: Any, plain_listener: int) -> None:
    finished = tool("check", tool.write("c.json", configuration(f"http://127.0.0.1:{plain_listener}/")))
    assert finished.code == 3, finished.err
    kept(tool, finished)


@pytest.mark.parametrize("generator", ["embedded", "fortio"])
def test_every_answer_is_500(tool: Any, nginx: Any, needed_tools: Any, generator: str) -> None:
    needed_tools(generator)
    service = nginx(body="location / { return 500; }")
    finished = tool("check", tool.write("c.json", configuration(service.url, generator=generator)))
    assert finished.code == 3, finished.err
    assert "500" in finished.err
    document = kept(tool, finished)
    statuses = [r["counts"]["status"] for r in document["details"]["rounds"]]
    assert statuses
    assert all(set(status) == {"500"} for status in statuses)


def wait_for_rounds(process: Any, count: int) -> None:
    """Until so many rounds have been said to be over; on a busy machine that takes its time."""
    for line in process.stderr:
        if line.startswith(f"round {count}/"):
            return
    raise AssertionError("it ended before that")


def test_a_target_that_dies_half_way(tool: Any) -> None:
    from smp_check.load.embedded.target import BuiltinTarget

    with BuiltinTarget() as target:
        config = tool.write("c.json", configuration(target.url, duration="20s"))
        process = tool.start("check", config)
        wait_for_rounds(process, 2)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, out + err
    assert "Traceback" not in err
    document = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    good = [r for r in document["details"]["rounds"] if not r["counts"].get("errors")]
    assert good, "the rounds before its death are kept"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(tool: Any, nginx: Any, stop: signal.Signals) -> None:
    """Ctrl-C and SIGTERM: 130, the rounds so far kept, nothing left running."""
    config = tool.write("c.json", configuration(nginx().url, duration="30s"))
    process = tool.start("check", config, start_new_session=True)
    wait_for_rounds(process, 2)
    process.send_signal(stop)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    document = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    assert document["details"]["rounds"]
    assert tool("validate", ".smp-check/last/run.json").code == 0
