"""Distribution functions, held against scipy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from smp_check.verdict.distributions import (
    even_t_tail,
    fisher_greater,
    incomplete_beta,
    normal_tail,
    t6_tail,
    t_quantile,
    t_tail,
)


@given(st.floats(-38, 38))
def test_normal_tail(z: float) -> None:
    assert normal_tail(z) == pytest.approx(stats.norm.sf(z), rel=1e-9)


@given(st.floats(0.1, 300), st.floats(0.1, 300), st.floats(0, 1))
def test_incomplete_beta(a: float, b: float, x: float) -> None:
    from scipy.special import betainc

    assert incomplete_beta(a, b, x) == pytest.approx(betainc(a, b, x), rel=1e-8, abs=1e-12)


@given(st.floats(-60, 60), st.floats(0.5, 400))
def test_t_tail(t: float, df: float) -> None:
    assert t_tail(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-8, abs=1e-300)


@given(st.floats(1e-6, 1 - 1e-6), st.integers(1, 300))
def test_t_quantile(p: float, df: int) -> None:
    assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-7, abs=1e-9)


@given(st.floats(-500, 500), st.integers(1, 20))
def test_even_t_tail(t: float, half: int) -> None:
    assert even_t_tail(t, 2 * half) == pytest.approx(stats.t.sf(t, 2 * half), rel=1e-4, abs=1e-12)
    assert t6_tail(t) == pytest.approx(stats.t.sf(t, 6), rel=1e-6, abs=1e-300)


@given(st.integers(0, 60), st.integers(1, 3000), st.integers(0, 60), st.integers(1, 30000))
def test_fisher(failed: int, ok: int, failed_before: int, ok_before: int) -> None:
    table = [[failed, ok], [failed_before, ok_before]]
    wanted = stats.fisher_exact(table, alternative="greater").pvalue
    found = fisher_greater(failed, failed + ok, failed_before, failed_before + ok_before)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-12)


def test_fisher_with_nothing_failed_says_nothing() -> None:
    assert fisher_greater(0, 100, 0, 100) == 1
    assert not math.isnan(fisher_greater(0, 0, 0, 0))
