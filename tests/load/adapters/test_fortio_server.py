"""The plan of a distributed load, and the rule for workers that are lost or lag; no network."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from smp_check.errors import InputError
from smp_check.load.adapters.distribution import from_values
from smp_check.load.adapters.reading import Reading
from smp_check.load.fortio_server.arguments import Share, rest_arguments, settings_of, shares_of, worker_url
from smp_check.load.fortio_server.generator import FortioServerGenerator
from smp_check.load.fortio_server.outcome import Part, outcome, with_rate
from smp_check.load.port import Distributed, Generator, Load
from smp_check.spec.configuration import Protocol
from smp_check.spec.overrides import Overrides, override
from smp_check.spec.run import Counts

LOAD = Load(
    client="client-1",
    urls=("http://10.9.0.1:8080/",),
    rate=300,
    connections=8,
    options=("--worker", "10.9.0.2:8080", "--worker=http://10.9.0.3:8080/", "--worker", "http://10.9.0.4:80/fortio/"),
)
START = datetime(2026, 3, 1, tzinfo=timezone.utc)


def test_rate_and_connections_are_divided() -> None:
    shares = shares_of(LOAD, settings_of(LOAD.options))
    assert [share.worker for share in shares] == [
        "http://10.9.0.2:8080/fortio/",
        "http://10.9.0.3:8080/fortio/",
        "http://10.9.0.4:80/fortio/",
    ]
    assert [share.load.rate for share in shares] == [100, 100, 100]
    assert [share.load.connections for share in shares] == [3, 3, 2]


def test_per_worker_is_for_each_the_whole() -> None:
    shares = shares_of(LOAD, settings_of([*LOAD.options, "--per-worker"]))
    assert {(share.load.rate, share.load.connections) for share in shares} == {(300, 8)}


def test_endpoints_are_divided_too() -> None:
    load = replace(LOAD, urls=("http://a/", "http://b/"))
    shares = shares_of(load, settings_of(load.options))
    assert len(shares) == 6
    assert sum(share.load.rate or 0 for share in shares) == pytest.approx(300)
    assert sum(share.load.connections for share in shares) == 8


@pytest.mark.parametrize("text", ["", "ftp://host", "http://", "http://[::1", "http://host:port"])
def test_what_is_no_worker(text: str) -> None:
    with pytest.raises(ValueError, match="worker"):
        worker_url(text)


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (replace(LOAD, options=("--wroker", "x")), "--wroker"),
        (replace(LOAD, options=("--worker",)), "no URL of a worker"),
        (replace(LOAD, connections=2), "3 shares"),
        (replace(LOAD, urls=("http://127.0.0.1/",)), "its own machine"),
        (replace(LOAD, body=b"\xff"), "text bodies"),
        (replace(LOAD, arrival="poisson"), "poisson"),
        (replace(LOAD, ca_file="ca.pem"), "certificate"),
        (LOAD, "None"),
    ],
)
def test_refusals(load: Load, reason: str) -> None:
    assert reason in str(FortioServerGenerator().objection(load))


def test_a_reference_on_this_machine_is_refused_for_workers_elsewhere() -> None:
    generator = FortioServerGenerator()
    near = replace(LOAD, urls=("http://127.0.0.1:1/",))
    with pytest.raises(InputError, match="its own machine") as caught, generator.session(near):
        pass
    assert "--reference none" in str(caught.value.hint)


def test_the_arguments_are_all_text() -> None:
    """Fortio ignores numbers; full speed is -1, since 0 and nothing mean 8 requests per second."""
    share = Share(worker="w", load=replace(LOAD, headers={"A": "b"}, body=b"x", method="PUT", insecure=True))
    words = rest_arguments(share, 2.0, "label", {"h2": "on"})
    assert all(isinstance(value, str) for name, value in words.items() if name != "headers")
    assert words["headers"] == ["A: b"]
    assert words | {"qps": "", "t": ""} == {
        "url": "http://10.9.0.1:8080/",
        "runner": "http",
        "qps": "",
        "c": "8",
        "t": "",
        "r": "0.00001",
        "p": "50,75,90,95,99,99.9",
        "timeout": "5s",
        "labels": "label",
        "uniform": "on",
        "nocatchup": "on",
        "https-insecure": "on",
        "headers": ["A: b"],
        "payload": "x",
        "X": "PUT",
        "h2": "on",
    }
    full = rest_arguments(Share(worker="w", load=replace(LOAD, rate=None)), 2.0, "label", {})
    assert full["qps"] == "-1"
    assert full["t"] == "2000.000ms"


def test_grpc_over_tls() -> None:
    load = replace(LOAD, protocol=Protocol.GRPC, urls=("grpcs://10.9.0.1:443",))
    words = rest_arguments(Share(worker="w", load=load), 1.0, "l", {})
    assert (words["runner"], words["url"], words["grpc-secure"]) == ("grpc", "10.9.0.1:443", "on")


def test_the_command_shows_every_worker_and_no_secret() -> None:
    load = replace(LOAD, headers={"Authorization": "Bearer s3cret"})
    text = " ".join(FortioServerGenerator().command(load, 2.0))
    assert text.count("POST http://10.9.0.") == 3
    assert "s3cret" not in text


def test_the_generator_has_both_interfaces() -> None:
    generator: Generator = FortioServerGenerator()
    assert isinstance(generator, Distributed)


def test_workers_of_the_command_line_take_over_every_client() -> None:
    value = {"test": {"clients": [{"rps": 5, "additional_options": "h2=on"}, {"loadGenerator": "wrk"}]}}
    changed = override(value, Overrides(worker=("10.0.0.1:8080", "10.0.0.2:8080")))
    first, second = changed["test"]["clients"]
    assert first["load_generator"] == "fortio-server"
    assert first["additional_options"] == "h2=on --worker 10.0.0.1:8080 --worker 10.0.0.2:8080"
    assert second["loadGenerator"] == "fortio-server"
    assert "load_generator" not in second


def part(name: str, *, sent: int = 200, late: float = 0.01, fault: str | None = None) -> Part:
    share = Share(worker=f"http://{name}/fortio/", load=replace(LOAD, rate=100, connections=2, options=()))
    latency = from_values([0.001 + index * 1e-5 for index in range(sent)])
    reading = Reading(
        generator="fortio-server",
        start=START,
        seconds=2.0,
        achieved_rps=sent / 2,
        connections=2,
        counts=Counts(sent=sent, ok=sent),
        latency=latency,
        percentile_method="fortio-buckets",
        resolution=1e-5,
    )
    return Part(share=share, name=name, reading=None if fault else reading, late=late, fault=fault)


def test_what_all_measured_is_merged_and_each_ones_own_is_kept() -> None:
    sample = outcome([part("a"), part("b"), part("c")], 2.0)
    assert sample.noisy == ()
    assert sample.counts.sent == sample.latency.count == 600
    assert sample.achieved_rps == 300
    assert sample.connections == 6
    assert [share.worker for share in sample.workers] == ["a", "b", "c"]
    assert sample.workers[0].latency.count == 200


def test_a_lost_worker_makes_the_round_partial_and_is_named() -> None:
    sample = outcome([part("a"), part("b", fault="it does not answer"), part("c")], 2.0)
    assert sample.noisy == ("partial: worker b was lost (it does not answer)",)
    assert sample.noisy[0] in sample.warnings
    assert [share.worker for share in sample.workers] == ["a", "c"]
    assert sample.achieved_rps == 200


def test_a_late_worker_and_a_slow_one_are_named() -> None:
    sample = outcome([part("a", late=0.5), part("b", sent=150), part("c", late=0.24)], 2.0)
    assert sample.noisy == ("worker a lagged: it was 500 ms late", "worker b lagged: it sent 75.0 % of its share")


def test_the_send_rate_leaves_out_the_wait_of_staggered_connections() -> None:
    """Two connections of 50/s each, 100 calls each in 2 s: the second starts 10 ms later, the last call takes 5 ms."""
    reading = part("a").reading
    assert reading is not None
    elapsed = 99 / 50 + 0.01 + 0.005
    latency = replace(reading.latency, mean=0.005)
    found = with_rate(replace(reading, seconds=elapsed, latency=latency, achieved_rps=200 / elapsed), 100)
    assert found.achieved_rps == pytest.approx(100)
    assert found.seconds == pytest.approx(2.0)
