"""Rounds of base and head at the same place in the schedule -> pairs, by launch, for every metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.verdict.decide import gated
from smp_check.verdict.extract import LEAST_BEYOND, LEAST_BEYOND_ROUND, WHOLE_RUN, by_client, log_of, names_in, value_of
from smp_check.verdict.launches import PARAMETERS
from smp_check.verdict.metrics import metric_named
from smp_check.verdict.model import Inputs, MetricComparison, Verdict
from smp_check.verdict.robust import median
from smp_check.verdict.validity import Restriction, failed_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.configuration import Gate
    from smp_check.spec.run import Role, Round, RunDocument
    from smp_check.verdict.metrics import Metric

_FREE = Restriction()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two rounds of one client at the same place in the schedule."""

    base: Round
    head: Round

    @property
    def noisy(self) -> bool:
        """Whether either is not to be trusted."""
        return bool(self.base.noisy or self.head.noisy)


def pairs_of(rounds: Sequence[Round], *, restarts: bool) -> dict[int, list[Pair]]:
    """Launch -> its pairs, in order; a round without its partner is left out.

    Without ``restarts`` nothing was started afresh between launches, and all pairs belong to the first.
    """
    places: dict[tuple[int, int], dict[Role, Round]] = {}
    for measured in rounds:
        places.setdefault((measured.launch, measured.index), {})[measured.role] = measured
    launches: dict[int, list[Pair]] = {}
    for (launch, _), place in sorted(places.items()):
        if "base" in place and "head" in place:
            launches.setdefault(launch if restarts else 0, []).append(Pair(base=place["base"], head=place["head"]))
    return {launch: calm(pairs) for launch, pairs in launches.items()}


def calm(pairs: Sequence[Pair]) -> list[Pair]:
    """Without noisy pairs, as long as half of them remain; otherwise all."""
    kept = [pair for pair in pairs if not pair.noisy]
    return kept if kept and 2 * len(kept) >= len(pairs) else list(pairs)


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
            found.append(_error_rate(client, mine, gates.get("error_rate")))
    return tuple(found)


def restarted(run: RunDocument) -> bool:
    """Whether each launch of a run was a fresh start of both sides."""
    launches = {r.launch for r in run.details.rounds if r.role in {"base", "head"}}
    return len(launches) > 1 and run.details.plan.get("restarts") is not False


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


def _error_rate(client: str, rounds: Sequence[Round], gate: Gate | None) -> MetricComparison:
    counts = {
        role: failed_share([r for r in rounds if r.role == role and r.client == client]) for role in ("base", "head")
    }
    shares = {role: failed / sent if sent else None for role, (failed, sent) in counts.items()}
    return MetricComparison(
        client=client,
        metric="error_rate",
        unit="fraction",
        direction=metric_named("error_rate").direction,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        gating=gated(gate, "error_rate"),
        base=shares["base"],
        head=shares["head"],
        inputs=Inputs(method="counts", base_counts=(counts["base"],), head_counts=counts["head"]),
    )
