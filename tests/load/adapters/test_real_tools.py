"""Every generator that can be installed here, against nginx: its counts are those of nginx's own log."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from smp_check.errors import MeasurementError
from smp_check.load.embedded.target import BuiltinTarget
from smp_check.load.port import Load, Sample
from smp_check.spec.configuration import Protocol
from smp_check.spec.histogram import Histogram
from tests.conftest import free_port, wait_for_port

PACED = ["fortio", "k6", "vegeta", "oha", "hey", "h2load", "autocannon"]
ALL = [*PACED, "wrk"]
CONNECTIONS = 4
SHORT = 0.5
"""Seconds; those that know whole seconds only make it one."""
Measure = Callable[..., Sample]


def load(*urls: str, rate: float | None = None, **more: Any) -> Load:
    return Load(client="client-1", urls=urls, rate=rate, connections=CONNECTIONS, **more)


def near(seen: int, sent: int, processes: int = 1) -> bool:
    """A generator may count fewer than the server: its warm-up, and what was in flight at the end."""
    return 0 <= seen - sent <= 2 * CONNECTIONS * processes


def whole(sample: Sample) -> None:
    """A histogram that can be added, with as many values as the latency has, in order."""
    latency = sample.latency
    assert latency.histogram is not None
    assert len(Histogram.decode(latency.histogram)) == latency.count
    assert latency.min is not None
    assert latency.max is not None
    order = [latency.min, *latency.percentiles.values(), latency.max]
    assert order == sorted(order)
    assert 0 < latency.max < 10


@pytest.mark.parametrize("name", PACED)
def test_counts_and_rate(judge: Any, measured: Measure, name: str) -> None:
    sample = measured(name, load(f"{judge.url}{name}", rate=100))
    seen = judge.seen()
    assert set(seen) == {f"/{name}"}
    assert near(seen[f"/{name}"], sample.counts.sent)
    assert sample.counts.ok == sample.counts.sent == sample.latency.count
    assert dict(sample.counts.status) == {"200": sample.counts.sent}
    assert sample.achieved_rps == pytest.approx(100, rel=0.5 if name == "autocannon" else 0.15)
    assert sample.connections == CONNECTIONS
    assert (sample.end - sample.start).total_seconds() == pytest.approx(1, abs=0.3)
    whole(sample)


@pytest.mark.parametrize("name", ALL)
def test_full_speed(judge: Any, measured: Measure, name: str) -> None:
    sample = measured(name, load(f"{judge.url}fast"), SHORT)
    assert near(judge.seen()["/fast"], sample.counts.sent)
    assert sample.counts.ok == sample.counts.sent > 100
    assert sample.latency.count == sample.counts.sent
    whole(sample)


@pytest.mark.parametrize("name", ALL)
def test_every_answer_is_503(judge: Any, measured: Measure, name: str) -> None:
    """Its exit code is 0; the errors are counted all the same."""
    sample = measured(name, load(f"{judge.url}bad", rate=None if name == "wrk" else 50), SHORT)
    assert near(judge.seen()["/bad"], sample.counts.sent)
    assert sample.counts.ok == 0
    assert dict(sample.counts.errors) == {"status": sample.counts.sent}
    if name != "wrk":  # which does not tell which status
        assert "503" in sample.faults["status"]
        assert set(sample.counts.status) == {"503"}


@pytest.mark.parametrize("name", ALL)
def test_nobody_listens(measured: Measure, name: str) -> None:
    """Errors by kind, or a failure that names generator and target; never a run that looks fine."""
    asked = load("http://127.0.0.1:9/", rate=None if name == "wrk" else 50)
    if name in {"wrk", "h2load"}:
        with pytest.raises(MeasurementError, match=rf"{name} failed for http://127\.0\.0\.1:9/"):
            measured(name, asked, SHORT)
        return
    sample = measured(name, asked, SHORT)
    assert sample.counts.ok == 0
    assert sample.counts.failed == sample.counts.sent > 0
    assert set(sample.counts.errors) == {"socket" if name == "autocannon" else "connect"}
    assert "127.0.0.1:9" in "".join(sample.faults.values())


@pytest.mark.parametrize("name", PACED)
def test_every_endpoint_gets_its_share(judge: Any, measured: Measure, name: str) -> None:
    sample = measured(name, load(f"{judge.url}a", f"{judge.url}bad", rate=100))
    seen = judge.seen()
    assert near(seen["/a"] + seen["/bad"], sample.counts.sent, processes=2)
    assert seen["/a"] == pytest.approx(seen["/bad"], rel=0.6 if name == "autocannon" else 0.2)
    assert sample.counts.errors["status"] == pytest.approx(sample.counts.ok, rel=0.6 if name == "autocannon" else 0.2)
    whole(sample)


@pytest.mark.parametrize("name", ALL)
def test_method_headers_and_body_arrive(judge: Any, measured: Measure, name: str) -> None:
    """nginx refuses each request that lacks one of them."""
    asked = load(
        f"{judge.url}wanted",
        rate=None if name == "wrk" else 50,
        method="POST",
        headers={"X-Test": "a b", "Content-Type": "application/json"},
        body=b'{"a": 1}\n',
    )
    sample = measured(name, asked, SHORT)
    assert dict(sample.counts.errors) == {}
    assert sample.counts.ok > 10


@pytest.mark.parametrize("name", ["fortio", "vegeta", "oha"])
def test_tls_with_an_authority_of_ones_own(judge: Any, measured: Measure, name: str) -> None:
    trusting = measured(name, load(judge.tls_url, rate=50, ca_file=judge.ca), SHORT)
    assert trusting.counts.ok == trusting.counts.sent > 10
    doubting = measured(name, load(judge.tls_url, rate=50), SHORT)
    assert doubting.counts.ok == 0
    assert set(doubting.counts.errors) == {"tls"}


@pytest.mark.parametrize("name", ["fortio", "vegeta", "oha", "k6", "hey", "h2load", "autocannon"])
def test_tls_without_asking(judge: Any, measured: Measure, name: str) -> None:
    """Those that cannot be told to check do not check."""
    sample = measured(name, load(judge.tls_url, rate=50, insecure=True), SHORT)
    assert sample.counts.ok == sample.counts.sent > 10


@pytest.mark.parametrize("name", ["fortio", "vegeta", "k6"])
def test_a_closed_session_leaves_nothing_running(judge: Any, generator: Callable[[str], Any], name: str) -> None:
    made = generator(name)
    faults: list[BaseException] = []
    with made.session(load(judge.url, rate=50)) as session:

        def measure() -> None:
            try:
                session.measure(30.0, lambda tick: None)
            except MeasurementError as fault:
                faults.append(fault)

        thread = threading.Thread(target=measure)
        thread.start()
        time.sleep(1.0)
        mine = [child for child in psutil.Process().children(recursive=True) if name in child.name()]
        assert mine
    thread.join(15)
    assert not thread.is_alive()
    assert not [child for child in mine if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_fortio_sees_what_its_buckets_hide(nginx: Any, measured: Measure) -> None:
    """A constant 6 ms and a constant 6.9 ms lie in one bucket of Fortio's, from 6 to 7 ms at -r 0.001."""
    medians = []
    for delay in ("constant:6100us", "constant:6700us"):
        with BuiltinTarget(delay=delay) as target:
            medians.append(measured("fortio", load(target.url, rate=100), 2.0).latency.percentiles["p50"])
    assert medians[1] - medians[0] == pytest.approx(0.0006, abs=0.00035)


@pytest.mark.parametrize(("protocol", "flag"), [("tcp", "-tcp-port"), ("udp", "-udp-port"), ("grpc", "-grpc-port")])
def test_fortio_speaks_every_protocol_of_smp(real: Any, measured: Measure, protocol: str, flag: str) -> None:
    port, http = free_port(), free_port()
    off = [word for name in ("-tcp-port", "-udp-port", "-grpc-port", "-redirect-port") for word in (name, "disabled")]
    command = [real("fortio"), "server", "-http-port", f"127.0.0.1:{http}", *off, flag, f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(http)
            time.sleep(0.3)
            known = {"tcp": Protocol.TCP, "udp": Protocol.UDP, "grpc": Protocol.GRPC}[protocol]
            sample = measured("fortio", load(f"{protocol}://127.0.0.1:{port}", rate=50, protocol=known), SHORT)
        finally:
            server.terminate()
    assert sample.counts.ok == sample.counts.sent > 10
    whole(sample)
