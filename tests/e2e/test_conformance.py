"""`validate`, `convert` and `schema` as users run them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.spec import documents
from tests.spec.documents import put

SAMPLE = """\
# the shape of 2019-20, as in the specification's own sample
start_time: 2020-01-11T11:28:35Z
end_time: 2020-01-11T14:28:35Z
exp_uuid: 3d0b3c35-5e8e-4a6c-9a30-0dbf2c4d7d5e
endpoint_url: http://shop/productpage
env:
  kubernetes: "1.17"
client:
  connections: 1
  rps: 1
  latencies_ms:
    min: 0.0125
    average: 0.0202
    p50: 0.0191
    p90: 0.0303
    p99: 0.055
    max: 0.1007
metrics:
  - cpu: 3
"""
EXPORT = """\
smp_version: test_smp_version
start_time: 2021-05-01T10:00:00.25+05:30
end_time: 2021-05-01T10:00:30.5+05:30
latencies_ms:
  min: 0.1001
  average: 0.1137
  p50: 0.112
  p90: 0.1421
  p99: 0.1629
  max: 0.2
actual_qps: 2.5
details_uri: test_details
test_id: test_test_id
mesh_config_id: test_meshconfigID
env_id: test_envID
"""
IN_MS = {"average": 113.7, "p50": 112.0, "p90": 142.1, "p99": 162.9, "max": 200.0, "min": 100.1}


@pytest.mark.parametrize(("text", "place"), [(SAMPLE, "doc.yaml:11:3"), (EXPORT, "doc.yaml:4:1")])
def test_seconds_in_a_field_of_milliseconds_are_named_and_mended(tool: Any, text: str, place: str) -> None:
    tool.write("doc.yaml", text)
    found = tool("validate", "doc.yaml")
    assert found.code == 2
    assert f"{place}: error SMP208" in found.out
    converted = tool("convert", "doc.yaml", "-o", "mended.json")
    assert converted.code == 0, converted.err
    assert "took latencies" in converted.err
    assert "multiplied" in converted.err
    mended = json.loads((tool.folder / "mended.json").read_text())
    assert mended["latencies_ms"]["p99"] == (55.0 if text is SAMPLE else 162.9)
    again = tool("validate", "mended.json", "--strict")
    assert again.code == 0, again.out


def test_what_an_old_document_says_and_a_result_cannot_is_kept_and_named(tool: Any) -> None:
    converted = tool("convert", tool.write("old.yaml", SAMPLE), "--to", "json")
    labels = json.loads(converted.out)["labels"]
    assert labels["env.kubernetes"] == "1.17"
    assert json.loads(labels["metrics"]) == [{"cpu": 3}]
    for path in ("exp_uuid", "endpoint_url", "env.kubernetes", "client.connections", "client.rps", "metrics"):
        assert path in labels
        assert path in converted.err


@pytest.mark.parametrize(("unit", "p99", "p50"), [("auto", 162.9, 112.0), ("s", 162.9, 112.0), ("ms", 0.1629, 0.112)])
def test_the_unit_is_taken_at_the_users_word(tool: Any, unit: str, p99: float, p50: float) -> None:
    converted = tool("convert", tool.write("e.yaml", EXPORT), "--latency-unit", unit, "--to", "json")
    latencies = json.loads(converted.out)["latencies_ms"]
    assert (latencies["p99"], latencies["p50"]) == (p99, p50)
    assert ("milliseconds:" if unit == "ms" else "seconds, and multiplied by 1,000:") in converted.err


def test_a_small_latency_alone_proves_nothing(tool: Any) -> None:
    """A local proxy answers in 0.3 ms: only fingerprint and shape decide."""
    quick = put(documents.result(), "/latencies_ms", {"p50": 0.2, "p99": 0.3})
    assert tool("validate", tool.write("r.json", quick)).code == 0
    converted = tool("convert", "r.json")
    assert json.loads(converted.out)["latencies_ms"] == {"p50": 0.2, "p99": 0.3}
    assert "as milliseconds" in converted.err


def test_syntaxes_and_spellings_there_and_back(tool: Any) -> None:
    original = documents.result() | {"labels": {"on": "yes", "n": "0o17"}, "id": "x"}
    tool.write("r.json", original)
    for there, more in (("a.yaml", ()), ("b.json", ("--spelling", "camel", "--enums", "numbers")), ("c.pb", ())):
        assert tool("convert", "r.json", "-o", there, *more).code == 0
        back = tool("convert", there, "--kind", "result", "--to", "json")
        assert back.code == 0, back.err
        assert json.loads(back.out) == original


def test_binary_by_way_of_stdin_and_stdout(tool: Any) -> None:
    """A part of a run document, piped as bytes."""
    tool.write("run.json", documents.run())
    command = [sys.executable, "-m", "smp_check", "convert", "-q"]
    packed = subprocess.run(
        [*command, "run.json", "--part", "test", "--to", "binary"], cwd=tool.folder, capture_output=True
    )
    assert packed.returncode == 0
    assert b"http://127.0.0.1:8080/" in packed.stdout
    options = ["-", "--from", "binary", "--kind", "test", "--to", "json"]
    unpacked = subprocess.run([*command, *options], input=packed.stdout, cwd=tool.folder, capture_output=True)
    assert json.loads(unpacked.stdout) == documents.run()["test"]


@pytest.mark.parametrize(
    ("name", "content", "arguments", "code", "words"),
    [
        ("x.pb", base64.b64encode(b"\xff" * 20).decode(), ("--kind", "result"), 2, "binary form"),
        ("x.pb", "", (), 2, "--kind"),
        ("fortio.json", '{"RunType": "HTTP", "DurationHistogram": {}}', (), 2, "smp-check import"),
        ("x.yaml", "a: 1", (), 2, "no SMP document"),
        ("r.json", '{"test_id": "x", "latencies_ms": {"p50": NaN}}', (), 2, "not finite"),
        ("r.yaml", "test_id: x\nlatencies_ms: {p50: many}\n", (), 2, "still not conformant: /latencies_ms/p50: SMP113"),
        ("t.yaml", "duration: 1s\nclients: []\nwhat: {a: [1]}\n", (), 0, "no field for them: what"),
        ("many.yaml", "type: 5\n---\ntype: 3\n", ("--to", "binary"), 2, "one SMP message"),
        ("r.yaml", "test_id: x\n", ("--part", "test"), 2, "no part test"),
    ],
)
def test_what_cannot_be_converted_says_why(
    tool: Any, name: str, content: str, arguments: tuple[str, ...], code: int, words: str
) -> None:
    tool.write(name, content)
    finished = tool("convert", name, *arguments)
    assert finished.code == code, finished.err
    assert words in finished.err
    assert "Traceback" not in finished.err


def test_many_files_directories_patterns_and_stdin(tool: Any) -> None:
    (tool.folder / "results/deep").mkdir(parents=True)
    for number in range(30):
        tool.write(f"results/deep/{number}.json", put(documents.result(), "/id", str(number)))
    tool.write("results/history.jsonl", "\n".join(json.dumps(documents.result()) for _ in range(5)) + "\n")
    tool.write("results/mesh.yml", "type: ISTIO\n---\ntype: LINKERD\n")
    tool.write("results/notes.txt", "not a document")
    assert "32 files, 37 documents" in tool("validate", "results").out
    assert "30 files" in tool("validate", "results/**/*.json").out
    assert "1 file" in tool("validate", "-", stdin="type: ISTIO").out
    assert tool("validate", "results", "results/deep/1.json").out == tool("validate", "results/").out

    broken = tool.write("results/deep/7.json", put(documents.result(), "/latencies_ms/p90", 1.0))
    tool.write("results/syntax.yaml", "a: [1\n")
    finished = tool("validate", "results")
    assert finished.code == 2
    assert f"{broken.relative_to(tool.folder)}:1:" in finished.out
    assert "results/syntax.yaml:2:1: error SMP100" in finished.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no documents"),
        (("nowhere.yaml",), "nowhere.yaml does not exist"),
        (("no*.yaml",), "no documents there"),
        (("empty",), "no documents there"),
        (("--kind", "tset", "x.yaml"), "tset"),
        (("--explain", "SMP999"), "no rule"),
    ],
)
def test_bad_usage(tool: Any, arguments: tuple[str, ...], words: str) -> None:
    (tool.folder / "empty").mkdir()
    finished = tool("validate", *arguments)
    assert finished.code == 2
    assert words in finished.err
    assert "Traceback" not in finished.err


def test_formats_and_outputs(tool: Any) -> None:
    tool.write("t.yaml", "duration: 10\nclients: []\n")
    as_json = tool("validate", "t.yaml", "--format", "json")
    assert as_json.code == 2
    assert json.loads(as_json.out)["results"][0]["findings"][0]["id"] == "SMP104"
    sarif = tool("validate", "t.yaml", "--format", "sarif", "-o", "out/findings.sarif")
    assert sarif.out == ""
    assert "not conformant" in sarif.err
    assert json.loads((tool.folder / "out/findings.sarif").read_text())["version"] == "2.1.0"
    github = tool("validate", "t.yaml", "--format", "github")
    assert github.out.startswith("::error file=t.yaml,line=1,col=11,title=SMP104 not-a-duration::")


def test_strict_makes_warnings_fail(tool: Any) -> None:
    tool.write("r.json", put(documents.result(), "/smp_version", "v9"))
    assert tool("validate", "r.json").code == 0
    assert tool("validate", "r.json", "--strict").code == 2


def test_the_kind_can_be_given(tool: Any) -> None:
    tool.write("x.yaml", "labels: {a: b}\n")
    assert tool("validate", "x.yaml", "--kind", "mesh").code == 0
    assert "SMP101" in tool("validate", tool.write("y.yaml", "nodes: []\n"), "--kind", "mesh").out


def test_rules_explain_themselves(tool: Any) -> None:
    explained = tool("validate", "--explain", "smp208")
    assert explained.code == 0
    assert explained.out.startswith("SMP208 seconds-in-latencies-ms (error)")
    assert tool("validate", "--explain", "latency-order").out.startswith("SMP203")
    assert tool("validate", "--explain", "all").out.count("Why:") > 30


def test_schemas_are_printed(tool: Any) -> None:
    listing = tool("schema")
    assert listing.code == 0
    for name in ("configuration", "run", "comparison", "result", "sidecar"):
        assert f"\n{name}" in listing.out
    for name in ("result", "PerformanceTestResult", "result.json"):
        assert json.loads(tool("schema", name).out)["$id"] == "https://smp-check.dev/schemas/result.json"
    assert "did you mean" in tool("schema", "rsult").err


def test_another_validator_agrees_on_the_printed_schema(tool: Any) -> None:
    """check-jsonschema knows nothing of us: the printed schema alone tells good from bad."""
    (tool.folder / "schema.json").write_text(tool("schema", "configuration").out)
    tool.write("good.json", documents.configuration())
    tool.write("bad.json", put(documents.configuration(), "/test/clients/0/protocol", "HTTP"))
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--schemafile", "schema.json"]
    assert subprocess.run([*command, "good.json"], cwd=tool.folder, capture_output=True).returncode == 0
    assert subprocess.run([*command, "bad.json"], cwd=tool.folder, capture_output=True).returncode == 1
