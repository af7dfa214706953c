"""The built-in target: a real server whose response times are what it was told."""

from __future__ import annotations

import random
import statistics
import urllib.request
from typing import Any

import psutil
import pytest

from smp_check.errors import InputError, MeasurementError
from smp_check.load.embedded.child import Child
from smp_check.load.embedded.delays import parse_delay
from smp_check.load.embedded.target import BuiltinTarget


def drawn(text: str, count: int = 20_000) -> list[float]:
    draw, chance = parse_delay(text), random.Random(1)
    return [draw(chance, 0.0) for _ in range(count)]


def test_delays_have_the_distribution_they_name() -> None:
    assert set(drawn("none", 5)) == {0.0}
    assert set(drawn("constant:2ms", 5)) == {0.002}
    uniform = drawn("uniform:1ms-3ms")
    assert statistics.mean(uniform) == pytest.approx(0.002, rel=0.02)
    assert min(uniform) == pytest.approx(0.001, rel=0.01)
    assert max(uniform) == pytest.approx(0.003, rel=0.01)
    bimodal = drawn("bimodal:2ms,50ms@1%")
    assert set(bimodal) == {0.002, 0.05}
    assert bimodal.count(0.05) == pytest.approx(200, rel=0.3)
    assert statistics.median(drawn("lognormal:2ms,0.5")) == pytest.approx(0.002, rel=0.03)


def test_a_stall_holds_back_the_first_part_of_each_period() -> None:
    draw, chance = parse_delay("stall:1s/5s+constant:1ms"), random.Random(1)
    assert [draw(chance, now) for now in (0.0, 0.5, 1.0, 4.9, 5.25)] == pytest.approx(
        [1.001, 0.501, 0.001, 0.001, 0.751]
    )


@pytest.mark.parametrize(
    "text", ["", "2ms", "constant:2", "uniform:1ms", "stall:5s/1s", "bimodal:1ms", "lognormal:x,1"]
)
def test_no_delay(text: str) -> None:
    with pytest.raises(InputError, match="no delay"):
        BuiltinTarget(text)


def test_it_answers_with_its_delay(measure: Any) -> None:
    with BuiltinTarget("constant:20ms") as target:
        with urllib.request.urlopen(target.url) as answer:
            assert (answer.status, answer.read()) == (200, b"smp-check built-in target\n")
        slow = measure(target.url, connections=4)
        target.set_delay("constant:60ms")
        slower = measure(target.url, connections=8)
    assert slow.latency.min >= 0.02
    assert slow.latency.percentiles["p50"] == pytest.approx(0.02, abs=0.015)
    assert slower.latency.min >= 0.06
    assert slower.latency.percentiles["p50"] == pytest.approx(0.06, abs=0.015)


def test_its_process_ends_with_the_context() -> None:
    with BuiltinTarget() as target:
        assert psutil.pid_exists(target.pid)
    assert not psutil.pid_exists(target.pid)


def test_a_child_that_dies_is_named() -> None:
    child = Child("smp_check.load.embedded.server")
    child.send(("serve", "none", 0))
    child.receive()
    psutil.Process(child.pid).kill()
    with pytest.raises(MeasurementError, match="ended unexpectedly"):
        child.receive()
    child.close()


def test_a_child_that_cannot_start_says_why() -> None:
    child = Child("smp_check.no_such_module")
    with pytest.raises(MeasurementError, match="no_such_module"):
        child.receive()
    child.close()
