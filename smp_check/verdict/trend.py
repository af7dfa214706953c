"""The history of each metric: its points, where the level changed, between which commits, and slow drift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from smp_check.spec.codec import parse_time
from smp_check.verdict.changepoints import MAGNITUDE, calmer, change_points, noise_of, two_levels
from smp_check.verdict.comparability import identity_of, mesh_of, name_of
from smp_check.verdict.extract import observe
from smp_check.verdict.metrics import metric_named, order_of
from smp_check.verdict.model import Direction, Unit
from smp_check.verdict.robust import median
from smp_check.verdict.scale import as_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.run import RunDocument
    from smp_check.verdict.extract import Observed

UNJUDGED = frozenset({"failed", "non-conformant"})
"""Runs that say nothing of the service's speed. Regressed ones do."""
DRIFT_POINTS = 20
FEWEST_OLD = 10
DRIFT_LEVEL = 0.01
DRIFT_DAYS = 90
NEWEST = 200
"""Points of a series that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One run's value."""

    run: str
    commit: str | None
    start: datetime
    value: float
    """In the metric's unit."""
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A level that changed."""

    index: int
    """The first point of the new level."""
    after_commit: str | None
    """The last commit of the old level: the change came after it..."""
    at_commit: str | None
    """...and at this one at the latest."""
    start: datetime
    before: float
    """Median of the old level, in the metric's unit."""
    after: float
    change: float
    """after / before - 1 as judged (relative to the reference, where there is one)."""
    worse: bool
    p: float
    accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One metric of one series."""

    name: str
    mesh: str
    client: str
    metric: str
    unit: Unit
    direction: Direction
    referenced: bool
    """Whether levels were compared relative to the reference of the same job."""
    noise: float
    """Typical difference between two runs in a row, as a fraction."""
    points: tuple[Point, ...]
    changes: tuple[Change, ...] = ()
    drift: float | None = None
    """Newest points against those of a quarter of a year before, where no change point tells it: head / base - 1."""


def trends(runs: Sequence[RunDocument], *, magnitude: float = MAGNITUDE) -> tuple[Trend, ...]:
    """The trend of each metric of each series; runs in any order."""
    series: dict[tuple[object, ...], list[RunDocument]] = {}
    for run in sorted(runs, key=_start):
        if run.details.verdict not in UNJUDGED:
            series.setdefault(identity_of(run), []).append(run)
    return tuple(trend for each in series.values() for trend in _of_series(each[-NEWEST:], magnitude))


def _start(run: RunDocument) -> str:
    return str(run.result.get("start_time") or "")


def _of_series(runs: Sequence[RunDocument], magnitude: float) -> list[Trend]:
    observed = [observe(run) for run in runs]
    keys = dict.fromkeys(key for each in observed for key in each)
    ordered = sorted(keys, key=lambda key: (key[0], order_of(key[1])))
    return [_trend(runs, observed, client, metric, magnitude) for client, metric in ordered]


def _trend(
    runs: Sequence[RunDocument],
    observed: Sequence[Mapping[tuple[str, str], Observed]],
    client: str,
    metric: str,
    magnitude: float,
) -> Trend:
    there = [(run, each[client, metric]) for run, each in zip(runs, observed, strict=True) if (client, metric) in each]
    known = metric_named(metric)
    xs, referenced = calmer([o.raw for _, o in there], [o.referenced for _, o in there])
    points = tuple(_point(run, o) for run, o in there)
    changes = tuple(
        _change(point.index, point.change, point.p, there, client, metric)
        for point in change_points(xs, magnitude=magnitude)
    )
    return Trend(
        name=name_of(runs[0]),
        mesh=mesh_of(runs[0]),
        client=client,
        metric=metric,
        unit=known.unit,
        direction=known.direction,
        referenced=referenced,
        noise=noise_of(xs),
        points=points,
        changes=changes,
        drift=None if changes else _drift(xs, points, known.direction, magnitude),
    )


def _point(run: RunDocument, observed: Observed) -> Point:
    start = _start(run)
    when = parse_time(start) if start else min(r.start for r in run.details.rounds)
    commit = run.details.provenance.commit
    return Point(run=run.id, commit=commit, start=when, value=observed.value, verdict=run.details.verdict)


def _change(
    index: int, change: float, p: float, there: Sequence[tuple[RunDocument, Observed]], client: str, metric: str
) -> Change:
    values = [o.value for _, o in there]
    run = there[index][0]
    return Change(
        index=index,
        after_commit=there[index - 1][0].details.provenance.commit,
        at_commit=run.details.provenance.commit,
        start=_point(*there[index]).start,
        before=median(values[max(0, index - DRIFT_POINTS) : index]),
        after=median(values[index : index + DRIFT_POINTS]),
        change=as_share(change, metric_named(metric).direction),
        worse=change > 0,
        p=p,
        accepted=any(f"{client} {metric}" in each.details.accepted for each, _ in there[index : index + 1]),
    )


def _drift(xs: Sequence[float], points: Sequence[Point], direction: Direction, magnitude: float) -> float | None:
    """Many small steps escape every step detector: compare with what was a quarter of a year ago."""
    if len(xs) < DRIFT_POINTS + FEWEST_OLD:
        return None
    limit = points[-DRIFT_POINTS].start - timedelta(days=DRIFT_DAYS)
    old = [x for x, point in zip(xs, points, strict=True) if point.start <= limit][-DRIFT_POINTS:]
    new = xs[-DRIFT_POINTS:]
    if len(old) < FEWEST_OLD:
        return None
    change = median(new) - median(old)
    sure = two_levels(old, new) <= 0.001
    return as_share(change, direction) if sure and abs(change) >= magnitude and math.isfinite(change) else None
