"""What the runs say, metric by metric, put side by side: the inputs of every verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.spec.result import loaded_role
from smp_check.verdict.acceptance import since_acceptance
from smp_check.verdict.changepoints import calmer, change_points
from smp_check.verdict.decide import gated
from smp_check.verdict.error_rates import error_rate
from smp_check.verdict.extract import HELD_RATE, LEAST_BEYOND
from smp_check.verdict.history import PARAMETERS
from smp_check.verdict.metrics import metric_named, order_of
from smp_check.verdict.model import Inputs, MetricComparison, Verdict
from smp_check.verdict.robust import median
from smp_check.verdict.validity import Restriction, failed_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.configuration import Gate
    from smp_check.spec.run import Remark, RunDocument
    from smp_check.verdict.extract import Observed

_FREE = Restriction()


def gather(
    base: Sequence[RunDocument],
    observed: Sequence[Mapping[tuple[str, str], Observed]],
    run: RunDocument,
    head: Mapping[tuple[str, str], Observed],
    *,
    gates: Mapping[str, Gate],
    clients: Mapping[str, Restriction],
    moved: Remark | None,
) -> tuple[MetricComparison, ...]:
    """One undecided ``MetricComparison`` for each client and metric that the head or the newest baseline run has."""
    keys = dict.fromkeys([*head, *(observed[-1] if observed else ())])
    metrics = []
    for client, name in sorted(keys, key=lambda key: (key[0], order_of(key[1]))):
        entries = _norm_entries(base, observed, client, name)
        restriction = clients.get(client, _FREE)
        if moved is not None and restriction.refused is None:
            restriction = Restriction(refused=moved.message, only_worse=restriction.only_worse)
        step = _step(run, client, name)
        metrics.append(compared(client, name, entries, head.get((client, name)), restriction, gates, step=step))
    return (*metrics, *_error_rates(base, run, gates))


def _norm_entries(
    base: Sequence[RunDocument], observed: Sequence[Mapping[tuple[str, str], Observed]], client: str, name: str
) -> list[Observed]:
    """What the baseline says of a metric, since its level was last accepted or improved for good."""
    since = since_acceptance([run.details.accepted for run in base], client, name)
    entries = [each[client, name] for each in observed[since:] if (client, name) in each]
    series, _ = calmer([entry.raw for entry in entries], [entry.referenced for entry in entries])
    better = [point.index for point in change_points(series) if point.change < 0]
    return entries[better[-1] :] if better else entries


def compared(
    client: str,
    name: str,
    entries: Sequence[Observed],
    head: Observed | None,
    restriction: Restriction,
    gates: Mapping[str, Gate],
    *,
    step: float = 0.0,
) -> MetricComparison:
    """One metric of one client, undecided: the baseline's entries, the head, and all that its verdict needs."""
    metric = metric_named(name)
    gate = gates.get(name)
    tolerance = gate.tolerance if gate is not None else None
    return MetricComparison(
        client=client,
        metric=name,
        unit=metric.unit,
        direction=metric.direction,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        gating=gated(gate, metric.name),
        base=median([entry.value for entry in entries]) if entries else None,
        head=head.value if head is not None else None,
        tolerance=metric.tolerance if tolerance is None else tolerance,
        inputs=replace(_inputs(entries, head, name, restriction), step=step),
    )


def _inputs(entries: Sequence[Observed], head: Observed | None, name: str, restriction: Restriction) -> Inputs:
    both = [*entries, head] if head is not None else list(entries)
    referenced = bool(both) and all(o.referenced is not None for o in both)
    now = [head] if head is not None else []
    return Inputs(
        method="history",
        base=_each(entries, "referenced" if referenced else "raw"),
        head=_each(now, "referenced" if referenced else "raw"),
        base_error=_each(entries, "referenced_error" if referenced else "raw_error"),
        head_error=_each(now, "referenced_error" if referenced else "raw_error"),
        referenced=referenced,
        raw_base=_each(entries, "raw"),
        raw_head=_each(now, "raw"),
        raw_base_error=_each(entries, "raw_error"),
        raw_head_error=_each(now, "raw_error"),
        refused=restriction.refused or _too_few(name, both),
        only_worse=restriction.only_worse,
        parameters={
            **PARAMETERS,
            "rounds": float(head.rounds if head is not None else 0),
            "spread": metric_named(name).spread * (HELD_RATE if all(each.held for each in both) else 1.0),
        },
    )


def _each(observed: Sequence[Observed], field: str) -> tuple[float, ...]:
    return tuple(getattr(each, field) for each in observed)


def _too_few(name: str, observed: Sequence[Observed]) -> str | None:
    """Why a percentile cannot be judged: too few values lie beyond it."""
    fewest = min((each.beyond for each in observed), default=LEAST_BEYOND)
    if fewest >= LEAST_BEYOND:
        return None
    quantile = metric_named(name).quantile or 0.0
    needed = round(LEAST_BEYOND / (1 - quantile))
    return f"too few requests: {name} needs at least {needed:,} of them in a run"


def _step(run: RunDocument, client: str, name: str) -> float:
    generator = run.details.generators.get(client)
    latency = metric_named(name).unit == "s"
    return generator.resolution if generator is not None and latency else 0.0


def _error_rates(base: Sequence[RunDocument], run: RunDocument, gates: Mapping[str, Gate]) -> list[MetricComparison]:
    mine = [r for r in run.details.rounds if r.role == loaded_role(run.details.rounds)]
    found = []
    for client in dict.fromkeys(r.client for r in mine):
        counts = [_counts(each, client) for each in base]
        found.append(error_rate(client, counts, _counts(run, client), gates.get("error_rate")))
    return found


def _counts(run: RunDocument, client: str) -> tuple[int, int]:
    role = loaded_role(run.details.rounds)
    return failed_share([r for r in run.details.rounds if r.role == role and r.client == client])
