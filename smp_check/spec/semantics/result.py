"""Checks of the result by itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from smp_check.spec.codec import parse_time
from smp_check.spec.kinds import is_meshery_export
from smp_check.spec.rules import breach
from smp_check.spec.semantics.parts import check_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from smp_check.spec.findings import Finding

RISING = ("min", "p50", "p90", "p99", "max")
_ROUNDING = 1e-9
SAMPLES_NEEDED: Mapping[str, int] = {"p50": 20, "p90": 100, "p99": 1000}
"""Ten samples beyond the percentile."""


def check_result(result: Mapping[str, Any], at: str = "") -> Iterator[Finding]:
    """A ``PerformanceTestResult``."""
    if is_meshery_export(result):
        yield _meshery(at, result)
    else:
        yield from check_version(result, at)
    yield from _times(result, at)
    latencies = result.get("latencies_ms")
    if latencies:
        yield from check_order(latencies, f"{at}/latencies_ms")
        if not any(latencies.values()):
            yield breach("SMP222", f"{at}/latencies_ms", "all latencies are 0", "leave out what was not measured")
        elif result.get("actual_qps") == 0:
            what = "latencies, but no requests per second"
            yield breach("SMP222", f"{at}/actual_qps", what, "leave it out if unknown")
        yield from _labelled_counts(result, at)


def _meshery(at: str, result: Mapping[str, Any]) -> Finding:
    where = f"{at}/latencies_ms" if "latencies_ms" in result else at
    return breach(
        "SMP208",
        where,
        "this is Meshery's export: its latencies_ms are seconds, 1,000 times too small",
        "smp-check convert mends it",
    )


def _times(result: Mapping[str, Any], at: str) -> Iterator[Finding]:
    start, end = result.get("start_time"), result.get("end_time")
    began, ended = _moment(start), _moment(end)
    for name, text, moment in (("start_time", start, began), ("end_time", end, ended)):
        if text and moment and not text.endswith(("Z", "+00:00", "-00:00")):
            yield breach("SMP214", f"{at}/{name}", f"{text} is not UTC", "smp-check convert writes it in UTC")
    if began and ended and ended < began:
        yield breach("SMP204", f"{at}/end_time", "the result ends before it starts", "were the two times swapped?")


def _moment(text: Any) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except (ValueError, OverflowError):
        return None


def check_order(latencies: Mapping[str, float], at: str) -> Iterable[Finding]:
    """Percentiles rise, and the average lies between the extremes."""
    rising = [latencies[name] for name in RISING if name in latencies]
    average = latencies.get("average", latencies.get("max", 0))
    if rising == sorted(rising) and latencies.get("min", average) <= average <= latencies.get("max", average):
        return ()
    return _disordered(latencies, at)


def _disordered(latencies: Mapping[str, float], at: str) -> Iterator[Finding]:
    known = [(name, latencies[name]) for name in RISING if name in latencies]
    pairs = list(pairwise(known))
    if "average" in latencies:
        average = ("average", latencies["average"])
        pairs += [(("min", latencies["min"]), average)] if "min" in latencies else []
        pairs += [(average, ("max", latencies["max"]))] if "max" in latencies else []
    for (low, small), (high, large) in pairs:
        if small > large * (1 + _ROUNDING):
            what = f"{low} ({small:g}) is larger than {high} ({large:g})"
            yield breach("SMP203", f"{at}/{high}", what, "were two fields swapped?")


def _labelled_counts(result: Mapping[str, Any], at: str) -> Iterator[Finding]:
    """smp-check keeps the counts of a bare result in its labels."""
    labels = result.get("labels") or {}
    sent, failed = labels.get("smp-check/requests", ""), labels.get("smp-check/errors", "")
    if sent.isdecimal() and failed.isdecimal() and len(sent) < 20 and int(sent) > 0:
        yield from check_samples(result, int(sent), int(failed) if len(failed) < 20 else int(sent), at)


def check_samples(result: Mapping[str, Any], sent: int, failed: int, at: str) -> Iterator[Finding]:
    """Whether the latencies have enough successes behind them."""
    latencies = result.get("latencies_ms", {})
    if not latencies:
        return
    if failed >= sent:
        what = f"all {sent:,} requests failed, and yet there are latencies"
        yield breach("SMP210", f"{at}/latencies_ms", what, "see why they failed, and measure again")
        return
    for name, needed in SAMPLES_NEEDED.items():
        if name in latencies and sent - failed < needed:
            what = f"{name} of {sent - failed:,} requests: {needed:,} are needed to tell"
            yield breach("SMP206", f"{at}/latencies_ms/{name}", what, "measure longer, or at a higher rate")
