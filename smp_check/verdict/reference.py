"""A reference that moved: then the machine, not the service, is another one than usual."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.spec.run import Remark
from smp_check.units import format_share
from smp_check.verdict.history import Entries, predict
from smp_check.verdict.robust import median

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.verdict.extract import Observed

METRIC = "p50"
FEWEST_RUNS = 5
LEVEL = 0.0005
LEAST_MOVE = math.log(1.25)


def reference_moved(
    base: Sequence[Mapping[tuple[str, str], Observed]], head: Mapping[tuple[str, str], Observed]
) -> Remark | None:
    """A remark when the reference's own median is far from what it was in the baseline runs, of five at least."""
    for client, metric in head:
        if metric != METRIC:
            continue
        now = _reference(head[client, metric])
        before = [r for each in base if (client, metric) in each for r in [_reference(each[client, metric])] if r]
        if now is None or len(before) < FEWEST_RUNS:
            continue
        said = predict(_entries(before), _entries([now]), spread=1.0)
        change = now[0] - median([x for x, _ in before])
        if min(said.worse(), said.better()) <= LEVEL and abs(change) >= LEAST_MOVE:
            by = format_share(math.expm1(change), signed=True, digits=0)
            message = f"the reference workload of {client} moved by {by}: this machine is not as it was"
            return Remark(code="reference-moved", severity="error", message=message)
    return None


def _reference(observed: Observed) -> tuple[float, float] | None:
    if observed.referenced is None:
        return None
    return observed.raw - observed.referenced, observed.raw_error


def _entries(values: Sequence[tuple[float, float]]) -> Entries:
    return Entries(raw=tuple(x for x, _ in values), raw_error=tuple(error for _, error in values))
