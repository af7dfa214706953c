"""Robust summaries and rank statistics, held against scipy and against their definitions."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from smp_check.verdict.changepoints import mid_ranks, two_levels
from smp_check.verdict.multiplicity import levels
from smp_check.verdict.robust import huber_mean, mad, median, variance

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@given(NUMBERS)
def test_median_and_variance(values: list[float]) -> None:
    assert median(values) == pytest.approx(statistics.median(values))
    if len(values) > 1:
        assert variance(values) == pytest.approx(statistics.variance(values), rel=1e-9, abs=1e-6)


@given(NUMBERS)
def test_mad(values: list[float]) -> None:
    assert mad(values) == pytest.approx(stats.median_abs_deviation(values, scale="normal"), rel=1e-6, abs=1e-6)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_mid_ranks(values: list[int]) -> None:
    assert mid_ranks(values) == pytest.approx(stats.rankdata(values))


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20), st.floats(0.01, 10))
def test_huber_lies_within_and_ignores_how_far_an_outlier_is(values: list[float], scale: float) -> None:
    center = huber_mean(values, scale)
    assert min(values) - 1e-9 <= center <= max(values) + 1e-9
    far = max(values) + 10 * scale + 100
    assert huber_mean([*values, far], scale) == pytest.approx(huber_mean([*values, far * 1000], scale), abs=1e-6)


def test_two_levels_agrees_with_mann_whitney() -> None:
    before, after = [1.0, 5.2, 3.1, 4.4, 2.9, 0.3, 6.1, 2.2], [3.3, 7.1, 8.2, 6.6, 9.4, 5.9, 4.1, 7.7]
    wanted = stats.mannwhitneyu(before, after, method="asymptotic", use_continuity=False).pvalue
    assert two_levels(before, after) == pytest.approx(wanted, rel=0.05)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_holm_rejects_what_statsmodels_would(p_values: list[float], family: float) -> None:
    """Step-down by definition: the k-th smallest counts if it and all smaller ones meet family / (m - k + 1)."""
    assume(len(set(p_values)) == len(p_values))
    found = {p for p, level in zip(p_values, levels(p_values, family), strict=True) if p <= level}
    wanted = set()
    for k, p in enumerate(sorted(p_values)):
        if p > family / (len(p_values) - k):
            break
        wanted.add(p)
    assert found == wanted
