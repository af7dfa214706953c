"""Ctrl-C and SIGTERM while another program makes the load: 130, what was measured is kept, nothing runs on."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import psutil
import pytest


def using(port: str) -> list[str]:
    """Programs other than smp-check and nginx that have this port in their command."""
    found = []
    for process in psutil.process_iter(["cmdline", "name"]):
        words = " ".join(process.info["cmdline"] or [])
        if f":{port}/" in words and process.info["name"] in {"fortio", "vegeta"}:
            found.append(words)
    return found


@pytest.mark.parametrize(("generator", "stop"), [("fortio", signal.SIGINT), ("fortio", signal.SIGTERM)])
def test_nothing_is_left_behind(tool: Any, nginx: Any, real: Any, generator: str, stop: signal.Signals) -> None:
    real(generator)
    url = nginx().url
    port = url.rstrip("/").rpartition(":")[2]
    client = {"load_generator": generator, "protocol": 1, "connections": 2, "rps": 50, "endpoint_urls": [url]}
    check = {"reference": "none", "round": "1s", "warmup": "0s"}
    test = {"name": "long", "duration": "60s", "clients": [client, client]}
    process = tool.start("check", tool.write("c.json", {"test": test, "mesh": {}, "check": check}))
    deadline = time.monotonic() + 30
    while len(using(port)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(2.5)
    process.send_signal(stop)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    assert not using(port)
    run = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    assert run["details"]["rounds"]
    assert run["details"]["complete"] is False
