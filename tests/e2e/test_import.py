"""`smp-check import`: whatever a team has measured already becomes a run document that validates and compares."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from smp_check.cli import cli

RECORDED = Path(__file__).resolve().parents[1] / "load/adapters/recorded"
SINGLE = sorted(
    path.name
    for path in RECORDED.iterdir()
    if path.name not in {"fortio-error.json", "autocannon-invented.json"}
    and not path.name.startswith(("series", "benchmark", "meshery-list", "meshery-page"))
)


def imported(tool: Any, *arguments: str) -> dict[str, Any]:
    finished = tool("import", *arguments)
    assert finished.code == 0, finished.err
    document: dict[str, Any] = json.loads(finished.out)
    return document


def test_every_source_makes_a_document_that_is_one(tool: Any) -> None:
    """The form is right whatever the source; what is wrong with the run is a finding of meaning."""
    for name in SINGLE:
        output = tool.folder / "runs" / f"{name}.json"
        result = CliRunner().invoke(cli, ["import", str(RECORDED / name), "-o", str(output)])
        assert result.exit_code == 0, (name, result.output)
        assert json.loads(output.read_text())["details"]["plan"]["imported"]["file"] == name
    found = tool("validate", "runs", "--format", "json")
    assert found.code == 2, "some of these runs failed"
    assert "SMP210" in found.out
    assert "SMP1" not in found.out, "but each of them has the form of a run document"


def test_numbers_times_and_what_they_were_called(tool: Any) -> None:
    document = imported(tool, str(RECORDED / "fortio.json"), "--commit", "abc1234", "--service-mesh", "linkerd")
    result = document["result"]
    assert result["start_time"] == "2026-03-01T08:00:00.500000Z"
    assert result["latencies_ms"] == pytest.approx(
        {"min": 2, "average": 3.45, "p50": 3, "p90": 4, "p99": 8.95, "max": 9.5}, rel=2e-3
    )
    assert result["actual_qps"] == pytest.approx(9.9)
    assert document["mesh"]["mesh_type"]["type"] == "LINKERD"
    assert document["details"]["provenance"]["commit"] == "abc1234"
    (measured,) = document["details"]["rounds"]
    assert measured["counts"]["errors"] == {"status": 1}
    assert measured["connections"] == 2
    assert measured["latency"]["histogram"]


def test_what_gives_access_is_left_out(tool: Any) -> None:
    text = json.dumps(imported(tool, str(RECORDED / "fortio.json")))
    assert "secret" not in text
    assert "http://127.0.0.1:8080/" in text


def test_the_same_file_is_the_same_document(tool: Any) -> None:
    """So a store that has it already does not count it twice."""
    first, second = (imported(tool, str(RECORDED / "vegeta.json")) for _ in range(2))
    assert first == second
    other = imported(tool, str(RECORDED / "vegeta.csv"))
    assert other["result"]["id"] != first["result"]["id"]


def test_stdin_and_a_file_of_the_same(tool: Any) -> None:
    text = (RECORDED / "oha.json").read_text()
    finished = tool("import", "-", "--start-time", "2026-03-01T08:00:00Z", stdin=text)
    assert finished.code == 0, finished.err
    document = json.loads(finished.out)
    assert document["result"]["start_time"] == "2026-03-01T08:00:00.000000Z"
    assert document["result"]["end_time"] == "2026-03-01T08:00:10.000000Z"


def test_an_unknown_time_is_the_files_and_said(tool: Any) -> None:
    path = tool.write("oha.json", (RECORDED / "oha.json").read_text())
    document = imported(tool, str(path))
    assert {remark["code"] for remark in document["details"]["remarks"]} >= {"clock"}


def test_a_run_whose_requests_all_failed_is_a_finding(tool: Any) -> None:
    finished = tool("import", str(RECORDED / "fortio-all-failed.json"), "-o", "run.json")
    assert finished.code == 0
    assert "all 10 requests failed" in finished.err
    assert "SMP210" in finished.err
    assert tool("validate", "run.json").code == 2
    assert any(
        r["severity"] == "error" for r in json.loads((tool.folder / "run.json").read_text())["details"]["remarks"]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((str(RECORDED / "fortio-error.json"),), "failed to start"),
        ((str(RECORDED / "autocannon-invented.json"),), "invents latencies"),
        ((str(RECORDED / "meshery-list.json"),), "3 results"),
        ((str(RECORDED / "series.csv"),), "--output DIR"),
        ((str(RECORDED / "hey.txt"), "--from", "k6"), "no JSON"),
        ((str(RECORDED / "hey.txt"), "--from", "hay"), "hay"),
        ((str(RECORDED / "hey.txt"), "--service-mesh", "istoi"), "ISTIO"),
        ((str(RECORDED / "hey.txt"), "--start-time", "yesterday"), "yesterday"),
        (("nowhere.json",), "nowhere.json"),
        ((".",), "directory"),
    ],
)
def test_what_cannot_be_imported_is_said(tool: Any, arguments: tuple[str, ...], words: str) -> None:
    finished = tool("import", *arguments)
    assert finished.code == 2
    assert words in finished.err
    assert "Traceback" not in finished.err
    assert finished.out == ""


def test_several_results_go_to_a_directory(tool: Any) -> None:
    finished = tool("import", str(RECORDED / "meshery-list.json"), "-o", "runs")
    assert finished.code == 0, finished.err
    assert len(list((tool.folder / "runs").glob("*.json"))) == 3


def test_meshery_keeps_what_it_knows_of_the_cluster(tool: Any) -> None:
    document = imported(tool, str(RECORDED / "meshery.json"))
    assert document["environment"]["kubernetes_version"] == "v1.30.1"
    assert document["environment"]["nodes"] == [{"cores": 4, "mem_mb": 16787}]
    assert document["details"]["metrics"] == {'cpu{pod="shop"}': 1.0}
    assert document["test"]["name"] == "shop -_- x"


def table(rows: int, slower_from: int, factor: float) -> str:
    """A history in which p50 and p99 of later commits are slower."""
    rng = random.Random(5)
    lines = ["time,commit,p50_ms,p99_ms,qps,heap_mb"]
    for index in range(rows):
        scale = factor if index >= slower_from else 1.0
        p50, p99 = 10 * scale * rng.lognormvariate(0, 0.02), 30 * scale * rng.lognormvariate(0, 0.04)
        lines.append(f"2026-01-{index + 1:02d}T10:00:00Z,{index:07x}f,{p50:.4f},{p99:.4f},1000,{rng.gauss(54, 1):.2f}")
    return "\n".join(lines) + "\n"


def test_a_table_of_runs_is_compared(tool: Any) -> None:
    """Rows become run documents that `compare` takes as a baseline and as a head."""
    tool.write("history.csv", table(24, slower_from=22, factor=1.4))
    assert tool("import", "history.csv", "--from", "series", "-o", "history").code == 0
    files = sorted((tool.folder / "history").glob("*.json"))
    assert len(files) == 24
    base = tool.folder / "base"
    base.mkdir()
    for file in files[:20]:
        file.rename(base / file.name)
    calm = tool("compare", "base", files[20], "-o", "calm.json")
    assert calm.code == 0, calm.out + calm.err
    slower = tool("compare", "base", files[23], "-o", "slower.json")
    assert slower.code == 1, slower.out + slower.err
    comparison = json.loads((tool.folder / "slower.json").read_text())
    verdicts = {metric["metric"]: metric["verdict"] for metric in comparison["metrics"]}
    assert verdicts["p50"] == "regressed"
    assert verdicts["qps"] == "unchanged"
    assert "heap_mb" in verdicts


def test_the_output_of_the_real_fortio(tool: Any, nginx: Any, real: Any) -> None:
    """What Fortio has just written, and what its user sees of it."""
    service = nginx()
    command = [real("fortio"), "load", "-quiet", "-json", "-", "-qps", "100", "-c", "2", "-t", "1s", "-r", "0.00001"]
    written = subprocess.run([*command, service.url], capture_output=True, text=True, check=True).stdout
    finished = tool("import", "-", stdin=written)
    assert finished.code == 0, finished.err
    document, source = json.loads(finished.out), json.loads(written)
    for given in source["DurationHistogram"]["Percentiles"]:
        name = f"p{given['Percentile']:g}"
        ours = document["details"]["rounds"][0]["latency"]["percentiles"][name]
        assert ours == pytest.approx(given["Value"], rel=1e-9), "recomputed from its buckets, by its own formula"
    tool.write("run.json", document)
    assert tool("validate", "run.json").code == 0


def test_the_worker_manifests_can_be_read() -> None:
    """The examples start the servers that `--worker` names."""
    folder = Path(__file__).resolve().parents[2] / "examples/workers"
    objects = list(yaml.safe_load_all((folder / "kubernetes.yaml").read_text()))
    assert [each["kind"] for each in objects] == ["Namespace", "Service", "StatefulSet", "NetworkPolicy"]
    (container,) = objects[2]["spec"]["template"]["spec"]["containers"]
    compose = yaml.safe_load((folder / "compose.yaml").read_text())["services"]["worker"]
    assert container["image"] == compose["image"]
    assert container["args"] == compose["command"]
