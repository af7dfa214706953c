"""Rounds of base and head at the same place in the schedule -> pairs, by launch, for every metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.verdict.decide import gated
from smp_check.verdict.error_rates import error_rate
from smp_check.verdict.extract import LEAST_BEYOND, LEAST_BEYOND_ROUND, WHOLE_RUN, by_client, log_of, names_in, value_of
from smp_check.verdict.launches import PARAMETERS
from smp_check.verdict.metrics import metric_named
from smp_check.verdict.model import Inputs, MetricComparison, Verdict
from smp_check.verdict.places import pairs_of, restarted
from smp_check.verdict.robust import median
from smp_check.verdict.validity import Restriction, failed_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.configuration import Gate
    from smp_check.spec.run import RunDocument
    from smp_check.verdict.metrics import Metric
    from smp_check.verdict.places import Pair

_FREE = Restriction()


def paired_metrics(
    run: RunDocument,
    *,
    gates: Mapping[str, Gate],
    clients: Mapping[str, Mapping[str, Restriction]],
    looks: int,
) -> tuple[MetricComparison, ...]:
    """One undecided ``MetricComparison`` per client and metric."""
    found: list[MetricComparison] = []
    rounds = [r for r in run.details.rounds if r.role in {"base", "head"}]
    for client, mine in by_client(rounds).items():
        launches = pairs_of(mine, restarts=restarted(run))
        restriction = _both(clients, client)
        for name in names_in(mine):
            metric = metric_named(name)
            if any(value_of(r, metric) is not None for r in mine):
                found.append(_metric(client, metric, launches, restriction, gates.get(name), looks))
        if client != WHOLE_RUN:
            before, now = (failed_share([r for r in mine if r.role == role]) for role in ("base", "head"))
            found.append(error_rate(client, [before], now, gates.get("error_rate")))
    return tuple(found)


def _both(clients: Mapping[str, Mapping[str, Restriction]], client: str) -> Restriction:
    base, head = clients["base"].get(client, _FREE), clients["head"].get(client, _FREE)
    broken_base = "the base was not measured as asked" if base.only_worse else None
    return Restriction(refused=head.refused or base.refused or broken_base, only_worse=head.only_worse)


def _metric(
    client: str,
    metric: Metric,
    launches: Mapping[int, Sequence[Pair]],
    restriction: Restriction,
    gate: Gate | None,
    looks: int,
) -> MetricComparison:
    pairs = [pair for each in launches.values() for pair in each]
    base = [v for pair in pairs if (v := value_of(pair.base, metric)) is not None]
    head = [v for pair in pairs if (v := value_of(pair.head, metric)) is not None]
    tolerance = gate.tolerance if gate is not None else None
    inputs = Inputs(
        method="paired",
        differences=tuple(_differences(each, metric) for each in launches.values()),
        refused=restriction.refused or _too_few(metric, pairs),
        only_worse=restriction.only_worse,
        parameters={**PARAMETERS, "looks": float(looks)},
    )
    return MetricComparison(
        client=client,
        metric=metric.name,
        unit=metric.unit,
        direction=metric.direction,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        gating=gated(gate, metric.name),
        base=median(base) if base else None,
        head=median(head) if head else None,
        tolerance=metric.tolerance if tolerance is None else tolerance,
        inputs=inputs,
    )


def _differences(pairs: Sequence[Pair], metric: Metric) -> tuple[float, ...]:
    found = []
    for pair in pairs:
        before = log_of(value_of(pair.base, metric), metric)
        now = log_of(value_of(pair.head, metric), metric)
        if before is not None and now is not None:
            found.append(now - before)
    return tuple(found)


def _too_few(metric: Metric, pairs: Sequence[Pair]) -> str | None:
    """Pairs of percentiles of rounds that hold too few values say nothing of the tail."""
    if metric.quantile is None or not pairs:
        return None
    beyond = median([r.latency.count * (1 - metric.quantile) for pair in pairs for r in (pair.base, pair.head)])
    if beyond >= LEAST_BEYOND_ROUND:
        return None
    needed = round(LEAST_BEYOND / (1 - metric.quantile))
    return f"too few requests: {metric.name} needs at least {needed:,} of them in a round"
