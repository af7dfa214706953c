"""The metrics that a gate may name, and how its numbers are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from smp_check.spec.configuration import COMPONENTS
from smp_check.units import parse_duration, parse_share

Reading = Literal["time", "share", "number"]

METRICS: Mapping[str, Reading] = {
    **dict.fromkeys(("p50", "p75", "p90", "p95", "p99", "p99.9", "mean"), "time"),
    "qps": "number",
    "error_rate": "share",
    "cpu_per_request": "time",
    **{f"{component}_{what}": "number" for component in COMPONENTS for what in ("cpu_per_krps", "mem_mb")},
}
"""Metric -> how its quantities are written: as a duration, a percentage, or a plain number."""


def quantity(metric: str, given: str | float) -> float:
    """A gate's quantity in the metric's unit: s, fraction or 1/s.

    Raises ``ValueError`` whose text says what is wrong, then after a semicolon what to write.
    """
    reading = METRICS.get(metric, "number")
    if reading == "time":
        return _time(metric, given)
    if reading == "share":
        return share(given)
    return _number(metric, given)


def _time(metric: str, given: str | float) -> float:
    if not isinstance(given, str):
        if given == 0:
            return 0.0
        raise ValueError(f"{metric} is a time, and {given:g} has no unit; write {given:g}ms")
    return parse_duration(given)


def share(given: str | float) -> float:
    """A percentage or a fraction; a plain 5 would be 500 %, which nobody means. Raises ``ValueError`` likewise."""
    fraction = parse_share(given)
    if not isinstance(given, str) and fraction > 1:
        raise ValueError(f"{given:g} would be {fraction:.0%}; write {given:g}%")
    return fraction


def _number(metric: str, given: str | float) -> float:
    try:
        number = float(str(given).removesuffix("/s").replace(",", "").strip())
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{given!r} is no number, and {metric} is one; write for example 500")
    return number


def tolerance(gate: Mapping[str, Any]) -> float | None:
    """The relative worsening that must be caught, by either of its names. Raises ``ValueError`` as `quantity` does."""
    given = gate.get("tolerance", gate.get("max_increase"))
    return None if given is None else share(given)
