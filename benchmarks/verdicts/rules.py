"""The rules of other tools, written down anew from their sources, for the same numbers as ours."""

from __future__ import annotations

import json
import math
import os
import subprocess
from functools import lru_cache
from typing import TYPE_CHECKING

from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

OTAVA = os.environ.get("OTAVA_PYTHON", "")
"""A Python that has apache-otava 0.8 (it pins numpy, so it wants an environment of its own)."""
_OTAVA_CODE = """
import json, sys, os
from otava.series import Series, Metric, AnalysisOptions
options = AnalysisOptions()
out = []
for values in json.load(sys.stdin):
    series = Series('s', None, list(range(len(values))), {'m': Metric(1, 1.0)}, {'m': values}, {})
    found = series.analyze(options).change_points.get('m', [])
    out.append([int(c.index) for c in found])
json.dump(out, sys.stdout)
"""


@lru_cache
def _t(quantile: float, df: int) -> float:
    return float(stats.t.ppf(quantile, df))


def over(percent: float, base: Sequence[float], head: float) -> bool:
    """github-action-benchmark: the new value over the last one, in per cent (default 200). x is ln."""
    return head - base[-1] > math.log(percent / 100)


def bencher_t(base: Sequence[float], head: float, quantile: float = 0.99) -> bool:
    """Bencher's t-test model: upper limit of one new value from the history (of values, not logarithms)."""
    values = [math.exp(x) for x in base]
    n = len(values)
    if n < 2:
        return False
    mean = sum(values) / n
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    return math.exp(head) > mean + _t(quantile, n - 1) * sd * math.sqrt(1 + 1 / n)


def mann_whitney(base: Sequence[float], head: Sequence[float], level: float = 0.05) -> bool:
    """benchstat: Mann-Whitney U at 5 %, two-sided, no floor; counted when the head is the slower one."""
    p = stats.mannwhitneyu(base, head, alternative="two-sided").pvalue
    return bool(p < level and sum(head) / len(head) > sum(base) / len(base))


def research(launches: Sequence[Sequence[float]], effect: float, tolerance: float) -> tuple[str, int]:
    """The procedure that ours began from: median of a launch's pairs, t interval of 98 %, looks at 6, 8, 10, 12."""
    floor, bound = math.log1p(tolerance) / 2, math.log1p(tolerance)
    medians = [sorted(pairs)[len(pairs) // 2] / 2 + sorted(pairs)[(len(pairs) - 1) // 2] / 2 for pairs in launches]
    count = 0
    for count in (6, 8, 10, 12):
        seen = [m + effect for m in medians[:count]]
        mean = sum(seen) / count
        sd = max(math.sqrt(sum((x - mean) ** 2 for x in seen) / (count - 1)), 0.001)
        reach = _t(0.99, count - 1) * sd / math.sqrt(count)
        if mean - reach > 0 and mean >= floor:
            return "regressed", count
        if mean + reach < 0 and mean <= -floor:
            return "improved", count
        if mean + reach < bound:
            return "unchanged", count
    return "inconclusive", count


def otava(series: Sequence[Sequence[float]]) -> list[list[int]] | None:
    """Otava's change points with its default settings; ``None`` where it is not installed. x is ln."""
    if not OTAVA:
        return None
    values = [[math.exp(x) for x in each] for each in series]
    finished = subprocess.run([OTAVA, "-c", _OTAVA_CODE], input=json.dumps(values), text=True, capture_output=True)
    if finished.returncode:
        raise RuntimeError(finished.stderr[-2000:])
    found: list[list[int]] = json.loads(finished.stdout)
    return found
