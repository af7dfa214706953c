"""Checks of the result by itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from smp_check.spec.codec import parse_time
from smp_check.spec.kinds import is_meshery_export
from smp_check.spec.rules import breach
from smp_check.spec.semantics.parts import check_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from smp_check.spec.findings import Finding

RISING = ("min", "p50", "p90", "p99", "max")
_ROUNDING = 1e-9
SAMPLES_NEEDED: Mapping[str, int] = {"p50": 20, "p90": 100, "p99": 1000}
"""Ten samples beyond the percentile."""


def check_result(result: Mapping[str, Any], at: str = "") -> Iterator[Finding]:
    """A ``PerformanceTestResult``."""
    if is_meshery_export(result):
        yield from _meshery(at, result)
    else:
        yield from check_version(result, at)
    yield from _times(result, at)
    latencies = result.get("latencies_ms", {})
    yield from check_order(latencies, f"{at}/latencies_ms")
    if latencies and not any(latencies.values()):
        yield breach("SMP222", f"{at}/latencies_ms", "all latencies are 0", "leave out what was not measured")
    elif latencies and result.get("actual_qps") == 0:
        yield breach("SMP222", f"{at}/actual_qps", "latencies, but no requests per second", "leave it out if unknown")
    yield from _labelled_counts(result, at)


def _meshery(at: str, result: Mapping[str, Any]) -> Iterator[Finding]:
    where = f"{at}/latencies_ms" if "latencies_ms" in result else at
    yield breach(
        "SMP208",
        where,
        "this is Meshery's export: its latencies_ms are seconds, 1,000 times too small",
        "smp-check convert mends it",
    )


def _times(result: Mapping[str, Any], at: str) -> Iterator[Finding]:
    moments = {}
    for name in ("start_time", "end_time"):
        text = result.get(name)
        try:
            moments[name] = parse_time(text) if text else None
        except (ValueError, OverflowError):
            continue
        if text and not text.endswith(("Z", "+00:00", "-00:00")):
            yield breach("SMP214", f"{at}/{name}", f"{text} is not UTC", "smp-check convert writes it in UTC")
    start, end = moments.get("start_time"), moments.get("end_time")
    if start and end and end < start:
        yield breach("SMP204", f"{at}/end_time", "the result ends before it starts", "were the two times swapped?")


def check_order(latencies: Mapping[str, float], at: str) -> Iterator[Finding]:
    """Percentiles rise, and the average lies between the extremes."""
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
    labels = result.get("labels", {})
    sent, failed = (labels.get(f"smp-check/{name}", "") for name in ("requests", "errors"))
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
