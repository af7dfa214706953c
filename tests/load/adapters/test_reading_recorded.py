"""Every format that can be imported, in every shape: the numbers are those that the file holds, in seconds."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from smp_check.errors import InputError
from smp_check.load.adapters.fields import SourceError
from smp_check.load.adapters.reading import Reading
from smp_check.load.imported.source import Content, Imported
from smp_check.load.imported.sources import NAMES, read_source
from smp_check.spec.configuration import Protocol
from smp_check.spec.histogram import Histogram

RECORDED = Path(__file__).parent / "recorded"
EIGHT = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)


def content(name: str) -> Content:
    return Content((RECORDED / name).read_bytes(), name)


def results(name: str) -> list[Imported]:
    return list(read_source(content(name))[1])


def reading(name: str) -> Reading:
    (only,) = results(name)
    return only.reading


def in_ms(found: Reading) -> dict[str, float | None]:
    latency = found.latency
    known = {"min": latency.min, "mean": latency.mean, **latency.percentiles, "max": latency.max}
    return {name: None if value is None else round(value * 1e3, 4) for name, value in known.items()}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("fortio.json", "fortio"),
        ("fortio-grpc.json", "fortio"),
        ("nighthawk-fortio.json", "fortio"),
        ("nighthawk.json", "nighthawk"),
        ("wrk.txt", "wrk"),
        ("wrk2.txt", "wrk"),
        ("k6-export.json", "k6"),
        ("k6-summary.json", "k6"),
        ("k6-machine.json", "k6"),
        ("vegeta.json", "vegeta"),
        ("vegeta.csv", "vegeta"),
        ("vegeta-results.jsonl", "vegeta"),
        ("vegeta-hdrplot.txt", "vegeta"),
        ("oha.json", "oha"),
        ("hey.txt", "hey"),
        ("hey.csv", "hey"),
        ("autocannon.json", "autocannon"),
        ("h2load.txt", "h2load"),
        ("h2load.json", "h2load"),
        ("h2load-log.tsv", "h2load"),
        ("meshery.json", "meshery"),
        ("meshery-camel.json", "meshery"),
        ("meshery-list.json", "meshery"),
        ("meshery-page.json", "meshery"),
        ("benchmark-data.js", "github-action-benchmark"),
        ("benchmark-data.json", "github-action-benchmark"),
        ("series.csv", "series"),
        ("series.json", "series"),
        ("series-columns.json", "series"),
    ],
)
def test_the_format_shows_in_the_file(name: str, source: str) -> None:
    found, read = read_source(content(name))
    assert found.name == source
    assert read
    assert list(read_source(content(name), source)[1]) == list(read)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fortio.json", {"min": 2, "mean": 3.45, "p50": 3, "p90": 4, "p99": 8.95, "max": 9.5}),
        ("fortio-old.json", {"min": 2, "mean": 3.45, "p50": 3, "p90": 4, "p99": 8.95, "max": 9.5}),
        ("nighthawk.json", {"min": 1.8, "mean": 2, "p50": 1.9, "p90": 2.5, "p99": 3.1, "max": 3.1}),
        ("nighthawk-fortio.json", {"min": 1.8, "mean": 2, "p50": 1.9, "max": 3.1}),
        ("wrk.txt", {"mean": 1.3, "p50": 1.2, "p75": 1.5, "p90": 1.9, "p99": 3.4, "max": 9.1, "min": None}),
        ("wrk2.txt", {"min": 0.41, "mean": 1.3, "p50": 1.201, "p90": 1.901, "p99": 3.401, "max": 9.107}),
        ("k6-export.json", {"min": 1, "mean": 2.1, "p50": 2, "p90": 3, "p95": 4, "max": 9}),
        ("k6-summary.json", {"min": 1, "mean": 2.1, "p50": 2, "p90": 3, "p99": 7.5, "max": 9}),
        ("k6-machine.json", {"min": 1, "mean": 2.1, "p50": 2, "p90": 3, "p95": 4, "max": 9}),
        ("vegeta.json", {"min": 1, "mean": 2, "p50": 1.9, "p90": 2.5, "p95": 2.6, "p99": 2.9, "max": 3}),
        ("vegeta.csv", {"min": 1, "mean": 1.9, "p50": 1.8, "p90": 2.6, "max": 2.8}),
        ("vegeta-hdrplot.txt", {"max": 3, "mean": None}),
        ("oha.json", {"min": 1, "mean": 2.1, "p50": 2, "p75": 2.4, "p90": 3, "p95": 4, "p99": 7.5, "max": 9}),
        ("hey.txt", {"min": 1, "mean": 2.1, "p50": 2, "p75": 2.4, "p90": 3, "p95": 4, "max": 9}),
        ("hey.csv", {"min": 1, "mean": 1.45, "p50": 1.4, "max": 1.9}),
        ("autocannon.json", {"min": 11, "mean": 21.3, "p50": 20, "p75": 24, "p90": 30, "p99": 75, "max": 90}),
        ("h2load.txt", {"min": 0.12, "mean": 0.205, "max": 3.1}),
        ("h2load.json", {"min": 1, "mean": 1.9, "p50": 1.8, "max": 2.8}),
        ("h2load-log.tsv", {"min": 1, "mean": 1.9, "p50": 1.8, "max": 2.8}),
    ],
)
def test_latencies(name: str, expected: dict[str, float | None]) -> None:
    found = in_ms(reading(name))
    shown = {key: found.get(key) for key in expected}
    near = {key: pytest.approx(value, rel=1e-3) if value is not None else None for key, value in expected.items()}
    assert shown == near


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("wrk.txt", {"p95", "p99.9"}),
        ("k6-export.json", {"p75", "p99"}),
        ("k6-machine.json", {"p99"}),
        ("vegeta.json", {"p75", "p99.9"}),
        ("hey.txt", {"p99"}),
        ("h2load.txt", {"p50", "p90", "p99"}),
    ],
)
def test_what_a_source_does_not_tell_is_absent(name: str, missing: set[str]) -> None:
    assert not missing & set(reading(name).latency.percentiles)


@pytest.mark.parametrize(
    ("name", "sent", "ok", "errors"),
    [
        ("fortio.json", 10, 9, {"status": 1}),
        ("fortio-all-failed.json", 10, 0, {"socket": 10}),
        ("fortio-tcp.json", 4, 3, {"timeout": 1}),
        ("fortio-grpc.json", 4, 3, {"socket": 1}),
        ("nighthawk-fortio.json", 20, 19, {"failed": 1}),
        ("nighthawk.json", 20, 19, {"status": 1}),
        ("wrk.txt", 12004, 11994, {"reset": 3, "timeout": 1, "status": 6}),
        ("wrk2.txt", 6001, 5991, {"reset": 2, "timeout": 1, "status": 7}),
        ("k6-export.json", 200, 198, {"failed": 2}),
        ("k6-summary.json", 200, 198, {"failed": 2}),
        ("k6-machine.json", 200, 198, {"failed": 2}),
        ("vegeta.json", 10, 9, {"status": 1}),
        ("vegeta.csv", 10, 8, {"status": 1, "connect": 1}),
        ("vegeta-results.jsonl", 10, 8, {"status": 1, "connect": 1}),
        ("oha.json", 200, 198, {"status": 2}),
        ("hey.txt", 201, 197, {"status": 3, "timeout": 1}),
        ("hey-refused.txt", 50, 0, {"connect": 50}),
        ("hey.csv", 10, 9, {"status": 1}),
        ("autocannon.json", 201, 198, {"status": 2, "timeout": 1}),
        ("h2load.txt", 200, 180, {"status": 20}),
        ("h2load.json", 10, 9, {"status": 1}),
        ("h2load-log.tsv", 10, 8, {"status": 1, "reset": 1}),
    ],
)
def test_counts(name: str, sent: int, ok: int, errors: dict[str, int]) -> None:
    counts = reading(name).counts
    assert counts is not None
    assert (counts.sent, counts.ok, dict(counts.errors)) == (sent, ok, errors)
    assert counts.ok + counts.failed == counts.sent


@pytest.mark.parametrize(
    ("name", "rate", "seconds"),
    [
        ("fortio.json", 9.9, 1.01010101),
        ("fortio-old.json", 9.9, 1.01010101),
        ("nighthawk.json", 19.999998, 1.0000001),
        ("wrk2.txt", 199.93, 30),
        ("k6-export.json", 20, 10),
        ("k6-summary.json", 19.9, 10.0502),
        ("k6-machine.json", 20, 10),
        ("vegeta.json", 11.086, 0.902),
        ("vegeta.csv", 10, 1),
        ("oha.json", 20, 10),
        ("hey.txt", 100.5, 2),
        ("autocannon.json", 100.5, 2),
        ("h2load.json", 5, 2),
    ],
)
def test_rate_and_time(name: str, rate: float, seconds: float) -> None:
    found = reading(name)
    assert found.achieved_rps == pytest.approx(rate, rel=1e-3)
    assert found.seconds == pytest.approx(seconds, rel=1e-6)


@pytest.mark.parametrize(
    "name", ["nighthawk.json", "vegeta.json", "vegeta.csv", "vegeta-results.jsonl", "autocannon.json", "h2load-log.tsv"]
)
def test_start_times_are_utc(name: str) -> None:
    assert reading(name).start == EIGHT


def test_an_offset_is_taken_off() -> None:
    assert reading("fortio.json").start == EIGHT.replace(microsecond=500000)


@pytest.mark.parametrize(
    ("name", "connections"),
    [("fortio.json", 2), ("wrk.txt", 8), ("h2load.txt", 8), ("k6-export.json", 4), ("oha.json", None)],
)
def test_connections(name: str, connections: int | None) -> None:
    assert reading(name).connections == connections


def test_wrk_and_wrk2_are_told_apart() -> None:
    assert (reading("wrk.txt").generator, reading("wrk2.txt").generator) == ("wrk", "wrk2")


@pytest.mark.parametrize(
    ("name", "protocol"),
    [("fortio.json", Protocol.HTTP), ("fortio-tcp.json", Protocol.TCP), ("fortio-grpc.json", Protocol.GRPC)],
)
def test_protocols(name: str, protocol: Protocol) -> None:
    assert reading(name).protocol is protocol


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fortio-error.json", "failed to start"),
        ("autocannon-invented.json", "invents latencies"),
    ],
)
def test_numbers_that_nobody_measured_are_refused(name: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        results(name)


def test_percentiles_below_the_minimum_are_mended() -> None:
    """Fortio before 1.71.1 wrote p50 = 299 ms for a service that never took less than 500."""
    found = reading("fortio-below-min.json")
    assert found.latency.percentiles["p50"] >= 0.5
    assert "mended" in {remark.code for remark in found.remarks}
    assert found.latency.histogram is not None
    assert Histogram.decode(found.latency.histogram).percentile(50) >= 0.4995


def test_a_histogram_without_its_counts_keeps_the_given_percentiles() -> None:
    """gowrk2 fills Fortio's shape with counts that are none, and no return codes."""
    (found,) = results("meshery-wrk2.json")
    assert found.reading.generator == "wrk2"
    assert found.reading.counts is None
    assert found.reading.latency.histogram is None
    assert found.reading.latency.percentiles["p99"] == 0.0075


def test_meshery_tells_mesh_cluster_and_server_metrics() -> None:
    (found,) = results("meshery.json")
    assert found.mesh == {"mesh_type": {"type": "ISTIO"}}
    assert found.environment == {"kubernetes_version": "v1.30.1", "nodes": [{"cores": 4, "mem_mb": 16787}]}
    assert found.metrics == {'cpu{pod="shop"}': 1.0}
    assert found.labels["meshery/id"].startswith("1111")
    assert found.name == "shop -_- x"


def test_both_spellings_of_meshery_say_the_same() -> None:
    (snake,), (camel,) = results("meshery.json"), results("meshery-camel.json")
    assert snake.reading == camel.reading
    assert snake.metrics == camel.metrics
    assert camel.mesh == {}


def test_meshery_lists_and_pages() -> None:
    listed = results("meshery-list.json")
    assert len(listed) == 3
    assert listed[1].reading.counts is not None
    assert listed[1].reading.counts.ok == 0
    assert listed[1].mesh == {"mesh_type": {"type": "ISTIO"}}, "found in the cluster"
    assert listed[2].labels["meshery/mesh"] == "my own mesh"
    assert len(results("meshery-page.json")) == 2


def test_a_table_of_runs() -> None:
    first, second = results("series.csv")
    assert (first.commit, second.commit) == ("4f1c9a2", "8be2d10")
    assert first.start == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert first.metrics == {"p50": pytest.approx(0.0102), "p99": pytest.approx(0.031), "qps": 1000, "heap_mb": 54.1}
    assert second.metrics["error_rate"] == pytest.approx(0.015)
    assert second.branch == "main"


def test_the_history_of_github_action_benchmark() -> None:
    first, second = results("benchmark-data.js")
    assert (first.name, first.commit) == ("Go", "4f1c9a2")
    assert first.metrics == {"BenchmarkGet (ns/op)": 1200, "throughput (ops/sec)": 90.5}
    assert second.metrics == {"BenchmarkGet (ns/op)": 1210}
    assert second.start == datetime(2026, 1, 2, 10, tzinfo=timezone.utc)
    assert results("benchmark-data.json") == [first, second]


def test_tables_in_json() -> None:
    first, second = results("series.json")
    assert first.metrics == {"p50": 0.0102, "qps": 1000}
    assert second.metrics["score"] == 5
    assert second.start == datetime(2026, 1, 2, 10, 0, 0, 123000, tzinfo=timezone.utc)
    assert [each.metrics for each in results("series-columns.json")] == [{"throughput": 5.0}, {"throughput": 6.0}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is empty"),
        (b"hello", "no format that can be recognised"),
        (b'{"smp_version": "v0.0.1", "latencies_ms": {"p50": 1}}', "SMP document already"),
        (b"[" * 100_000, "no format that can be recognised"),
        (b"\xff\xfe\x00", "no format that can be recognised"),
        (b'{"DurationHistogram": NaN, "RunType": 5}', None),
    ],
)
def test_what_is_no_result(text: bytes, words: str | None) -> None:
    if words is None:
        assert read_source(Content(text, "f"))[1][0].reading.latency.count == 0
        return
    with pytest.raises(InputError, match=words):
        read_source(Content(text, "f"))


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_name_for_a_file_is_said(name: str) -> None:
    with pytest.raises(InputError):
        read_source(Content(b"nothing of the kind\n", "f"), name)


def test_a_byte_order_mark_does_no_harm() -> None:
    data = b"\xef\xbb\xbf" + (RECORDED / "hey.csv").read_bytes()
    assert read_source(Content(data, "f"))[0].name == "hey"


def test_nothing_secret_is_read() -> None:
    values: Any = repr(results("fortio.json"))
    assert "UserCredentials" not in values
