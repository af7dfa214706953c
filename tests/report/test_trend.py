"""The history on the terminal and as a page: changes told, hostile names harmless, charts inside their picture."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.report.trend import trend_page, trend_text
from smp_check.verdict.model import Direction
from smp_check.verdict.trend import Change, Point, Trend
from tests.report.cases import NOON
from tests.report.hostile import CURATED
from tests.report.structure import of_html
from tests.report.test_hostile import ident, no_command, shown


def trend(values: list[float], at: int | None = None, **more: object) -> Trend:
    """A p50 that went through the values, with a change of level at a place."""
    points = tuple(
        Point(run=f"run-{n}", commit=f"{n:040x}", start=NOON + timedelta(days=n), value=v) for n, v in enumerate(values)
    )
    change = Change(
        index=at or 0,
        after_commit=f"{(at or 1) - 1:040x}",
        at_commit=f"{at or 0:040x}",
        start=NOON + timedelta(days=at or 0),
        before=0.010,
        after=0.012,
        change=0.2,
        worse=True,
        p=0.0004,
    )
    given = {
        "name": "checkout",
        "mesh": "ISTIO",
        "client": "client-1",
        "metric": "p50",
        "unit": "s",
        "direction": Direction.LOWER_IS_BETTER,
        "referenced": True,
        "noise": 0.021,
        "points": points,
        "changes": (change,) if at is not None else (),
    }
    return Trend(**{**given, **more})  # type: ignore[arg-type]


STEP = trend([0.0100 + 0.0001 * (n % 3) for n in range(20)] + [0.0120 + 0.0001 * (n % 3) for n in range(20)], 20)


def test_text_tells_the_change_and_its_commits() -> None:
    text = trend_text([STEP])
    assert "checkout on istio" in text
    assert "10.0 ms → 12.0 ms (+20 %)" in text
    assert "between 000000000000 and 000000000000" in text
    assert "▁" in text
    assert "█" in text
    assert max(map(len, text.splitlines())) <= 100


def test_nothing_changed() -> None:
    assert "No change of level." in trend_text([trend([0.01] * 30)])


def test_drift_is_told() -> None:
    assert "drifted by +12 %" in trend_text([trend([0.01] * 50, drift=0.12)])


def test_no_runs() -> None:
    assert trend_text([]).startswith("No stored runs")
    assert "No stored runs" in trend_page([])


def test_the_page_draws_every_run() -> None:
    page = trend_page([STEP])
    assert page.count("<circle") == 40
    assert page.count('class="level"') == 2
    assert page.count('class="break"') == 1


@pytest.mark.parametrize("text", CURATED[::3], ids=ident)
def test_hostile_names(text: str) -> None:
    made = trend([0.01, 0.02, 0.03, 0.04], 2, name=text, client=text, metric=text, mesh=text)
    page = trend_page([made])
    no_command(page)
    no_command(trend_text([made]))
    assert of_html(page).skeleton == of_html(trend_page([trend([0.01, 0.02, 0.03, 0.04], 2, name="x")])).skeleton
    assert shown(text)[:35].strip() in of_html(page).visible


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 1e9) | st.just(float("nan")) | st.just(float("inf")), max_size=60), st.data())
def test_any_values(values: list[float], data: st.DataObject) -> None:
    at = data.draw(st.none() | st.integers(1, len(values) - 1)) if len(values) > 1 else None
    made = trend(values, at)
    trend_text([made])
    for drawing in re.findall(r"<svg.*?</svg>", trend_page([made]), re.DOTALL):
        root = ElementTree.fromstring(drawing)
        _, _, width, height = (float(number) for number in root.get("viewBox", "").split())
        for element in root.iter():
            for name, most in (
                ("x", width),
                ("x1", width),
                ("x2", width),
                ("cx", width),
                ("y", height),
                ("cy", height),
            ):
                assert 0 <= float(element.get(name, 0)) <= most
