"""Configuration -> plan: rounds, order, loads, and what must agree for two runs to be comparable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp_check.errors import InputError
from smp_check.load.loads import retarget
from smp_check.load.plan import describe, interleave, load_fingerprint, make_plan
from smp_check.spec.configuration import CheckOptions, Client, Configuration, Protocol
from smp_check.spec.run import GeneratorInfo

INFO = GeneratorInfo(name="embedded", version="1", open_loop=True, percentile_method="hdr", resolution=1e-6)


def configuration(duration: float = 20.0, round_: float = 2.0, reference: str | None = "builtin", **client: Any) -> Any:
    given: dict[str, Any] = {"endpoint_urls": ("http://h:1/a",), "connections": 4, "rps": 100.0} | client
    check = CheckOptions(round=round_, reference=reference)
    return Configuration(name="t", duration=duration, clients=(Client(name="client-1", **given),), check=check)


@given(st.floats(0.5, 300), st.floats(0.5, 30), st.booleans())
def test_the_heads_rounds_take_the_tests_duration(duration: float, round_: float, with_reference: bool) -> None:
    plan = make_plan(configuration(duration, round_), reference_url="http://r/" if with_reference else None)
    head = [slot for slot in plan.schedule if slot.role == "head"]
    assert sum(slot.seconds for slot in head) == pytest.approx(duration)
    assert [slot.index for slot in head] == list(range(len(head)))
    assert round_ / 2 <= plan.round_seconds <= round_ * 2 or len(head) == 1
    reference = [slot for slot in plan.schedule if slot.role == "reference"]
    assert len(reference) == (len(head) if with_reference else 0)
    assert sum(slot.seconds for slot in reference) <= duration / 2 + 1e-9


def test_roles_alternate_in_abba_order() -> None:
    plan = make_plan(configuration(8), reference_url="http://r/")
    assert [f"{slot.role[0]}{slot.index}" for slot in plan.schedule] == ["h0", "r0", "r1", "h1", "h2", "r2", "r3", "h3"]


def test_schedules_can_be_built_block_by_block() -> None:
    first = interleave(("base", "head"), 2, seconds=2.0, launch=0)
    second = interleave(("base", "head"), 2, seconds=2.0, launch=1, start=2, flip=True)
    assert [(s.role, s.index, s.launch) for s in first + second] == [
        ("base", 0, 0),
        ("head", 0, 0),
        ("head", 1, 0),
        ("base", 1, 0),
        ("head", 2, 1),
        ("base", 2, 1),
        ("base", 3, 1),
        ("head", 3, 1),
    ]


def test_everything_of_a_client_is_in_its_load() -> None:
    client: dict[str, Any] = {
        "headers": {"X-A": "1"},
        "cookies": {"s": "1", "t": "2"},
        "body": "{}",
        "content_type": "application/json",
        "rps": 0.0,
        "additional_options": "--timeout '2s' --insecure",
    }
    load = make_plan(configuration(**client), reference_url=None).loads["head"][0]
    assert load.method == "POST"
    assert load.headers == {"X-A": "1", "Content-Type": "application/json", "Cookie": "s=1; t=2"}
    assert load.body == b"{}"
    assert load.rate is None
    assert load.options == ("--timeout", "2s", "--insecure")


def test_credentials_leave_the_url() -> None:
    plan = make_plan(configuration(endpoint_urls=("http://me:p%40ss@h:1/a",)), reference_url=None)
    assert plan.loads["head"][0].urls == ("http://h:1/a",)
    assert plan.loads["head"][0].headers == {"Authorization": "Basic bWU6cEBzcw=="}
    assert "bWU6cEBzcw" not in str(describe(plan))


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://r:2", "http://r:2/a"), ("https://r/", "https://r/a"), ("http://r:2/other", "http://r:2/other")],
)
def test_a_reference_without_a_path_gets_the_services(url: str, expected: str) -> None:
    plan = make_plan(configuration(reference=url), reference_url=url)
    assert plan.loads["reference"][0].urls == (expected,)
    assert retarget(plan.loads["head"], url)[0].urls == (expected,)


def test_the_builtin_reference_speaks_http_only() -> None:
    plan = make_plan(
        configuration(protocol=Protocol.GRPC, endpoint_urls=("h:1",), additional_options="--streams 3"),
        reference_url="http://127.0.0.1:5/",
    )
    reference = plan.loads["reference"][0]
    assert (reference.protocol, reference.urls, reference.options) == (Protocol.HTTP, ("http://127.0.0.1:5/",), ())
    assert (reference.rate, reference.connections) == (100.0, 4)


def test_the_builtin_reference_gets_none_of_our_options() -> None:
    made = configuration(additional_options="--http 2 --weights 2,1", endpoint_urls=("http://h:1/a", "http://h:1/b"))
    reference = make_plan(made, reference_url="http://127.0.0.1:5/").loads["reference"][0]
    assert (reference.urls, reference.options) == (("http://127.0.0.1:5/",), ())


def test_certificates(tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\n")
    beside = replace(configuration(ssl_certificate="ca.pem"), source=str(tmp_path / "c.yaml"))
    assert make_plan(beside, reference_url=None).loads["head"][0].ca_file == str(pem)
    text = make_plan(configuration(ssl_certificate=pem.read_text()), reference_url=None).loads["head"][0].ca_file
    assert text is not None
    assert Path(text).read_text() == pem.read_text()
    assert Path(text).stat().st_mode & 0o077 == 0
    with pytest.raises(InputError, match=r"nowhere\.pem"):
        make_plan(configuration(ssl_certificate="nowhere.pem"), reference_url=None)


def test_options_that_are_no_words() -> None:
    with pytest.raises(InputError, match="additional_options"):
        make_plan(configuration(additional_options="--method 'GET"), reference_url=None)


def test_few_requests_are_said_and_not_mended() -> None:
    plan = make_plan(configuration(rps=20.0), reference_url=None)
    assert plan.round_seconds == 2.0
    assert "40 requests per round of 2s" in plan.notes[0]
    assert make_plan(configuration(rps=2000.0), reference_url=None).notes == ()
    assert make_plan(configuration(rps=0.0), reference_url=None).notes == ()


def fingerprint(**client: Any) -> dict[str, str]:
    return load_fingerprint(make_plan(configuration(**client), reference_url="http://r/"), {"client-1": INFO})


@pytest.mark.parametrize(
    "client",
    [
        {"rps": 101.0},
        {"connections": 5},
        {"endpoint_urls": ("http://h:1/b",)},
        {"endpoint_urls": ("https://h:1/a",)},
        {"body": "x"},
        {"headers": {"Accept": "x"}},
        {"additional_options": "--http 2"},
    ],
)
def test_what_makes_runs_incomparable(client: dict[str, Any]) -> None:
    assert fingerprint(**client) != fingerprint()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"endpoint_urls": ("http://elsewhere:99/a",)}),
        ({"headers": {"Authorization": "old"}}, {"headers": {"authorization": "new"}}),
    ],
)
def test_what_does_not(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert fingerprint(**one) == fingerprint(**other)


def test_the_plan_keeps_secrets() -> None:
    plan = make_plan(configuration(headers={"Authorization": "Bearer s3cret"}), reference_url=None)
    assert "s3cret" not in str(describe(plan))
    assert describe(plan)["loads"]["head"][0]["headers"] == ["Authorization"]
