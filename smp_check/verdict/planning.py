"""What it would take to decide an inconclusive metric: more rounds, or more baseline runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.verdict.distributions import t_quantile
from smp_check.verdict.robust import MEDIAN_COST

if TYPE_CHECKING:
    from smp_check.verdict.evidence_model import Evidence
    from smp_check.verdict.model import Inputs

MOST_RUNS = 50
MOST_ROUNDS = 1000
_PRIOR_RUNS = 3  # what the prior on the noise between runs is worth


def needs(inputs: Inputs | None, evidence: Evidence, bound: float, level: float) -> tuple[int | None, int | None]:
    """(rounds per side, baseline runs) that would show a worsening of ``bound``, or its absence.

    Of the two the one that can: rounds shrink the head's own error, history teaches what noise is usual. ``None``
    where neither is enough within reason.
    """
    if inputs is None or bound <= 0:
        return None, None
    if inputs.method == "paired":
        return _launches(evidence, bound, level), None
    for runs in range(evidence.units + 1, MOST_RUNS + 1):
        between = max(evidence.spread**2 - evidence.own_error**2, 0.0) / (1 + MEDIAN_COST / evidence.units)
        predicted = math.sqrt((between + evidence.own_error**2) * (1 + MEDIAN_COST / runs))
        if t_quantile(1 - level, _PRIOR_RUNS + runs - 1) * predicted < bound:
            return None, runs
    return _rounds(inputs, evidence, bound, level), None


def _rounds(inputs: Inputs, evidence: Evidence, bound: float, level: float) -> int | None:
    between = max(evidence.spread**2 - evidence.own_error**2, 0.0)
    spare = (bound / t_quantile(1 - level, MOST_RUNS)) ** 2 - between
    here = int(inputs.parameters.get("rounds", 0))
    if spare <= 0 or not here:
        return None
    rounds = math.ceil(here * evidence.own_error**2 / spare)
    return rounds if here < rounds <= MOST_ROUNDS else None


def _launches(evidence: Evidence, bound: float, level: float) -> int | None:
    for launches in range(evidence.units + 1, MOST_ROUNDS):
        error = evidence.spread / math.sqrt(launches)
        if (t_quantile(1 - level, launches) + t_quantile(0.95, launches)) * error < bound:
            return launches
    return None
