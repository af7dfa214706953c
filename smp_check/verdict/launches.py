"""Base and head side by side, interleaved in one job: evidence from launches.

A launch is a fresh start of both sides; within it every place in the schedule has a round of each, close in
time. Its estimate is a robust mean of the pairs' log ratios; the launches' estimates are the sample.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.verdict.distributions import t_quantile, t_tail
from smp_check.verdict.evidence_model import CONFIDENCE, Evidence
from smp_check.verdict.metrics import metric_named
from smp_check.verdict.robust import MEDIAN_COST, mean, median, variance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.verdict.model import Inputs

PARAMETERS: Mapping[str, float] = {
    "launch_spread": 0.01,  # noise of one side's fresh start, as sd of ln: the prior of the one-launch fallback
    "least_spread": 0.001,  # HdrHistograms have three digits: no estimate is surer than that
    "looks": 4.0,  # how often the launches so far may be judged; each look is paid for
}
FEWEST_LAUNCHES = 4


def launch_estimate(differences: Sequence[float]) -> float:
    """One launch's ln(head / base)."""
    return median(differences)


def paired_evidence(inputs: Inputs, metric: str) -> Evidence | None:
    """Evidence from the pairs of all launches; one launch leans on a stated prior."""
    launches = [pairs for pairs in inputs.differences if pairs]
    if not launches:
        return None
    parameters = {**PARAMETERS, **inputs.parameters}
    if len(launches) == 1:
        return _one_launch(launches[0], metric, parameters)
    estimates = [launch_estimate(pairs) for pairs in launches]
    spread = max(math.sqrt(variance(estimates)), parameters["least_spread"])
    error = spread / math.sqrt(len(estimates))
    enough = len(estimates) >= FEWEST_LAUNCHES
    return _evidence(mean(estimates), error, len(estimates) - 1, spread, len(estimates), parameters, enough)


def _one_launch(pairs: Sequence[float], metric: str, parameters: Mapping[str, float]) -> Evidence:
    """Nothing was restarted: what a restart would have changed is not in the data, so a prior stands for it."""
    n = len(pairs)
    restart = 2 * (parameters["launch_spread"] * metric_named(metric).spread) ** 2
    error = math.sqrt(MEDIAN_COST * variance(pairs) / n + restart + parameters["least_spread"] ** 2)
    return _evidence(median(pairs), error, max(n - 1, 1), error, 1, parameters, n >= 2 * FEWEST_LAUNCHES)


def _evidence(
    change: float, error: float, df: int, spread: float, units: int, parameters: Mapping[str, float], enough: bool
) -> Evidence:
    cost = parameters["looks"]
    reach = t_quantile(1 - (1 - CONFIDENCE) / 2, df) * error
    return Evidence(
        p_worse=min(1.0, cost * t_tail(change / error, df)),
        p_better=min(1.0, cost * t_tail(-change / error, df)),
        change=change,
        interval=(change - reach, change + reach) if enough else (-math.inf, math.inf),
        limit=lambda level: t_quantile(1 - level / cost, df) * error,
        worse_than_all=enough,
        better_than_all=enough,
        spread=spread,
        units=units,
    )
