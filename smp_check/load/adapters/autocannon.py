"""autocannon (https://github.com/mcollina/autocannon): whole milliseconds, its rate in bursts once a second."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.distribution import from_quantiles
from smp_check.load.adapters.fields import Fields, SourceError, load_json
from smp_check.load.adapters.reading import Reading, examined, note, warning
from smp_check.load.adapters.tool import Tool, header_flags, whole_seconds
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, Latency, Remark

BODY = "body"
_PERCENT = re.compile(r"p(\d+)(?:_(\d+))?")


class AutocannonAdapter(Tool):
    """Commands and results of autocannon."""

    name = "autocannon"
    version_pattern = r"autocannon v(\S+)"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """With a rate, always without its correction, which invents latencies (``-C``)."""
        words = ["-j", "-c", str(load.connections), "-d", str(whole_seconds(seconds))]
        words += ["-R", f"{load.rate:.0f}", "-C"] if load.rate else []
        words += ["-t", str(whole_seconds(load.timeout)), "-m", load.method, *header_flags(load, "-H", "=")]
        words += ["-i", str(folder / BODY)] if load.body else []
        return Invocation(arguments=(*words, *load.options, load.urls[0]), files={BODY: load.body})

    def objection(self, load: Load) -> str | None:
        """It has fewer connections than asked for when there are fewer requests than connections in a second."""
        if load.rate is not None and load.rate < load.connections:
            return f"it uses at most one connection per request of a second: {load.rate:g} here, not {load.connections}"
        return None

    def measured(self, output: Output, load: Load) -> Measured:
        """The one line of JSON on stdout."""
        value = load_json(output.stdout)
        if not is_autocannon(value):
            raise SourceError("this is no result of autocannon")
        return Measured(reading=replace(read_autocannon(value), closed_loop=load.rate is None))


def is_autocannon(value: Any) -> bool:
    """Whether this is ``autocannon --json``."""
    return isinstance(value, Mapping) and "pipelining" in value and "latency" in value and "requests" in value


def read_autocannon(value: Mapping[str, Any]) -> Reading:
    """Read a result. Raises ``SourceError`` when its latencies outnumber its requests: most are invented then."""
    fields = Fields(value)
    requests, errors = fields.inner("requests").integer("total") or 0, fields.integer("errors") or 0
    seconds = fields.number("duration")
    samples = fields.inner("latency").integer("totalCount")
    if samples is not None and samples > requests + errors:
        raise SourceError(
            f"{samples} latencies of {requests} requests: autocannon invents latencies when it has a rate; "
            "run it with --ignoreCoordinatedOmission"
        )
    sent = requests + errors
    if not sent:
        raise SourceError("autocannon made no request")
    target = fields.text("url")
    return examined(
        Reading(
            generator="autocannon",
            protocol=Protocol.HTTP,
            targets=(target,) if target else (),
            start=fields.time("start"),
            seconds=seconds,
            achieved_rps=sent / seconds if seconds else None,
            connections=fields.integer("connections"),
            counts=_counts(fields, requests, errors),
            latency=_latency(fields.inner("latency"), requests),
            percentile_method="hdr-ms",
            resolution=1e-3,
            remarks=tuple(_remarks(fields)),
        )
    )


def _counts(fields: Fields, requests: int, errors: int) -> Counts:
    status = {code: each.integer("count") or 0 for code, each in _statuses(fields).items()}
    bad = fields.integer("non2xx") or 0
    redirects = fields.integer("3xx") or 0
    late = fields.integer("timeouts") or 0
    failed = {"status": max(bad - redirects, 0), "timeout": late, "socket": max(errors - late, 0)}
    return Counts(
        sent=requests + errors,
        ok=max(requests - failed["status"], 0),
        errors={kind: count for kind, count in failed.items() if count},
        status={code: count for code, count in status.items() if count},
        bytes_received=fields.inner("throughput").integer("total"),
    )


def _statuses(fields: Fields) -> dict[str, Fields]:
    stats = fields.inner("statusCodeStats")
    return {code: stats.inner(code) for code in stats}


def _latency(latency: Fields, requests: int) -> Latency:
    """Percentiles ``p97_5`` and so on, in whole milliseconds. The minimum leaves out latencies of 0, so it may lie."""
    if not requests:
        return Latency(count=0)
    points = {}
    for name in latency:
        match, value = _PERCENT.fullmatch(name), latency.number(name)
        if match and value is not None:
            points[float(f"{match[1]}.{match[2] or 0}")] = value / 1e3
    low, high, mean, deviation = (latency.number(name) for name in ("min", "max", "mean", "stddev"))
    lowest = min(points.values(), default=0.0)
    return from_quantiles(
        points,
        count=requests,
        low=None if low is None else min(low / 1e3, lowest),
        high=None if high is None else high / 1e3,
        mean=None if mean is None else mean / 1e3,
        stddev=None if deviation is None else deviation / 1e3,
    )


def _remarks(fields: Fields) -> list[Remark]:
    found = []
    median = fields.inner("latency").number("p50")
    if median is not None and median < 5:
        found.append(warning("coarse", "autocannon counts whole milliseconds: latencies of a few ms say very little"))
    resets = fields.integer("resets")
    if resets:
        found.append(note("resets", f"{resets} connections were reset"))
    return found
