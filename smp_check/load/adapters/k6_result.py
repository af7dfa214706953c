"""k6's three JSON summaries: the old export, handleSummary's data, and the machine-readable one; milliseconds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from smp_check.load.adapters.distribution import from_quantiles
from smp_check.load.adapters.failures import examples
from smp_check.load.adapters.fields import Fields, SourceError
from smp_check.load.adapters.reading import Reading, examined, note, warning
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, Latency, Remark

STATUS, ERROR = "smp_status_", "smp_error_"
_PERCENT = re.compile(r"p\((\d+(?:\.\d+)?)\)")


def is_k6(value: Any) -> bool:
    """Whether this is a summary of k6, of any of its shapes."""
    if not isinstance(value, Mapping):
        return False
    if Fields(value).inner("results").inners("metrics"):
        return True
    metrics = value.get("metrics")
    return isinstance(metrics, Mapping) and ("iterations" in metrics or "http_reqs" in metrics)


def read_k6(value: Mapping[str, Any], *, complaints: Sequence[str] = (), connections: int | None = None) -> Reading:
    """Read a summary. Raises ``SourceError`` when it holds no HTTP request."""
    fields = Fields(value)
    metrics = _metrics(fields)
    sent = metrics.get("http_reqs", Fields(None)).integer("count")
    if not sent:
        raise SourceError("this summary of k6 holds no HTTP request")
    rate = metrics["http_reqs"].number("rate")
    seconds = _seconds(fields) or (sent / rate if rate else None)
    counts = _counts(metrics, sent)
    users = metrics.get("vus_max", Fields(None))
    version = fields.inner("metadata").text("k6Version")
    return examined(
        Reading(
            generator="k6",
            version=version.removeprefix("v") if version else None,
            protocol=Protocol.HTTP,
            seconds=seconds,
            achieved_rps=rate if rate is not None else (sent / seconds if seconds else None),
            connections=connections or users.integer("max") or users.integer("value"),
            counts=counts,
            faults=examples(counts.errors, complaints) if counts else {},
            latency=_latency(metrics.get("http_req_duration", Fields(None)), sent),
            percentile_method="linear",
            resolution=1e-6,
            remarks=tuple(_remarks(metrics)),
        )
    )


def _metrics(fields: Fields) -> dict[str, Fields]:
    """Name -> values, whatever the shape."""
    listed = fields.inner("results").inners("metrics")
    if listed:
        return {name: each.inner("values") for each in listed if (name := each.text("name"))}
    named = fields.inner("metrics")
    return {name: named.inner(name, "values") or named.inner(name) for name in named}


def _seconds(fields: Fields) -> float | None:
    milliseconds = fields.inner("state").number("testRunDurationMs")
    return milliseconds / 1e3 if milliseconds else fields.inner("config").number("duration")


def _latency(trend: Fields, sent: int) -> Latency:
    """Percentiles as far as the script asked for them; by default there is no p99."""
    points = {50.0: trend.number("med")}
    for name in trend:
        match = _PERCENT.fullmatch(name)
        if match:
            points[float(match[1])] = trend.number(name)
    known = {percent: value / 1e3 for percent, value in points.items() if value is not None and 0 < percent < 100}
    low, mean, high = (trend.number(name) for name in ("min", "avg", "max"))
    return from_quantiles(
        known,
        count=trend.integer("count") or sent,
        low=None if low is None else low / 1e3,
        high=None if high is None else high / 1e3,
        mean=None if mean is None else mean / 1e3,
    )


def _counts(metrics: Mapping[str, Fields], sent: int) -> Counts:
    """``http_req_failed`` is a rate of "has failed": its ``passes`` are the failures."""
    failed_rate = metrics.get("http_req_failed", Fields(None))
    failed = failed_rate.integer("passes")
    failed = failed_rate.integer("matches") if failed is None else failed
    status = _ours(metrics, STATUS)
    errors = _ours(metrics, ERROR)
    failed = failed or 0
    rest = max(failed - sum(errors.values()), 0)
    return Counts(
        sent=sent,
        ok=max(sent - failed, 0),
        errors=errors | ({"status" if status else "failed": rest} if rest else {}),
        status=status,
        bytes_received=metrics.get("data_received", Fields(None)).integer("count"),
        bytes_sent=metrics.get("data_sent", Fields(None)).integer("count"),
    )


def _ours(metrics: Mapping[str, Fields], prefix: str) -> dict[str, int]:
    """What our own script counted, by status or kind of error."""
    found = {name.removeprefix(prefix): each.integer("count") for name, each in metrics.items() if prefix in name[:11]}
    return {name: count for name, count in found.items() if count}


def _remarks(metrics: Mapping[str, Fields]) -> list[Remark]:
    found = []
    dropped = metrics.get("dropped_iterations", Fields(None)).integer("count")
    if dropped:
        text = f"k6 dropped {dropped} requests, for which no connection was free: the service did not keep up"
        found.append(warning("dropped", text))
    trend = metrics.get("http_req_duration", Fields(None))
    if not any(_PERCENT.fullmatch(name) and name.startswith("p(99") for name in trend):
        text = "no p99 in it: run k6 with --summary-trend-stats 'avg,min,med,max,p(90),p(95),p(99),p(99.9),count'"
        found.append(note("no-percentiles", text))
    return found
