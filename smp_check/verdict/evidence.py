"""The numbers of one metric against its history -> evidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.verdict.distributions import fisher_greater
from smp_check.verdict.evidence_model import CONFIDENCE, Evidence
from smp_check.verdict.history import Entries, predict
from smp_check.verdict.metrics import metric_named

if TYPE_CHECKING:
    from smp_check.verdict.model import Inputs

LEAST_CHANGE = {1: math.log(2), 2: math.log(1.25), 3: math.log(1.2), 4: math.log(1.15)}
"""By number of baseline runs: the smallest change that so short a history may ever call, of any metric."""
LEAST_ERROR_CHANGE = 0.001
"""Change of the error rate that counts at all: a tenth of a percentage point."""


def history_evidence(inputs: Inputs, metric: str) -> Evidence:
    """Head against its baseline runs; see module ``history``."""
    base = Entries(
        raw=inputs.raw_base,
        raw_error=inputs.raw_base_error,
        referenced=inputs.base if inputs.referenced else None,
        referenced_error=inputs.base_error if inputs.referenced else None,
    )
    head = Entries(
        raw=inputs.raw_head,
        raw_error=inputs.raw_head_error,
        referenced=inputs.head if inputs.referenced else None,
        referenced_error=inputs.head_error if inputs.referenced else None,
    )
    spread = inputs.parameters.get("spread", metric_named(metric).spread)
    said = predict(base, head, spread=spread, parameters=inputs.parameters)
    k = len(inputs.raw_base)
    margin = said.change - said.beyond_all  # the worst baseline run, seen from the middle
    tail = (1 - CONFIDENCE) / 2
    upper = said.bound(1 - tail)
    return Evidence(
        p_worse=said.worse(),
        p_better=said.better(),
        change=said.change,
        interval=(said.bound(tail), upper),
        upper=upper,
        limit=lambda level: max(said.limit(level), margin),
        least=LEAST_CHANGE.get(k, 0.0),
        worse_than_all=said.beyond_all > 0,
        better_than_all=said.below_all > 0,
        spread=said.typical,
        own_error=math.sqrt(head.shared(said.share)[1][0]),
        units=k,
    )


def counts_evidence(inputs: Inputs) -> Evidence:
    """Error rates: Fisher's exact test on all requests; ``change`` is the difference of the rates.

    Errors come in bursts, so more of them than any baseline run had is asked for as well.
    """
    failed, sent = inputs.head_counts or (0, 0)
    before = (sum(f for f, _ in inputs.base_counts), sum(n for _, n in inputs.base_counts))
    rates = [f / n for f, n in inputs.base_counts if n]
    change = failed / sent - before[0] / before[1]
    p_worse = fisher_greater(failed, sent, *before)
    p_better = fisher_greater(*before, failed, sent)
    sd = math.sqrt(sum((f + 1) / (n + 2) * (1 - (f + 1) / (n + 2)) / n for f, n in ((failed, sent), before)))
    return Evidence(
        p_worse=p_worse,
        p_better=p_better,
        change=change,
        interval=(change - 2 * sd, change + 2 * sd),
        upper=change + 2 * sd,
        limit=lambda level: max(LEAST_ERROR_CHANGE, -math.log(level) / sent, max(rates) - before[0] / before[1]),
        least=LEAST_ERROR_CHANGE,
        worse_than_all=failed / sent > max(rates),
        better_than_all=failed / sent < min(rates),
        spread=sd,
        units=len(rates),
    )
