"""Through the command line: what a proxy and a service use is in the run document, and its loss ends nothing."""

from __future__ import annotations

import json
import math
import shutil
import statistics
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def configuration(url: str, observe: dict[str, Any], duration: str = "4s") -> dict[str, Any]:
    client = {"connections": 4, "rps": 200, "protocol": 1, "endpoint_urls": [url]}
    check = {"round": "1s", "warmup": "300ms", "observe": observe}
    return {"test": {"name": "watched", "duration": duration, "clients": [client]}, "mesh": {}, "check": check}


def run(tool: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((tool.folder / "run.json").read_text())
    return document


def test_a_watched_service(tool: Any, nginx: Any) -> None:
    """CPU, memory and CPU per request of nginx, found by its port; the reference's rounds have but the last."""
    service = nginx()
    config = tool.write("c.json", configuration(service.url, {"workload": {"port": service.port}}))
    finished = tool("run", config, "-o", "run.json")
    assert finished.code == 0, finished.err
    document = run(tool)
    rounds = document["details"]["rounds"]
    head = [each for each in rounds if each["role"] == "head"]
    assert head
    for each in head:
        assert each["resources"]["workload"]["cpu_seconds"] > 0
        assert each["resources"]["workload"]["samples"] >= 4
        assert 0 < each["cpu_per_request"] < 0.01
    reference = [each for each in rounds if each["role"] == "reference"]
    assert reference
    assert not [each for each in reference if "resources" in each]
    assert all(0 < each["cpu_per_request"] < 0.01 for each in reference)
    [workload] = document["environment"]["individual_workloads"]
    assert workload["name"] == "watched"
    assert workload["mem_mb"] >= 1
    assert tool("validate", "run.json").code == 0
    assert "cpu_per_request" in tool("check", config, "--reference", "none").out


def test_cpu_per_request_is_set_against_the_references(tool: Any, nginx: Any) -> None:
    """Like latency: of a stored run and a new one the ratios to the built-in target's are compared, not the seconds."""
    service = nginx()
    config = tool.write("c.json", configuration(service.url, {"workload": {"port": service.port}}))
    documents = []
    for name in ("base.json", "head.json"):
        finished = tool("run", config, "-o", name)
        assert finished.code == 0, finished.err
        documents.append(json.loads((tool.folder / name).read_text()))
    tool("compare", "base.json", "head.json", "-o", "comparison.json")
    comparison = json.loads((tool.folder / "comparison.json").read_text())
    [metric] = [each for each in comparison["metrics"] if each["metric"] == "cpu_per_request"]
    assert metric["inputs"]["referenced"] is True
    ratios = [
        statistics.median(
            math.log(head["cpu_per_request"] / reference["cpu_per_request"])
            for head in document["details"]["rounds"]
            for reference in document["details"]["rounds"]
            if (head["role"], reference["role"]) == ("head", "reference") and head["index"] == reference["index"]
        )
        for document in documents
    ]
    assert metric["inputs"]["base"] + metric["inputs"]["head"] == pytest.approx(ratios)


def test_another_service_as_the_reference_tells_no_cpu_time(tool: Any, nginx: Any) -> None:
    """It may be the very service under test, past the mesh: its CPU time would hide what it should show."""
    service = nginx()
    config = tool.write("c.json", configuration(service.url, {"workload": {"port": service.port}}, duration="3s"))
    assert tool("run", config, "-o", "run.json", "--reference", service.url).code == 0
    costs = {each["role"]: each.get("cpu_per_request") for each in run(tool)["details"]["rounds"]}
    assert costs["head"]
    assert costs["reference"] is None


def test_a_proxy_that_dies_half_way(tool: Any, nginx: Any, tmp_path: Path) -> None:
    """Its metric is absent from then on, with a warning; the run ends well, and what was seen before is told."""
    service = nginx()
    proxy = tmp_path / "smpdyingproxy"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", proxy)
    process = subprocess.Popen([str(proxy), "100"])
    config = tool.write("c.json", configuration(service.url, {"sidecar": {"name": "smpdyingproxy"}}, duration="8s"))

    measuring = tool.start("run", config, "-o", "run.json", "--reference", "none")
    while not measuring.stderr.readline().startswith("round 2/"):
        assert measuring.poll() is None
    process.kill()
    process.wait()
    _, err = measuring.communicate(timeout=120)
    assert measuring.returncode == 0, err
    assert err.count("the use of resources by the sidecar cannot be seen") >= 1
    document = run(tool)
    seen = ["sidecar" in each.get("resources", {}) for each in document["details"]["rounds"]]
    assert seen[0]
    assert not seen[-1]
    assert document["mesh"]["sidecar"]["count"] == 1
    assert tool("validate", "run.json").code == 0


def test_nothing_to_see(tool: Any, nginx: Any) -> None:
    """Targets that never were: warnings, no such metrics, and a verdict all the same."""
    observe = {
        "sidecar": {"envoy_admin": "http://127.0.0.1:9"},
        "gateway": {"name": "no-such-process"},
        "control_plane": {"prometheus": "up"},
    }
    config = configuration(nginx().url, observe)
    config["environment"] = {"traffic_metadata": {"prometheus_url": "http://127.0.0.1:9"}}
    finished = tool("check", tool.write("c.json", config), "--reference", "none")
    assert finished.code == 0, finished.err
    for component in observe:
        assert f"the use of resources by the {component} cannot be seen" in finished.err
    document = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    assert not [each for each in document["details"]["rounds"] if "resources" in each]
    assert "sidecar" not in document["mesh"]
