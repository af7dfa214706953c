"""Checks of a run document: its parts against each other, and its details against themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from smp_check.spec.codec import parse_time
from smp_check.spec.findings import Severity
from smp_check.spec.reading import escape
from smp_check.spec.rules import breach
from smp_check.spec.run import PERCENTILES
from smp_check.spec.semantics.histograms import counted
from smp_check.spec.semantics.littles_law import check_littles_law
from smp_check.spec.semantics.parts import check_environment, check_mesh
from smp_check.spec.semantics.result import check_result, check_samples
from smp_check.spec.semantics.test import check_test

if TYPE_CHECKING:
    from smp_check.spec.findings import Finding

_ROUNDING = 1 + 1e-9
_REFERENCES = (("test_id", "test"), ("mesh_config_id", "mesh"), ("env_id", "environment"))


def check_run(value: Mapping[str, Any]) -> Iterator[Finding]:
    """The envelope."""
    parts = {name: part if isinstance(part := value.get(name), Mapping) else {} for name in _PARTS}
    yield from check_test(parts["test"], "/test")
    yield from check_mesh(parts["mesh"], "/mesh")
    yield from check_environment(parts["environment"], "/environment")
    yield from check_result(_unlabelled(parts["result"]), "/result")
    yield from _references(parts)
    yield from check_littles_law(parts["test"], parts["result"], parts["details"])
    yield from _details(parts["details"], parts["result"])


_PARTS = ("test", "mesh", "environment", "result", "details")


def _unlabelled(result: Mapping[str, Any]) -> dict[str, Any]:
    """The counts in the labels repeat the details; one of the two is enough to judge."""
    return {name: value for name, value in result.items() if name != "labels"}


def _references(parts: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for field, name in _REFERENCES:
        wanted, there = parts["result"].get(field), parts[name].get("id")
        if wanted and there and wanted != there:
            what = f"{field} is {wanted[:60]!r}, but the {name} beside it has the id {there[:60]!r}"
            yield breach("SMP209", f"/result/{field}", what, f"set it to {there[:60]!r}")


def _details(details: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[Finding]:
    rounds = details.get("rounds", [])
    for index, measured in enumerate(rounds):
        yield from _round(measured, f"/details/rounds/{index}")
    role = "head" if any(measured["role"] == "head" for measured in rounds) else "base"
    mine = [measured["counts"] for measured in rounds if measured["role"] == role]
    if mine:
        sent = sum(counts["sent"] for counts in mine)
        failed = sum(sum(counts.get("errors", {}).values()) for counts in mine)
        yield from check_samples(result, sent, failed, "/result")
    totals = details.get("totals", {})
    yield from _totals(totals)
    yield from _agreement(result, totals.get(role, {}).get("all", {}))


def _round(measured: Mapping[str, Any], at: str) -> Iterator[Finding]:
    counts = measured["counts"]
    sent, ok, failed = counts["sent"], counts["ok"], sum(counts.get("errors", {}).values())
    if ok + failed > sent:
        what = f"{ok:,} succeeded and {failed:,} failed of {sent:,} sent"
        yield breach("SMP205", f"{at}/counts/sent", what, "ok + errors = sent")
    if measured["latency"]["count"] > sent:
        what = f"{measured['latency']['count']:,} latencies of {sent:,} requests"
        yield breach("SMP205", f"{at}/latency/count", what, "at most one latency for each request")
    start, end = parse_time(measured["start"]), parse_time(measured["end"])
    if end < start:
        yield breach("SMP204", f"{at}/end", "the round ends before it starts", "were the two times swapped?")
    elif end > start:
        yield from _rate(measured, (end - start).total_seconds(), at)
    for name in ("latency", "service_time", "first_byte"):
        if measured.get(name):
            yield from _distribution(measured[name], f"{at}/{name}")


def _rate(measured: Mapping[str, Any], seconds: float, at: str) -> Iterator[Finding]:
    """The rate is requests over time; a round that was cut, or rounded times, make a difference, but no large one."""
    expected = measured["counts"]["sent"] / seconds
    rate = measured["achieved_rps"]
    if abs(rate - expected) > max(0.25 * max(rate, expected), 5 / seconds):
        what = f"{measured['counts']['sent']:,} requests in {seconds:g} s are {expected:.4g}/s, not {rate:.4g}/s"
        yield breach("SMP205", f"{at}/achieved_rps", what, "correct one of the three", severity=Severity.WARNING)


def _distribution(latency: Mapping[str, Any], at: str) -> Iterator[Finding]:
    percentiles: Mapping[str, float] = latency.get("percentiles", {})
    values = [latency.get("min"), *(percentiles.get(name) for name in PERCENTILES), latency.get("max")]
    if not percentiles.keys() <= PERCENTILES.keys() or not _rising([value for value in values if value is not None]):
        yield from _falling(latency, at)
    yield from _histogram(latency, f"{at}/histogram")


def _rising(values: list[float]) -> bool:
    return all(small <= large * _ROUNDING for small, large in pairwise(values))


def _falling(latency: Mapping[str, Any], at: str) -> Iterator[Finding]:
    """Which values of a distribution are out of order."""
    percentiles = latency.get("percentiles", {})
    rising = sorted(percentiles, key=lambda name: float(name[1:]) if name[1:].replace(".", "", 1).isdecimal() else 0.0)
    known = [(f"percentiles/{escape(name)}", percentiles[name]) for name in rising]
    known = [("min", latency.get("min")), *known, ("max", latency.get("max"))]
    present = [(name, value) for name, value in known if value is not None]
    for (low, small), (high, large) in pairwise(present):
        if small > large * _ROUNDING:
            what = f"{low.rpartition('/')[2]} ({small:g} s) is larger than {high.rpartition('/')[2]} ({large:g} s)"
            yield breach("SMP203", f"{at}/{high}", what, "were two fields swapped?")


def _histogram(latency: Mapping[str, Any], at: str) -> Iterator[Finding]:
    text = latency.get("histogram")
    if text is None:
        return
    try:
        held = counted(text)
    except ValueError as fault:
        yield breach("SMP219", at, str(fault), "write the document anew from its source")
        return
    if held != latency["count"]:
        what = f"the histogram holds {held:,} values, and count is {latency['count']:,}"
        yield breach("SMP219", at, what, "one of the two was changed", severity=Severity.WARNING)


def _totals(totals: Mapping[str, Any]) -> Iterator[Finding]:
    for role, clients in totals.items():
        for client, latency in clients.items():
            yield from _distribution(latency, f"/details/totals/{escape(role)}/{escape(client)}")


def _agreement(result: Mapping[str, Any], total: Mapping[str, Any]) -> Iterator[Finding]:
    """SMP's latencies are those of the merged histogram, in milliseconds."""
    seconds = {"min": total.get("min"), "average": total.get("mean"), "max": total.get("max")}
    seconds |= {name: total.get("percentiles", {}).get(name) for name in ("p50", "p90", "p99")}
    for name, stated in result.get("latencies_ms", {}).items():
        measured = seconds.get(name)
        if measured is not None and not math.isclose(stated, measured * 1e3, rel_tol=0.01, abs_tol=1e-6):
            what = f"{name} is {stated:g} ms here and {measured * 1e3:g} ms in details.totals"
            yield breach("SMP218", f"/result/latencies_ms/{name}", what, "write the document anew from its source")
