"""However much there is to say, a report fits its budget, and whole sections or rows are what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.errors import InputError
from smp_check.report.budget import COMMENT, LEAST, SUMMARY
from smp_check.report.legs import render_many
from smp_check.report.render import render
from smp_check.verdict.model import Comparison
from tests.report.cases import remark
from tests.report.hostile import poisoned
from tests.report.situations import SITUATIONS
from tests.report.structure import of_markdown


def swollen(base: Comparison, times: int, text: str = "p{}") -> Comparison:
    """As many metrics, failures, remarks, mismatches and clients as one likes."""
    metrics = tuple(
        replace(base.metrics[n % len(base.metrics)], metric=text.format(n), client=f"client-{n % 7}")
        for n in range(times)
    )
    return replace(
        base,
        metrics=metrics,
        failures=tuple(f"{text.format(n)} regressed" for n in range(times)),
        remarks=tuple(remark("noisy", "warning", f"remark {n}") for n in range(times)),
        mismatches=SITUATIONS["not-comparable"]().mismatches * (times // 3),
        conformance=SITUATIONS["invalid"]().conformance,
    )


def balanced(document: str) -> None:
    """Nothing was cut in the middle: every element that was opened is closed, and every fence."""
    assert document.count("<details") == document.count("</details>")
    assert document.count("\n```") % 2 == 0
    open_ones: list[str] = []
    for element in of_markdown(document).elements:
        name = element.split()[0]
        if name.startswith("/"):
            assert open_ones.pop() == name[1:], document
        elif name not in {"br", "hr", "img", "input"}:
            open_ones.append(name)
    assert open_ones == []


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(SITUATIONS)),
    times=st.integers(0, 400),
    budget=st.integers(LEAST, COMMENT),
    format_=st.sampled_from(["markdown", "summary"]),
)
def test_it_fits(name: str, times: int, budget: int, format_: str) -> None:
    comparison = SITUATIONS[name]()
    document = render(swollen(comparison, times), format_, budget=budget)
    assert len(document if format_ == "markdown" else document.encode()) <= budget
    balanced(document)


@pytest.mark.parametrize("text", ["`" * 500, "@octocat " * 80, "漢字" * 400, "|" * 500])
def test_the_worst_names_fit_the_least_budget(text: str) -> None:
    comparison = swollen(poisoned(text), 300, text + "{}")
    document = render(comparison, "markdown", budget=LEAST)
    assert len(document) <= LEAST
    balanced(document)


def test_the_default_budgets() -> None:
    huge = swollen(SITUATIONS["regressed"](), 3000)
    assert len(render(huge, "markdown")) <= COMMENT
    assert len(render(huge, "summary").encode()) <= SUMMARY
    assert len(render(poisoned("漢" * 2000), "summary").encode()) <= SUMMARY


def test_it_says_what_was_left_out() -> None:
    document = render(swollen(SITUATIONS["regressed"](), 300), "markdown", budget=15_000)
    assert "Left out to keep this short" in document
    assert "more metric" in document
    assert "regressed" in document.splitlines()[2], "the headline stays"


def test_an_ordinary_report_leaves_nothing_out() -> None:
    for make in SITUATIONS.values():
        assert "Left out" not in render(make(), "markdown")


def test_failing_metrics_are_never_the_ones_left_out() -> None:
    calm = SITUATIONS["unchanged"]()
    worse = SITUATIONS["regressed"]().metrics[0]
    many = swollen(calm, 500)
    comparison = replace(many, metrics=(*many.metrics, replace(worse, metric="the-one")), failed=True, failures=())
    assert "the-one" in render(comparison, "markdown", budget=LEAST)


def test_a_budget_that_cannot_be_kept_is_an_error() -> None:
    with pytest.raises(InputError, match="allowed"):
        render(SITUATIONS["regressed"](), "markdown", budget=100)


@settings(max_examples=10, deadline=None)
@given(count=st.integers(1, 40), budget=st.integers(2 * LEAST, COMMENT), times=st.integers(0, 30))
def test_many_legs_fit(count: int, budget: int, times: int) -> None:
    names = sorted(SITUATIONS)
    legs = [(f"leg {n}", swollen(SITUATIONS[names[n % len(names)]](), times)) for n in range(count)]
    document = render_many(legs, "markdown", budget=budget)
    assert len(document) <= budget
    balanced(document)
