"""Distribution functions without scipy: normal, Student's t, hypergeometric.

The tests hold them against scipy. Formulas: Abramowitz & Stegun, Handbook of Mathematical Functions, 26.5 and
26.7; the continued fraction of the incomplete beta function by the modified Lentz method (Press et al.,
Numerical Recipes, 3rd ed., 6.4).
"""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300
_PRECISION = 1e-15
_STEPS = 500
_FAR_OUT = 10.0


def normal_tail(z: float) -> float:
    """P(Z > z) of a standard normal variable."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 <= x <= 1."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(logarithm) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            fraction *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return fraction


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY


def t_tail(t: float, df: float) -> float:
    """P(T > t) of Student's t with ``df`` degrees of freedom."""
    half = 0.5 * incomplete_beta(df / 2, 0.5, df / (df + t * t))
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """The t with P(T <= t) = p, for 0 < p < 1."""
    if p < 0.5:
        return -t_quantile(1 - p, df)
    low, high = 0.0, 1.0
    while t_tail(high, df) > 1 - p:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_tail(middle, df) > 1 - p else (low, middle)
    return (low + high) / 2


def even_t_tail(t: float, df: int) -> float:
    """P(T > t) of Student's t with an even number of degrees of freedom, in closed form (A&S 26.7.4): quick."""
    if abs(t) > _FAR_OUT:
        return t_tail(t, df)  # the closed form cancels there
    rest = df / (df + t * t)
    term = total = 1.0
    for k in range(2, df - 1, 2):
        term *= rest * (k - 1) / k
        total += term
    area = abs(t) / math.sqrt(df + t * t) * total
    return 0.5 * (1 - area) if t >= 0 else 0.5 * (1 + area)


def t6_tail(t: float) -> float:
    """The same for 6 degrees of freedom, written out: this one is called most."""
    if abs(t) > _FAR_OUT:
        return t_tail(t, 6)
    rest = 6 / (6 + t * t)
    area = abs(t) / math.sqrt(6 + t * t) * (1 + rest / 2 + 3 * rest * rest / 8)
    return 0.5 * (1 - area) if t >= 0 else 0.5 * (1 + area)


def fisher_greater(failed: int, total: int, failed_before: int, total_before: int) -> float:
    """One-sided p of Fisher's exact test: that so large a share failed by chance, given all failures."""
    everything, all_failed = total + total_before, failed + failed_before
    first = _hypergeometric(failed, everything, all_failed, total)
    term, p = first, first
    for k in range(failed, min(all_failed, total)):
        term *= (all_failed - k) * (total - k) / ((k + 1) * (everything - all_failed - total + k + 1))
        p += term
        if term < p * _PRECISION:
            break
    return min(p, 1.0)


def _hypergeometric(k: int, everything: int, marked: int, drawn: int) -> float:
    logarithm = _choose(marked, k) + _choose(everything - marked, drawn - k) - _choose(everything, drawn)
    return math.exp(logarithm)


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
