"""Nighthawk (https://github.com/envoyproxy/nighthawk): Envoy's own load generator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.distribution import ladder, spread
from smp_check.load.adapters.fields import Fields, SourceError, load_json
from smp_check.load.adapters.reading import Reading, examined, warning
from smp_check.load.adapters.tool import Tool, header_flags, whole_seconds
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import PERCENTILES, Counts, Latency, Remark

_NO_LIMIT = 4294967295
_PREDICATES = (
    "benchmark.http_4xx",
    "benchmark.http_5xx",
    "benchmark.pool_connection_failure",
    "benchmark.stream_resets",
)
_REQUEST = "benchmark_http_client.request_to_response"
_DURATION = re.compile(r"(-?\d+(?:\.\d+)?)s")


class NighthawkAdapter(Tool):
    """Commands and results of ``nighthawk_client``."""

    name = "nighthawk"
    version_pattern = r"(?i)nighthawk[^\n\d]*v?(\d+\.\d+\.\d+\S*|)"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:  # noqa: ARG002 - the port's shape
        """One worker, and no end at the first error, which is its default."""
        words = ["--output-format", "json", "--duration", str(whole_seconds(seconds)), "--concurrency", "1"]
        words += ["--connections", str(load.connections), "--rps", f"{load.rate or 0:.0f}"]
        words += ["--timeout", str(whole_seconds(load.timeout)), "--sequencer-idle-strategy", "sleep"]
        words += [word for name in _PREDICATES for word in ("--failure-predicate", f"{name}:{_NO_LIMIT}")]
        words += header_flags(load, "--request-header")
        words += ["--request-method", load.method] if load.method != "GET" else []
        return Invocation(arguments=(*words, *load.options, load.urls[0]))

    def objection(self, load: Load) -> str | None:
        """It cannot check certificates, and its default rate is 5, not full speed."""
        return "it does not check certificates" if load.ca_file else None

    def measured(self, output: Output, load: Load) -> Measured:  # noqa: ARG002 - the output tells all
        """The native JSON on stdout."""
        value = load_json(output.stdout)
        if not is_nighthawk(value):
            raise SourceError("this is no result of Nighthawk")
        return Measured(reading=read_nighthawk(value))


def is_nighthawk(value: Any) -> bool:
    """Whether this is Nighthawk's native JSON (api/client/output.proto)."""
    fields = Fields(value)
    return any(each.inners("statistics") for each in fields.inners("results")) and "options" in set(fields)


def read_nighthawk(value: Mapping[str, Any]) -> Reading:
    """Read native output: 64-bit numbers are text, durations are like ``0.000123s``; workers are added up."""
    fields = Fields(value)
    result = _global(fields)
    counters = _counters(result)
    options = fields.inner("options")
    counts = _counts(counters)
    seconds = _seconds(result.raw("execution_duration"))
    if not counts.sent:
        raise SourceError("this result of Nighthawk holds no request")
    workers = max(sum(1 for each in fields.inners("results") if each.text("name") != "global"), 1)
    connections, rate = options.integer("connections"), options.number("requests_per_second")
    version = fields.inner("version", "version")
    numbers = [version.integer(name) or 0 for name in ("major_number", "minor_number", "patch")] if version else []
    target = options.text("uri")
    return examined(
        Reading(
            generator="nighthawk",
            version=".".join(map(str, numbers)) or None,
            protocol=Protocol.HTTP,
            targets=(target,) if target else (),
            start=result.time("execution_start") or fields.time("timestamp"),
            seconds=seconds,
            requested_rps=rate * workers if rate else None,
            closed_loop=None,
            achieved_rps=counts.sent / seconds if seconds else None,
            connections=connections * workers if connections else None,
            counts=counts,
            latency=_latency(result),
            percentile_method="hdr",
            resolution=1e-6,
            remarks=tuple(_remarks(result, counters)),
        )
    )


def _global(fields: Fields) -> Fields:
    results = fields.inners("results")
    return next((each for each in results if each.text("name") == "global"), results[0] if results else Fields(None))


def _counters(result: Fields) -> dict[str, int]:
    """Counters by the last part of their names, since prefixes differ between versions; zero ones are left out."""
    found: dict[str, int] = {}
    for each in result.inners("counters"):
        name, count = each.text("name"), each.integer("value")
        if name and count and count > 0:
            found[name.rpartition(".")[2]] = count
    return found


def _counts(counters: Mapping[str, int]) -> Counts:
    classes = {f"{digit}xx": counters.get(f"http_{digit}xx", 0) for digit in "12345"}
    bad = classes["4xx"] + classes["5xx"] + counters.get("http_xxx", 0)
    failed = {
        "status": bad,
        "reset": counters.get("stream_resets", 0),
        "connect": counters.get("pool_connection_failure", 0),
    }
    answers = sum(classes.values()) + counters.get("http_xxx", 0)
    sent = max(counters.get("upstream_rq_total", 0), answers) + failed["connect"]
    return Counts(
        sent=sent,
        ok=classes["1xx"] + classes["2xx"] + classes["3xx"],
        errors={kind: count for kind, count in failed.items() if count},
        status={name: count for name, count in classes.items() if count},
        bytes_received=counters.get("upstream_cx_rx_bytes_total"),
        bytes_sent=counters.get("upstream_cx_tx_bytes_total"),
    )


def _seconds(value: Any) -> float | None:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) if match else None


def _latency(result: Fields) -> Latency:
    """Request to response; the percentiles are the histogram's own steps, each with the count up to it."""
    found = next((each for each in result.inners("statistics") if _REQUEST in (each.text("id") or "")), Fields(None))
    count = found.integer("count") or 0
    rows = []
    for each in found.inners("percentiles"):
        value, upto, share = _seconds(each.raw("duration")), each.integer("count"), each.number("percentile")
        if value is not None and upto is not None and share is not None and value >= 0:
            rows.append((share, value, upto))
    if count <= 0 or not rows:
        return Latency(count=max(count, 0))
    rows.sort()
    low, high = _seconds(found.raw("min")), _seconds(found.raw("max"))
    whole = rows[-1][2] == count and all(first[2] <= second[2] for first, second in pairwise(rows))
    text = spread(ladder((value, upto) for _, value, upto in rows)).encode() if whole else None
    return Latency(
        count=count,
        min=rows[0][1] if low is None else low,
        mean=_seconds(found.raw("mean")),
        stddev=_seconds(found.raw("pstdev")),
        max=rows[-1][1] if high is None else high,
        percentiles={name: _at(rows, percent / 100) for name, percent in PERCENTILES.items()},
        histogram=text,
    )


def _at(rows: list[tuple[float, float, int]], share: float) -> float:
    """The first step at or above; small runs have no step between 0.98 and 1."""
    return next((value for step, value, _ in rows if step >= share - 1e-9), rows[-1][1])


def _remarks(result: Fields, counters: Mapping[str, int]) -> list[Remark]:
    found = []
    overflow = counters.get("pool_overflow", 0)
    if overflow:
        found.append(warning("dropped", f"Nighthawk did not send {overflow} requests: no connection was free"))
    blocking = next((each for each in result.inners("statistics") if each.text("id") == "sequencer.blocking"), None)
    blocked = blocking.integer("count") if blocking else None
    if blocked:
        found.append(warning("blocked", f"Nighthawk was held up {blocked} times: its latencies hide the waiting"))
    return found
