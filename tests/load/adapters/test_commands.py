"""The command of each generator says what the plan says; what it cannot honour is refused with the reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smp_check.errors import InputError
from smp_check.load.adapters.command import CommandGenerator, per_url
from smp_check.load.adapters.fortio import FortioAdapter, pace
from smp_check.load.adapters.k6 import K6Adapter
from smp_check.load.adapters.nighthawk import NighthawkAdapter
from smp_check.load.adapters.secrets import redacted
from smp_check.load.adapters.vegeta import VegetaAdapter, targets
from smp_check.load.adapters.wrk import WrkAdapter
from smp_check.load.adapters.wrk2 import Wrk2Adapter
from smp_check.load.capabilities import CAPABILITIES
from smp_check.load.port import Load
from smp_check.load.registry import generator_for
from smp_check.spec.configuration import Protocol

LOAD = Load(client="client-1", urls=("http://127.0.0.1:8080/",), rate=100, connections=8)
PROGRAMS = [name for name in CAPABILITIES if name not in {"embedded", "fortio-server"}]


def words(name: str, load: Load = LOAD, seconds: float = 2.0) -> str:
    return " ".join(generator_for(name).command(load, seconds))


@pytest.mark.parametrize(
    ("name", "load", "expected"),
    [
        ("fortio", LOAD, ("-c 8", "-uniform", "-nocatchup", "-allow-initial-errors")),
        ("fortio", replace(LOAD, rate=None), ("-qps 0 ", "-t 2000.000ms")),
        ("nighthawk", LOAD, ("--rps 100", "--connections 8", "--concurrency 1", "benchmark.http_5xx:4294967295")),
        ("wrk", replace(LOAD, rate=None), ("-c8", "-d2s", "-t2")),
        ("vegeta", replace(LOAD, rate=12.5), ("-rate=25/2s", "-max-connections=8", "-duration=2s")),
        ("vegeta", replace(LOAD, rate=None), ("-rate=0", "-max-workers=8")),
        ("oha", LOAD, ("-q 100", "-c 8", "--latency-correction", "-z 2000ms", " -w ")),
        ("hey", LOAD, ("-q 12.5", "-c 8", "-z 2000ms")),
        ("h2load", LOAD, ("--rps=12.5", "-c 8", "-D 2000ms", "--h1")),
        ("autocannon", LOAD, ("-R 100", "-c 8", "-d 2 ", "-C")),
    ],
)
def test_commands(name: str, load: Load, expected: tuple[str, ...]) -> None:
    text = words(name, load)
    for part in expected:
        assert part in text
    assert "http://127.0.0.1:8080/" in text or name == "vegeta"


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - {"wrk", "wrk2"}))
def test_additional_options_reach_the_command(name: str) -> None:
    assert "--my-option" in words(name, replace(LOAD, options=("--my-option",)))


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - {"wrk", "wrk2"}))
def test_nothing_secret_is_in_the_command_that_is_shown(name: str) -> None:
    load = replace(LOAD, headers={"Authorization": "Bearer s3cret", "X-Api-Key": "s3cret", "X-Plain": "seen"})
    text = words(name, load)
    assert "s3cret" not in text
    if name not in {"k6", "vegeta"}:  # those have their headers in a file and on stdin
        assert "seen" in text


def test_redaction() -> None:
    assert redacted(["-H", "cookie: a=b", "-user", "me:pass", "http://u:p@host/", "-H", "accept: */*"]) == (
        "-H",
        "cookie: ***",
        "-user",
        "***",
        "http://***@host/",
        "-H",
        "accept: */*",
    )


@pytest.mark.parametrize(
    ("name", "load", "reason"),
    [
        ("wrk", LOAD, "no rate"),
        ("wrk2", replace(LOAD, rate=None), "needs a rate"),
        ("wrk2", replace(LOAD, rate=12.5), "whole number"),
        ("nighthawk", replace(LOAD, rate=None), "needs a rate"),
        ("nighthawk", replace(LOAD, body=b"x"), "body"),
        ("autocannon", replace(LOAD, rate=4), "at most one connection per request"),
        ("autocannon", replace(LOAD, rate=100.5), "whole number"),
        ("hey", replace(LOAD, protocol=Protocol.GRPC), "speaks http, not grpc"),
        ("oha", replace(LOAD, protocol=Protocol.TCP), "not tcp"),
        ("fortio", replace(LOAD, arrival="poisson"), "poisson"),
        ("fortio", replace(LOAD, protocol=Protocol.UDP, method="PUT"), "method PUT"),
        ("k6", replace(LOAD, body=b"\xff"), "text bodies"),
        ("k6", replace(LOAD, ca_file="/ca.pem"), "certificate"),
        ("hey", replace(LOAD, urls=("http://a/", "http://b/"), connections=1), "connection of its own"),
    ],
)
def test_refusals(name: str, load: Load, reason: str) -> None:
    assert reason in str(generator_for(name).objection(load))


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - {"wrk"}))
def test_a_plain_load_is_not_refused(name: str) -> None:
    assert generator_for(name).objection(LOAD) is None


def test_wrk2_refuses_rounds_that_it_cannot_measure() -> None:
    with pytest.raises(InputError, match="at least 20s, not 2s"):
        generator_for("wrk2").command(LOAD, 2.0)
    assert "-R100" in words("wrk2", seconds=20.0)
    assert "--latency" in words("wrk2", seconds=20.0)


def test_the_two_programs_called_wrk_are_told_apart() -> None:
    plain = "wrk debian/4.1.0-3 [epoll] Copyright (C) 2012 Will Glozer\nUsage: wrk <options> <url>\n -d, --duration"
    constant = "wrk 4.0.0 [epoll] Copyright (C) 2012 Will Glozer\nUsage: wrk <options> <url>\n -R, --rate <T> work rate"
    assert (WrkAdapter().version(plain), WrkAdapter().version(constant)) == ("4.1.0-3", None)
    assert (Wrk2Adapter().version(plain), Wrk2Adapter().version(constant)) == (None, "4.0.0")


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.75.2\n", "1.75.2"), ("dev\n", "dev"), ("1.20.0\n", None), ("unknown command\n", None), ("v1.68.2", "1.68.2")],
)
def test_versions_of_fortio(text: str, version: str | None) -> None:
    assert FortioAdapter().version(text) == version


def test_versions_of_nighthawk() -> None:
    assert NighthawkAdapter().version("Nighthawk client version 0.5.0\n") == "0.5.0"
    assert NighthawkAdapter().version("something else") is None


def test_several_endpoints_share_rate_and_connections() -> None:
    load = replace(LOAD, urls=("http://a/", "http://b/", "http://c/"))
    parts = per_url(load)
    assert [part.connections for part in parts] == [3, 3, 2]
    assert sum(part.rate or 0 for part in parts) == pytest.approx(100)
    command = words("hey", load)
    assert command.count("hey -z") == 3
    assert command.count(" & ") == 2


@pytest.mark.parametrize(("rate", "connections", "seconds"), [(100, 8, 1), (40, 2, 1), (1000, 16, 2), (7, 3, 2)])
def test_fortio_is_asked_so_that_requests_leave_at_the_rate(rate: float, connections: int, seconds: float) -> None:
    """Its gaps are (1 + 1 / (N - 1)) / qps for N calls of a connection (periodic.go)."""
    qps, lasting = pace(replace(LOAD, rate=rate, connections=connections), seconds)
    calls = int(qps * lasting) // connections
    gap = (1 + 1 / (calls - 1)) / (qps / connections)
    assert connections / gap == pytest.approx(rate)
    assert calls == int(rate * seconds / connections)


@pytest.mark.parametrize(
    ("protocol", "url", "expected"),
    [
        (Protocol.TCP, "tcp://127.0.0.1:7", "tcp://127.0.0.1:7"),
        (Protocol.UDP, "127.0.0.1:7", "udp://127.0.0.1:7"),
        (Protocol.GRPC, "grpc://127.0.0.1:7/", "-grpc 127.0.0.1:7"),
        (Protocol.GRPC, "grpcs://127.0.0.1:7", "-grpc https://127.0.0.1:7"),
    ],
)
def test_protocols_of_fortio(protocol: Protocol, url: str, expected: str) -> None:
    assert words("fortio", replace(LOAD, protocol=protocol, urls=(url,))).endswith(expected)


def test_the_targets_of_vegeta() -> None:
    load = replace(LOAD, urls=("http://a/", "http://b/"), method="PUT", headers={"A": "b"}, body=b"\x00x")
    rows = [json.loads(line) for line in targets(load).decode().splitlines()]
    assert [row["url"] for row in rows] == ["http://a/", "http://b/"]
    assert rows[0] | {"url": ""} == {"url": "", "method": "PUT", "header": {"A": ["b"]}, "body": "AHg="}


def test_the_script_of_k6() -> None:
    load = replace(LOAD, rate=12.5, urls=("http://a/", "http://b/'\"</script>"), headers={"A": "'"})
    files: Any = K6Adapter().invocation(load, 2.0, Path("/folder")).files
    script = files["round.js"].decode()
    described = json.loads(script.partition("const load = ")[2].partition(";\n")[0])
    assert described["urls"] == list(load.urls)
    assert described["scenario"] | {"gracefulStop": ""} == {
        "executor": "constant-arrival-rate",
        "rate": 25,
        "timeUnit": "2s",
        "duration": "2000ms",
        "preAllocatedVUs": 8,
        "maxVUs": 8,
        "gracefulStop": "",
    }


def test_lua_cannot_be_broken_out_of() -> None:
    load = replace(LOAD, rate=None, method='GET"\nos.exit()')
    files = WrkAdapter().invocation(load, 1.0, Path("/folder")).files
    assert 'wrk.method = "GET\\"\\nos.exit()"' in files["round.lua"].decode()


def test_the_session_needs_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    generator = CommandGenerator(VegetaAdapter())
    with pytest.raises(Exception, match="not installed"), generator.session(LOAD):
        pass


def test_k6_gets_no_scenario_shorter_than_it_takes() -> None:
    files: Any = K6Adapter().invocation(LOAD, 0.5, Path("/folder")).files
    assert '"duration": "1000ms"' in files["round.js"].decode()
