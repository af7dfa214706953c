"""``smp-check run``: rehearsed, cut into rounds, in search of the capacity; and what it says on the way."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from smp_check.cli.console import Console
from smp_check.cli.progress import Progress, round_line
from smp_check.load.embedded.target import BuiltinTarget
from smp_check.load.events import RoundEnded, RoundStarted, Started, Ticked, WarmingUp, Warned
from smp_check.load.port import Tick
from smp_check.spec.configuration import Configuration
from smp_check.spec.run import Counts, Latency, Round

NOW = datetime(2026, 1, 31, tzinfo=timezone.utc)
CLIENT = {"connections": 2, "rps": 40, "protocol": 1, "endpoint_urls": ["http://127.0.0.1:9/cart"]}


def configuration(**client: Any) -> dict[str, Any]:
    return {
        "test": {"name": "shop", "duration": "6s", "clients": [CLIENT | client]},
        "mesh": {},
        "check": {"warmup": "200ms"},
    }


def test_a_dry_run_sends_nothing(tool: Any) -> None:
    finished = tool("run", tool.write("c.json", configuration(headers={"Authorization": "s3cret"})), "--dry-run")
    assert finished.code == 0, finished.err
    order = "rounds     6: head reference reference head"
    for part in (order, "GET http://127.0.0.1:9/cart", "40.0/s", "the built-in target"):
        assert part in finished.out
    assert "headers: Authorization" in finished.out
    assert "s3cret" not in finished.out
    assert not (tool.folder / ".smp-check").exists()


def test_a_dry_run_shows_the_exact_command(tool: Any, real: Any) -> None:
    real("fortio")
    finished = tool("run", tool.write("c.json", configuration()), "--dry-run", "--generator", "fortio")
    assert finished.code == 0, finished.err
    assert "$ fortio load" in finished.out.replace("/", " ").replace("$  ", "$ ") or "fortio load" in finished.out
    assert "http://127.0.0.1:9/cart" in finished.out


def test_a_dry_run_refuses_what_a_run_would_refuse(tool: Any) -> None:
    finished = tool("run", tool.write("c.json", configuration(additional_options="--methd PUT")), "--dry-run")
    assert finished.code == 2
    assert "--method" in finished.err


def test_rounds(tool: Any) -> None:
    with BuiltinTarget() as target:
        config = tool.write("c.json", configuration(endpoint_urls=[target.url]))
        options = ("--reference", "none", "--quiet")
        given = tool("run", config, "--rounds", "4", "--duration", "2s", *options)
        own = tool("run", config, "--rounds", "1", *options)
    assert given.code == own.code == 0, given.err + own.err
    assert given.err == ""
    for finished, rounds, seconds in ((given, 4, 0.5), (own, 1, 2.0)):
        details = json.loads(finished.out)["details"]
        assert len(details["rounds"]) == rounds
        assert details["plan"]["round_seconds"] == pytest.approx(seconds)


def test_find_capacity(tool: Any) -> None:
    """4 connections, 20 ms an answer: 200/s and no more."""
    with BuiltinTarget("constant:20ms") as target:
        config = tool.write("c.json", configuration(endpoint_urls=[target.url], connections=4))
        finished = tool("run", config, "--find-capacity", "--rounds", "5", "--duration", "1s", "--reference", "none")
    assert finished.code == 0, finished.err
    document = json.loads(finished.out)
    found = document["details"]["plan"]["capacity"]
    assert 120 < found["rate"] <= 205
    assert document["test"]["clients"][0]["rps"] == int(found["rate"])
    assert any(step.get("objection") for step in found["steps"])
    assert f"capacity: {int(found['rate'])}" in finished.err or "capacity: " in finished.err
    assert tool.write("run.json", document)
    assert tool("validate", "run.json").code == 0


def test_no_capacity_without_a_service(tool: Any) -> None:
    finished = tool("run", tool.write("c.json", configuration()), "--find-capacity")
    assert finished.code == 3
    assert "refused" in finished.err
    assert "Traceback" not in finished.err


def test_nothing_is_within_an_impossible_objective(tool: Any) -> None:
    with BuiltinTarget("constant:5ms") as target:
        check = {"round": "200ms", "gates": {"p50": {"max": "1ms"}}}
        document = configuration(endpoint_urls=[target.url]) | {"check": check}
        finished = tool("run", tool.write("c.json", document), "--find-capacity")
    assert finished.code == 3, finished.err
    assert "no rate is within the objective" in finished.err


def a_round(client: str = "client-1", p50: float = 0.002, **more: Any) -> Round:
    latency = Latency(count=100, percentiles={"p50": p50, "p99": 2 * p50})
    given: dict[str, Any] = {"counts": Counts(sent=100, ok=100), "latency": latency} | more
    return Round(
        role="head",
        client=client,
        index=0,
        start=NOW,
        end=NOW + timedelta(seconds=1),
        requested_rps=100,
        achieved_rps=100,
        connections=1,
        **given,
    )


def test_a_round_in_one_line() -> None:
    event = RoundEnded(number=3, of=20, rounds=(a_round(),))
    assert round_line(event) == "round 3/20 head: 100/s, p50 2.00 ms, p99 4.00 ms"
    two = (a_round(), a_round("client-2", 0.004, counts=Counts(sent=100, ok=90, errors={"timeout": 10}), noisy=("x",)))
    expected = "round 3/20 head: 200/s, p50 2.00 ms to 4.00 ms, p99 4.00 ms to 8.00 ms, 10 failed, noisy: x"
    assert round_line(RoundEnded(number=3, of=20, rounds=two)) == expected


STORY = (
    Started(rounds=2, seconds=9.0, notes=("few requests",)),
    WarmingUp(role="head", seconds=3.0),
    RoundStarted(role="head", number=1, of=2, seconds=1.0),
    Ticked(role="head", client="client-1", tick=Tick(elapsed=0.5, sent=50, ok=50, failed=0)),
    RoundEnded(number=1, of=2, rounds=(a_round(),)),
    Warned(message="beware"),
)


def told(console: Console, capsys: Any) -> str:
    with Progress(Configuration(name="shop", duration=2.0, clients=()), console) as progress:
        for event in STORY:
            progress.on_event(event)
    captured = capsys.readouterr()
    assert captured.out == "", "progress never mixes with data"
    err: str = captured.err
    return err


def test_in_ci_each_round_is_a_line(capsys: Any) -> None:
    assert told(Console(), capsys).splitlines() == [
        "measuring shop: 2 rounds, about 9s",
        "note: few requests",
        "round 1/2 head: 100/s, p50 2.00 ms, p99 4.00 ms",
        "warning: beware",
    ]


def test_quiet_leaves_warnings_alone(capsys: Any) -> None:
    assert told(Console(quiet=True), capsys) == "warning: beware\n"


def test_on_a_terminal_there_is_a_bar(capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("smp_check.cli.progress.REDRAW", 0.0)
    shown = told(Console(), capsys)
    assert "░" in shown
    assert "head 1/2  100/s" in shown
    assert "p50 2.00 ms" in shown
    assert shown.rpartition("\x1b[2K")[2] == "", "wiped away at the end"
