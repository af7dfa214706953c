"""The stored history replayed: how often would these settings have alarmed, and what would they have caught?

Each run is judged from the ones before it, as it was, and with a worsening put in. What alarms as it was is an upper
bound on false alarms, since a history may hold true changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smp_check.spec.configuration import Gate
from smp_check.verdict.decide import decide
from smp_check.verdict.extract import observe
from smp_check.verdict.gather import compared
from smp_check.verdict.metrics import metric_named, order_of
from smp_check.verdict.model import Direction, Verdict
from smp_check.verdict.scale import of_tolerance
from smp_check.verdict.validity import Restriction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.run import RunDocument
    from smp_check.verdict.extract import Observed

EFFECTS = (0.05, 0.10, 0.20, 0.50)
WINDOWS = (5, 10, 20)
TOLERANCES = (0.05, 0.10, 0.15, 0.20, 0.30, 0.50, 1.0)
FEWEST = 5
"""Runs that must lie before the first that is judged: how verdicts are once the history is no longer new."""
MOST = 60
"""Newest runs that are judged: enough to count, quick enough to wait for."""
POWER = 0.8
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How one setting did on one metric."""

    client: str
    metric: str
    window: int
    referenced: bool
    judged: int
    """Runs that were judged."""
    alarms: float
    """Share of them called regressed as they were."""
    power: Mapping[str, float]
    """Worsening put in (``5%``...) -> share called regressed."""
    decided: float
    """Share called unchanged or improved as they were, rather than inconclusive."""
    configured: bool
    """Whether this is the setting in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The table, and what follows from it."""

    runs: int
    minutes: float | None
    """Median length of a run, where its rounds tell."""
    rows: tuple[Row, ...]
    recommended: Mapping[str, float]
    """Metric -> the smallest tolerance that is caught four times out of five, with the setting in use."""


def calibrate(
    runs: Sequence[RunDocument], *, gates: Mapping[str, Gate], window: int, metrics: Sequence[str] = ()
) -> Calibration:
    """Replay one series, oldest run first."""
    observed = [observe(run) for run in runs]
    keys = dict.fromkeys(key for each in observed for key in each if _wanted(key[1], gates, metrics))
    rows: list[Row] = []
    recommended: dict[str, float] = {}
    for key in sorted(keys, key=lambda key: (key[0], order_of(key[1]))):
        gate = gates.get(key[1], Gate())
        history = [each[key] for each in observed if key in each]
        for size in sorted({*WINDOWS, window}):
            for referenced in _ways(history):
                configured = size == window and referenced == _ways(history)[0]
                rows.append(_row(key, history, gate, size, referenced, configured))
        tolerance = _smallest(key, history, gate, window)
        if tolerance is not None:
            recommended[key[1]] = max(tolerance, recommended.get(key[1], 0.0))
    return Calibration(runs=len(runs), minutes=_minutes(runs), rows=tuple(rows), recommended=recommended)


def _wanted(metric: str, gates: Mapping[str, Gate], metrics: Sequence[str]) -> bool:
    return metric in metrics if metrics else metric in gates


def _ways(history: Sequence[Observed]) -> tuple[bool, ...]:
    """With the reference first, where there is one."""
    return (True, False) if all(each.referenced is not None for each in history) else (False,)


def _row(key: Key, history: Sequence[Observed], gate: Gate, window: int, referenced: bool, configured: bool) -> Row:
    clean = _verdicts(key, history, gate, window, referenced, 0.0)
    return Row(
        client=key[0],
        metric=key[1],
        window=window,
        referenced=referenced,
        judged=len(clean),
        alarms=_share(clean, Verdict.REGRESSED),
        power={
            f"{effect:.0%}": _share(_verdicts(key, history, gate, window, referenced, effect), Verdict.REGRESSED)
            for effect in EFFECTS
        },
        decided=_share(clean, Verdict.UNCHANGED) + _share(clean, Verdict.IMPROVED),
        configured=configured,
    )


def _share(verdicts: Sequence[Verdict], wanted: Verdict) -> float:
    return sum(verdict is wanted for verdict in verdicts) / len(verdicts) if verdicts else 0.0


def _verdicts(
    key: Key, history: Sequence[Observed], gate: Gate, window: int, referenced: bool, effect: float
) -> list[Verdict]:
    first = max(min(FEWEST, len(history) - 1), len(history) - MOST, 1)
    return [
        _judged(key, history[max(0, i - window) : i], worsened(history[i], key[1], effect), gate, referenced)
        for i in range(first, len(history))
    ]


def worsened(observed: Observed, metric: str, effect: float) -> Observed:
    """The same run, had it been worse by this share."""
    x = of_tolerance(effect, metric_named(metric).direction)
    ratio = None if observed.referenced is None else observed.referenced + x
    lower = metric_named(metric).direction is Direction.LOWER_IS_BETTER
    value = observed.value * math.exp(x if lower else -x)
    return replace(observed, value=value, raw=observed.raw + x, referenced=ratio)


def _judged(key: Key, base: Sequence[Observed], head: Observed, gate: Gate, referenced: bool) -> Verdict:
    if not referenced:
        base = [replace(each, referenced=None) for each in base]
        head = replace(head, referenced=None)
    gates = {key[1]: gate}
    undecided = compared(*key, base, head, Restriction(), gates)
    return decide([undecided], gates)[0].verdict


def _smallest(key: Key, history: Sequence[Observed], gate: Gate, window: int) -> float | None:
    """The smallest tolerance whose worsening is caught often enough, with hardly an alarm on the history as it is."""
    for tolerance in TOLERANCES:
        asked = replace(gate, tolerance=tolerance)
        way = _ways(history)[0]
        caught = _share(_verdicts(key, history, asked, window, way, tolerance), Verdict.REGRESSED)
        if caught >= POWER:
            return tolerance
    return None


def _minutes(runs: Sequence[RunDocument]) -> float | None:
    lengths = sorted(
        (max(r.end for r in run.details.rounds) - min(r.start for r in run.details.rounds)).total_seconds() / 60
        for run in runs
        if run.details.rounds
    )
    return lengths[len(lengths) // 2] if lengths else None
