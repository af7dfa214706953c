"""Chart geometry: points inside the picture, the tail stretched, and no chart from nothing."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.report.build import build_view
from smp_check.report.charts import HEIGHT, WIDTH, percentile_charts
from smp_check.spec.histogram import Histogram
from smp_check.spec.run import PERCENTILES, Latency
from tests.report.cases import comparison, latency, metric, side
from tests.report.situations import SITUATIONS


def points(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.split())]


def test_head_above_base_where_it_is_slower() -> None:
    (chart,) = percentile_charts(SITUATIONS["regressed"]())
    base, head = (points(line.points) for line in chart.lines)
    assert [line.side for line in chart.lines] == ["baseline", "head"]
    assert all(h < b for (_, h), (_, b) in zip(head, base, strict=True)), "up is slower, and y grows downwards"


def test_each_nine_takes_the_same_room() -> None:
    (chart,) = percentile_charts(SITUATIONS["unchanged"]())
    at = {tick.label: tick.at for tick in chart.across}
    assert math.isclose(at["p99"] - at["p90"], at["p99.9"] - at["p99"], abs_tol=0.2)


def test_no_latency_no_chart() -> None:
    assert percentile_charts(comparison("unchanged", "x", head=side(None, 1, 1, []))) == ()
    empty = replace(side(None, 1, 1, []), latency={"client-1": Latency(count=0)})
    assert percentile_charts(comparison("unchanged", "x", head=empty)) == ()


def test_without_a_histogram_the_known_percentiles_are_drawn() -> None:
    whole = latency(0.01)
    bare = replace(side(None, 1, 1, []), latency={"client-1": replace(whole, histogram=None)})
    (chart,) = percentile_charts(comparison("unchanged", "x", head=bare, base=None))
    assert len(points(chart.lines[0].points)) == len(PERCENTILES)


def test_a_broken_histogram_is_no_crash() -> None:
    broken = replace(side(None, 1, 1, []), latency={"client-1": replace(latency(0.01), histogram="garbage")})
    assert percentile_charts(comparison("unchanged", "x", head=broken))


def test_the_sum_of_one_client_is_not_drawn_twice() -> None:
    made = SITUATIONS["regressed"]()
    both = replace(made.head, latency={"client-1": latency(0.01), "all": latency(0.01)})
    assert [chart.client for chart in percentile_charts(replace(made, head=both))] == ["client-1"]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(1, 3_600_000_000), st.integers(1, 10**6), min_size=1, max_size=20),
    st.dictionaries(st.integers(1, 3_600_000_000), st.integers(1, 10**6), min_size=1, max_size=20),
)
def test_everything_stays_in_the_picture(base: dict[int, int], head: dict[int, int]) -> None:
    sides = []
    for counted in (base, head):
        histogram = Histogram()
        histogram.record_microseconds(counted)
        percents = [0.0, 1.0, 50.0, 99.0, 99.99, 100.0]
        assert histogram.percentiles(percents) == [histogram.percentile(p) for p in percents]
        sides.append(replace(side(None, 1, 1, []), latency={"client-1": histogram.summary()}))
    made = comparison("unchanged", "x", base=sides[0], head=sides[1])
    for chart in percentile_charts(made):
        for line in chart.lines:
            assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points(line.points))
        assert all(0 <= tick.at <= HEIGHT for tick in chart.up)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.floats(-0.999, 1e6), st.floats(-0.999, 1e6), st.floats(-0.999, 1e6)), max_size=80))
def test_any_change_has_its_place(changes: list[tuple[float, float, float]]) -> None:
    plain = metric("p50: 10ms -> 10ms = +1% [-1% .. +2%] unchanged")
    metrics = tuple(replace(plain, change=middle, interval=(low, high)) for low, middle, high in changes)
    plot = build_view(replace(SITUATIONS["unchanged"](), metrics=metrics)).forest
    if plot is None:
        assert not changes
        return
    for row in plot.rows:
        assert 0 <= row.low <= row.middle <= row.high <= plot.width
        assert row.y < plot.height
    assert plot.left_out == max(0, len(changes) - 60)


def test_fewer_requests_per_second_are_worse() -> None:
    slower = metric("qps: 200/s -> 100/s = -50% [-55% .. -45%] regressed; fewer")
    plot = build_view(replace(SITUATIONS["unchanged"](), metrics=(slower,))).forest
    assert plot is not None
    assert plot.rows[0].middle > plot.zero
