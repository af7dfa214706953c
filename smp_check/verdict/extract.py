"""Run document -> one number per client and metric, with its own error, with and without the reference.

x is ln(value), the sign such that larger is worse. A round says one number; a run says their median. With a
reference in the same job, x minus the reference's x of the same place in the schedule is kept beside it.

Noisy rounds are left out while enough are calm: module ``places``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smp_check.spec.result import loaded_role
from smp_check.spec.run import Counts, Latency
from smp_check.verdict.metrics import KNOWN, LATENCIES, Metric, metric_named
from smp_check.verdict.model import Direction
from smp_check.verdict.places import calm_rounds
from smp_check.verdict.robust import MEDIAN_COST, median, variance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.run import Round, RunDocument

WHOLE_RUN = "all"
"""The client that numbers of a whole run belong to."""
LEAST_BEYOND = 10
"""Values that must lie beyond a percentile for it to be believed."""
LEAST_BEYOND_ROUND = 8
"""The same for the percentile of one round; fewer, and the whole run's histogram says it."""
HELD_RATE = 0.05
"""A rate that the generator was told to hold, and held, is so much less noisy than one that it had to find."""
HELD_WITHIN = 0.02
"""A rate this near to the one that was asked for was held."""
ROUND_SPREAD = 0.05
"""Standard deviation of ln(p50) of one round where only one round says it, and as a prior for few."""
_PRIOR_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one run says of one metric of one client."""

    value: float
    """Median over rounds, in the metric's unit."""
    raw: float
    raw_error: float
    referenced: float | None = None
    referenced_error: float | None = None
    rounds: int = 1
    beyond: float = math.inf
    """Values beyond the percentile in the whole run; infinite where the metric is no percentile."""
    whole: bool = False
    """Whether it comes from the whole run's histogram, because single rounds hold too few values."""
    held: bool = False
    """Whether it is a rate that was asked for, and reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """The rounds of one client by place in the schedule."""

    subject: tuple[Round, ...]
    reference: Mapping[int, Round]


def observe(run: RunDocument) -> dict[tuple[str, str], Observed]:
    """All that a run says, by client and metric; what it cannot say is missing."""
    observed: dict[tuple[str, str], Observed] = {}
    role = loaded_role(run.details.rounds)
    mine = [measured for measured in run.details.rounds if measured.role == role]
    for client, rounds in by_client(mine).items():
        places = _places(rounds, run.details.rounds)
        for name in names_in(places.subject):
            found = _observe(run, role, client, metric_named(name), places)
            if found is not None:
                observed[client, name] = found
    for name, value in run.details.metrics.items():
        told = any(metric == name for _, metric in observed)
        if not told and (x := log_of(value, metric_named(name))) is not None:
            observed[WHOLE_RUN, name] = Observed(value=value, raw=x, raw_error=0.0)
    return observed


def by_client(rounds: Sequence[Round]) -> dict[str, list[Round]]:
    """Each client's rounds; with several clients, what only all of them together can say stands under ``all``.

    Resources belong to the service, whoever loads it: there, ``all`` has each place once, with all its requests.
    """
    clients = {name: [r for r in rounds if r.client == name] for name in dict.fromkeys(r.client for r in rounds)}
    if len(clients) <= 1:
        return clients
    places: dict[tuple[str, int, int], list[Round]] = {}
    for measured in rounds:
        places.setdefault((measured.role, measured.launch, measured.index), []).append(measured)
    together = [_together(place) for place in places.values()]
    alone = {name: [replace(r, resources={}) for r in mine] for name, mine in clients.items()}
    return {**alone, WHOLE_RUN: together} if any(r.resources for r in rounds) else clients


def _together(place: Sequence[Round]) -> Round:
    counts = Counts(sent=sum(r.counts.sent for r in place), ok=sum(r.counts.ok for r in place))
    noisy = tuple(reason for r in place for reason in r.noisy)
    return replace(place[0], client=WHOLE_RUN, counts=counts, latency=Latency(count=0), noisy=noisy)


def log_of(value: float | None, metric: Metric) -> float | None:
    """x of a value: ln, larger is worse; ``None`` where there is none."""
    if value is None or not math.isfinite(value) or value <= 0:
        return None
    return math.log(value) if metric.direction is Direction.LOWER_IS_BETTER else -math.log(value)


def _places(subject: Sequence[Round], rounds: Sequence[Round]) -> _Places:
    reference = {r.index: r for r in rounds if r.role == "reference" and r.client == subject[0].client}
    return _Places(subject=calm_rounds(subject, reference), reference=reference)


def names_in(rounds: Sequence[Round]) -> list[str]:
    """The metrics that rounds may say something of, in reading order."""
    alone = [] if rounds[0].client == WHOLE_RUN else [*(metric.name for metric in LATENCIES), "qps"]
    names = [*alone, "cpu_per_request"]
    components = dict.fromkeys(component for measured in rounds for component in measured.resources)
    names += [f"{c}_{kind}" for c in components for kind in ("cpu_per_krps", "mem_mb")]
    return [name for name in names if name in KNOWN]


def value_of(measured: Round, metric: Metric) -> float | None:
    """One round's value of a metric, in the metric's unit; ``None`` where it does not say."""
    name = metric.name
    if name == "mean":
        return measured.latency.mean
    if name == "cpu_per_request":
        return _cpu_per_request(measured)
    if name == "qps":
        sent = measured.counts.sent
        return measured.achieved_rps * measured.counts.ok / sent if sent else None
    if metric.quantile is not None:
        return measured.latency.percentiles.get(name)
    return _resource(measured, name)


def _cpu_per_request(measured: Round) -> float | None:
    if measured.cpu_per_request is not None:
        return measured.cpu_per_request
    usage = measured.resources.get("workload")
    if usage is None or usage.cpu_seconds is None or not measured.counts.ok:
        return None
    return usage.cpu_seconds / measured.counts.ok


def _resource(measured: Round, name: str) -> float | None:
    component, _, kind = name.partition("_cpu_per_krps" if name.endswith("krps") else "_mem_mb")
    usage = measured.resources.get(component)
    if usage is None or kind:
        return None
    if name.endswith("_mem_mb"):
        return None if usage.memory is None else usage.memory / 1e6
    if usage.cpu_seconds is None or not measured.counts.sent:
        return None
    return usage.cpu_seconds / measured.counts.sent * 1e6  # 1000 requests/s for a second cost so many mcore-seconds


def _observe(run: RunDocument, role: str, client: str, metric: Metric, places: _Places) -> Observed | None:
    beyond = math.inf
    if metric.quantile is not None:
        shares = [measured.latency.count * (1 - metric.quantile) for measured in places.subject]
        beyond = math.fsum(shares)
        if median(shares) < LEAST_BEYOND_ROUND and len(shares) > 1:
            return _from_totals(run, role, client, metric, beyond)
    return _from_rounds(metric, places, beyond)


def _from_rounds(metric: Metric, places: _Places, beyond: float) -> Observed | None:
    xs, pairs, values = [], [], []
    for measured in places.subject:
        value = value_of(measured, metric)
        x = log_of(value, metric)
        if x is None or value is None:
            continue
        values.append(value)
        xs.append(x)
        other = places.reference.get(measured.index)
        base = None if other is None else log_of(value_of(other, metric), metric)
        if base is not None:
            pairs.append(x - base)
    if not xs:
        return None
    paired = len(pairs) == len(xs)
    held = metric.name == "qps" and all(_held(measured) for measured in places.subject)
    usual = ROUND_SPREAD * metric.spread * (HELD_RATE if held else 1.0)
    return Observed(
        value=median(values),
        raw=median(xs),
        raw_error=error_of(xs, usual),
        referenced=median(pairs) if paired else None,
        referenced_error=error_of(pairs, usual) if paired else None,
        rounds=len(xs),
        beyond=beyond,
        held=held,
    )


def _held(measured: Round) -> bool:
    return measured.requested_rps is not None and abs(measured.achieved_rps / measured.requested_rps - 1) < HELD_WITHIN


def _from_totals(run: RunDocument, role: str, client: str, metric: Metric, beyond: float) -> Observed | None:
    value = _total(run.details.totals, role, client, metric)
    x = log_of(value, metric)
    if x is None or value is None:
        return None
    base = log_of(_total(run.details.totals, "reference", client, metric), metric)
    error = ROUND_SPREAD * metric.spread / math.sqrt(max(beyond / LEAST_BEYOND, 1.0))
    return Observed(
        value=value,
        raw=x,
        raw_error=error,
        referenced=None if base is None else x - base,
        referenced_error=None if base is None else error * math.sqrt(2),
        rounds=sum(r.role == role and r.client == client for r in run.details.rounds),
        beyond=beyond,
        whole=True,
    )


def _total(totals: Mapping[str, Mapping[str, Latency]], role: str, client: str, metric: Metric) -> float | None:
    latency = totals.get(role, {}).get(client)
    return None if latency is None else latency.percentiles.get(metric.name)


def error_of(xs: Sequence[float], usual: float) -> float:
    """Standard error of the median of these rounds; few rounds lean on how much they usually spread."""
    degrees = len(xs) - 1
    spread = (_PRIOR_ROUNDS * usual**2 + degrees * variance(xs)) / (_PRIOR_ROUNDS + degrees)
    return math.sqrt(MEDIAN_COST * spread / len(xs))
