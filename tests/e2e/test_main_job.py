"""The main job on a real service: first run, unchanged service, slowed service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from smp_check.load.embedded.target import BuiltinTarget

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SLOW_PROXY = """
  location / {{ proxy_pass http://127.0.0.1:{upstream}/; proxy_http_version 1.1; proxy_set_header Connection ""; }}
"""


def example(tool: Any, name: str, url: str) -> Path:
    """An example as it is in the tree, with the service's address and a shorter test."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    text = text.replace("http://127.0.0.1:8080/", url).replace("duration: 20s", "duration: 6s")
    path: Path = tool.write(name, text.replace("round: 2s", "round: 1s").replace("warmup: 2s", "warmup: 500ms"))
    return path


GATES = {
    "p50": {"tolerance": "100%", "absolute": "20ms"},
    "p90": {"tolerance": "100%", "absolute": "30ms"},
    "p99": None,
    "qps": None,
}
"""What a busy machine adds to a loopback answer within seconds is far below; what the slow service adds, far above."""


def calm(path: Path) -> Path:
    """The same configuration under these gates, so that verdicts are about the service and not about the machine.

    At 5 requests/s a connection, answers of 80 ms leave time enough for any generator to keep up.
    """
    configuration = yaml.safe_load(path.read_text(encoding="utf-8"))
    configuration["check"]["gates"] = GATES
    configuration["test"]["clients"][0]["rps"] = 40
    path.write_text(json.dumps(configuration), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["plain-service.yaml", "plain-service-fortio.yaml"])
def test_baseline_then_unchanged_then_slower(tool: Any, nginx: Any, needed_tools: Any, name: str) -> None:
    """First run exits 0 and makes the baseline; the same nginx again exits 0; behind added latency, 1."""
    needed_tools(name)
    service = nginx()
    config = calm(example(tool, name, service.url))

    first = tool("check", config)
    assert first.code == 0, first.err
    assert "this is now the baseline" in first.err
    assert "No baseline" in first.out

    second = tool("check", config)
    assert second.code == 0, second.out + second.err
    assert "regressed" not in second.out

    with BuiltinTarget(delay="constant:80ms") as upstream:
        slow = nginx(body=SLOW_PROXY.format(upstream=urlsplit(upstream.url).port))
        third = tool("check", config, "--endpoint-url", slow.url)
    assert third.code == 1, third.out + third.err
    for percentile in ("p50", "p90"):
        assert percentile in third.out
    assert "regressed" in third.out

    comparison = json.loads((tool.folder / ".smp-check/last/comparison.json").read_text())
    worse = {m["metric"] for m in comparison["metrics"] if m["verdict"] == "regressed"}
    assert {"p50", "p90"} <= worse
    assert tool("validate", ".smp-check/last/run.json").code == 0
    assert tool("report", ".smp-check/last/comparison.json", "--format", "markdown").code == 0

    fourth = tool("check", config)
    assert fourth.code == 0, "a regressed run was recorded, and did not become the norm: " + fourth.out


def test_a_meshery_file_runs_unchanged(tool: Any, nginx: Any, needed_tools: Any) -> None:
    """Meshery's `test:` + `mesh:` file with integer enums; only the address is ours."""
    needed_tools("fortio")
    service = nginx()
    config = example(tool, "meshery-performance-test.yaml", service.url)
    finished = tool("run", config, "--output", "run.json")
    assert finished.code == 0, finished.err
    run = json.loads((tool.folder / "run.json").read_text())
    assert run["mesh"]["mesh_type"]["type"] == "LINKERD"
    assert run["test"]["clients"][0]["protocol"] == "PROTOCOL_HTTP"
    assert run["result"]["actual_qps"] == pytest.approx(50, rel=0.1)
    assert tool("validate", "run.json").code == 0


def test_a_url_is_enough(tool: Any, nginx: Any) -> None:
    """No file at all: --endpoint-url alone runs the default test."""
    finished = tool("run", "--endpoint-url", nginx().url, "--duration", "2s", "--reference", "none")
    assert finished.code == 0, finished.err
    run = json.loads(finished.out)
    assert run["result"]["latencies_ms"]["p50"] > 0


def test_several_clients_and_endpoints_are_all_driven(tool: Any, nginx: Any) -> None:
    """Every clients[] entry and every endpoint_urls entry gets its requests, as nginx itself counts them."""
    log = tool.folder / "access.log"
    body = f"access_log {log}; location / {{ return 200 'x'; }}"
    service = nginx(body=body)
    client = {"connections": 2, "rps": 40, "protocol": "PROTOCOL_HTTP"}
    urls = [f"{service.url}{name}" for name in ("a", "b", "c")]
    clients = [client | {"endpoint_urls": urls[:2]}, client | {"endpoint_urls": urls[2:]}]
    config = {
        "test": {"name": "many", "duration": "2s", "clients": clients},
        "mesh": {},
        "check": {"reference": "none"},
    }
    assert tool("run", tool.write("many.json", config), "-o", "run.json").code == 0
    paths = [line.split('"')[1].split()[1] for line in log.read_text().splitlines()]
    counts = {path: paths.count(path) for path in ("/a", "/b", "/c")}
    assert min(counts.values()) > 30
    assert counts["/c"] == pytest.approx(counts["/a"] + counts["/b"], rel=0.2)
    run = json.loads((tool.folder / "run.json").read_text())
    assert {r["client"] for r in run["details"]["rounds"]} == {"client-1", "client-2"}
