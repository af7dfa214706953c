"""Change points, trends and their attribution, and the replay of a history."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.report.trend import trend_page, trend_text
from smp_check.spec.codec import format_time, from_json, to_json
from smp_check.spec.configuration import Gate
from smp_check.spec.run import RunDocument
from smp_check.verdict.calibrate import calibrate
from smp_check.verdict.changepoints import change_points
from smp_check.verdict.trend import Trend, trends
from tests.verdict.building import START, a_run, noisy_run


def level(*parts: tuple[int, float], seed: int = 1, noise: float = 0.02) -> list[float]:
    chance = random.Random(seed)
    return [x + chance.gauss(0, noise) for count, x in parts for _ in range(count)]


def test_steps_are_found_where_they_are() -> None:
    found = change_points(level((40, 0.0), (30, 0.2), (30, 0.05)))
    assert [point.index for point in found] == [pytest.approx(40, abs=1), pytest.approx(70, abs=1)]
    assert found[0].change == pytest.approx(0.2, abs=0.03)
    assert found[1].change == pytest.approx(-0.15, abs=0.03)
    assert all(point.p < 1e-4 for point in found)


def test_nothing_is_found_in_little_or_in_nothing() -> None:
    assert change_points([]) == ()
    assert change_points([1.0] * 200) == ()
    assert change_points([0.0, 0.0, 0.0, 5.0, 5.0, 5.0]) == (), "six points are too few"
    assert change_points(level((60, 0.0), (1, 3.0), (60, 0.0))) == (), "one outlier is no level"


def test_the_values_tell_where_it_was() -> None:
    """The last five of the old level happen to be its highest: by ranks alone they belong to the new one."""
    series = [*([0.0, 0.02, 0.01] * 25), *([0.03] * 5), *([0.12, 0.11] * 10)]
    assert [point.index for point in change_points(series)] == [80]
    wild = [x + (3.0 if i in {7, 50} else 0.0) for i, x in enumerate(series)]
    assert [point.index for point in change_points(wild)] == [80], "whatever two runs did"


def test_noise_with_a_memory_is_no_change() -> None:
    chance = random.Random(6)
    alarms = 0
    for _ in range(60):
        x, series = 0.0, []
        for _ in range(100):
            x = 0.6 * x + chance.gauss(0, 0.05)
            series.append(x)
        alarms += bool(change_points(series))
    assert alarms <= 4


def test_a_small_step_is_significant_and_not_told() -> None:
    series = level((100, 0.0), (100, 0.02), noise=0.002)
    assert change_points(series) == ()
    assert len(change_points(series, magnitude=0.01)) == 1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=0, max_size=60), st.floats(-100, 100), st.floats(0.5, 20))
def test_shift_and_stretch_and_mirror(series: list[float], shift: float, stretch: float) -> None:
    series = [round(x, 3) for x in series]
    found = [point.index for point in change_points(series, magnitude=0.0)]
    assert [p.index for p in change_points([x + shift for x in series], magnitude=0.0)] == found
    assert [p.index for p in change_points([x * stretch for x in series], magnitude=0.0)] == found
    assert [p.index for p in change_points([-x for x in series], magnitude=0.0)] == found


def history(*parts: tuple[int, float], days: float = 1.0) -> list[RunDocument]:
    chance = random.Random(2)
    runs: list[RunDocument] = []
    for count, p50 in parts:
        for _ in range(count):
            number = len(runs)
            start = format_time(START + timedelta(days=days * number))
            made = noisy_run(chance, p50, number=number, between=0.01, within=0.01, shared=0.04)
            runs.append(replace(made, result={"id": f"run-{number}", "start_time": start}))
    return runs


def trend_of(runs: list[RunDocument], metric: str = "p50") -> Trend:
    return next(trend for trend in trends(runs) if trend.metric == metric)


def test_a_change_is_attributed_to_the_commits_between() -> None:
    runs = history((20, 0.002), (20, 0.0026))
    trend = trend_of(runs)
    (change,) = trend.changes
    assert change.worse
    assert change.index == pytest.approx(20, abs=1)
    assert change.after_commit == runs[change.index - 1].details.provenance.commit
    assert change.at_commit == runs[change.index].details.provenance.commit
    assert change.change == pytest.approx(0.3, abs=0.05)
    assert trend.referenced, "the machine's noise is shared with the reference"


def test_order_does_not_matter_and_failed_runs_do_not_count() -> None:
    runs = history((15, 0.002), (15, 0.003))
    shuffled = random.Random(3).sample(runs, len(runs))
    assert trends(shuffled) == trends(runs)
    bad = replace(runs[3], details=replace(runs[3].details, verdict="failed"))
    assert len(trend_of([bad, *runs[:3], *runs[4:]]).points) == 29


def test_slow_drift_is_seen_where_no_step_is() -> None:
    """A step every day, each far below what a step detector tells; over a quarter of a year it is a fifth."""
    runs = history(*((1, 0.002 * math.exp(0.0024 * i)) for i in range(160)), days=1)
    trend = trend_of(runs)
    assert trend.changes or (trend.drift is not None and trend.drift > 0.05)


def test_reports_of_trends() -> None:
    found = trends(history((20, 0.002), (20, 0.003)))
    text = trend_text(found)
    assert "p50" in text
    assert "2026-02-20" in text
    page = trend_page(found)
    assert page.lower().startswith("<!doctype html>")
    assert page.count("<svg") >= len(found)
    assert [from_json(Trend, to_json(trend)) for trend in found] == list(found)
    assert trend_text([])


def test_hostile_names_stay_text() -> None:
    evil = "<script>alert(1)</script>\x1b[31m"
    runs = [replace(run, test={"name": evil}) for run in history((5, 0.002))]
    assert "<script>" not in trend_page(trends(runs))
    assert "\x1b" not in trend_text(trends(runs))


def test_replaying_a_history() -> None:
    table = calibrate(history((16, 0.002)), gates={"p50": Gate(tolerance=0.1)}, window=10)
    (used,) = [row for row in table.rows if row.metric == "p50" and row.configured]
    assert used.referenced
    assert used.judged == 11
    assert used.alarms <= 0.1
    assert used.power["50%"] == 1
    assert list(used.power.values()) == sorted(used.power.values())
    assert table.recommended["p50"] <= 0.3


def test_replaying_what_has_no_rounds_and_counts_up() -> None:
    chance = random.Random(5)
    runs = [a_run(number=i, metrics={"throughput": 900 * (1 + chance.gauss(0, 0.02))}) for i in range(14)]
    table = calibrate(runs, gates={"throughput": Gate(tolerance=0.1)}, window=20)
    (used,) = [row for row in table.rows if row.configured]
    assert not used.referenced
    assert used.power["50%"] == 1
    assert table.minutes is None
