"""One report for a whole matrix: a line for each leg, a section for each, the failing ones first."""

from __future__ import annotations

import json

import pytest

from smp_check.errors import InputError
from smp_check.report.legs import render_many
from smp_check.report.render import render
from tests.report.situations import SITUATIONS
from tests.report.structure import of_markdown

LEGS = [(f"mesh {name}", make()) for name, make in SITUATIONS.items()]


def test_an_overview_and_a_section_for_each() -> None:
    document = render_many(LEGS)
    assert document.startswith("### ❌ 6 of 10 performance checks failed")
    for label, _ in LEGS:
        assert document.count(f"{label}: ") == 1
        assert f"| {label} |" in document


def test_failing_legs_come_first() -> None:
    document = render_many(LEGS)
    places = {label: document.index(f"{label}: ") for label, _ in LEGS}
    failing = [places[f"mesh {name}"] for name, make in SITUATIONS.items() if make().failed]
    passing = [places[f"mesh {name}"] for name, make in SITUATIONS.items() if not make().failed]
    assert max(failing) < min(passing)


def test_all_passed() -> None:
    legs = [("a", SITUATIONS["unchanged"]()), ("b", SITUATIONS["improved"]())]
    assert render_many(legs).startswith("### ✅ 2 performance checks passed")


def test_a_single_one_without_a_label_is_an_ordinary_report() -> None:
    comparison = SITUATIONS["regressed"]()
    assert render_many([("", comparison)]) == render(comparison, "markdown")


def test_each_section_stands_by_itself() -> None:
    found = of_markdown(render_many(LEGS))
    assert found.elements.count("details") + found.elements.count("details open") >= len(LEGS)


def test_no_leg_at_all() -> None:
    with pytest.raises(InputError, match="nothing to report"):
        render_many([])


def test_json_keeps_the_labels() -> None:
    found = json.loads(render_many(LEGS, "json"))
    assert [leg["label"] for leg in found] == [label for label, _ in LEGS]
    assert found[0]["comparison"] == json.loads(render(LEGS[0][1], "json"))
