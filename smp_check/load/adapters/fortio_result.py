"""Fortio's JSON result (https://github.com/fortio/fortio, fhttp/httprunner.go, periodic/periodic.go, stats/stats.go).

Read as leniently as its relatives need: Nighthawk writes the same shape with numbers as strings, and old files
give the duration in seconds instead of nanoseconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from smp_check.load.adapters.distribution import Bucket, known_percentiles, spread
from smp_check.load.adapters.failures import error_kind, examples, kind_of_any
from smp_check.load.adapters.fields import Fields, SourceError, number_of
from smp_check.load.adapters.reading import Reading, examined, note, warning
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import PERCENTILES, Counts, Latency, Remark

METHOD = "fortio-buckets"
DEFAULT_RESOLUTION = 1e-3
_RUN_TYPES = (("HTTP", Protocol.HTTP), ("TCP", Protocol.TCP), ("UDP", Protocol.UDP), ("GRPC", Protocol.GRPC))
_GOOD_WORDS = frozenset({"418", "OK", "SERVING", "1"})
_STEP = 0.1
_WIDE_SHARE, _WIDE_WIDTH = 0.5, 0.2


def is_fortio(value: Any) -> bool:
    """Whether a JSON value is one result of Fortio, or of a tool that writes the same shape."""
    return isinstance(value, Mapping) and "DurationHistogram" in value and ("RunType" in value or "ActualQPS" in value)


def read_fortio(value: Mapping[str, Any], *, complaints: Sequence[str] = ()) -> Reading:
    """Read one result. ``complaints`` are lines of Fortio's log, for the kinds of socket errors.

    Raises ``SourceError`` when the run failed to start (such a file carries an invented histogram), or when the
    value is not of this shape.
    """
    fields = Fields(value)
    if value.get("error") is True or value.get("exception"):
        said = fields.text("exception") or fields.text("message") or "no reason given"
        raise SourceError(f"this Fortio run failed to start ({said}): its histogram is a placeholder")
    histogram = fields.inner("DurationHistogram")
    latency, remarks = read_histogram(histogram)
    generator = "nighthawk" if isinstance(histogram.raw("Count"), str) else "fortio"
    protocol = _protocol(fields.text("RunType") or "HTTP")
    seconds = _seconds(fields, latency.count)
    requested, closed = _requested(value.get("RequestedQPS"))
    resolution = fields.number("Resolution")
    counts = _counts(fields, latency.count, protocol, complaints)
    target = fields.text("URL") or fields.text("Destination")
    return examined(
        Reading(
            generator=generator,
            version=fields.text("Version"),
            protocol=protocol,
            targets=(target,) if target else (),
            start=fields.time("StartTime"),
            seconds=seconds,
            requested_rps=requested,
            closed_loop=closed,
            achieved_rps=fields.number("ActualQPS"),
            connections=fields.integer("NumThreads"),
            counts=counts,
            faults=examples(counts.errors, [*complaints, *fields.counts("RetCodes")]) if counts else {},
            latency=latency,
            percentile_method=METHOD,
            resolution=resolution or DEFAULT_RESOLUTION,
            labels={"fortio/labels": text} if (text := fields.text("Labels")) else {},
            remarks=(*remarks, *_interrupted(fields)),
        )
    )


def read_histogram(fields: Fields) -> tuple[Latency, list[Remark]]:
    """Fortio's histogram (seconds) with the percentiles recomputed from its buckets, and what is wrong with it."""
    count = fields.integer("Count") or 0
    if count <= 0:
        return Latency(count=0), []
    low, high = fields.number("Min"), fields.number("Max")
    buckets, remarks = _mended(_buckets(fields), low)
    stddev, mean = fields.number("StdDev"), fields.number("Avg")
    known = Latency(count=count, min=low, mean=mean, stddev=stddev, max=high)
    if sum(bucket.count for bucket in buckets) == count and low is not None and high is not None:
        recomputed = {name: percentile(buckets, low, high, percent) for name, percent in PERCENTILES.items()}
        text = _with_ends(buckets, low).encode()
        return replace(known, percentiles=recomputed, histogram=text), [*remarks, *_coarse(buckets)]
    given = {
        each.number("Percentile") or 0.0: value
        for each in fields.inners("Percentiles")
        if (value := each.number("Value")) is not None
    }
    if buckets:
        remarks.append(note("no-histogram", "the buckets do not add up to the count: the given percentiles are kept"))
    return replace(known, percentiles=_nearest(given)), remarks


def _nearest(given: Mapping[float, float]) -> dict[str, float]:
    """The percentiles that we keep; getnighthawk writes the histogram's own steps, 99.0625 for 99."""
    stepped = {
        percent: min((each for each in given if percent <= each < percent + _STEP), default=percent)
        for percent in PERCENTILES.values()
    }
    return known_percentiles({percent: given[step] for percent, step in stepped.items() if step in given})


def percentile(buckets: Sequence[Bucket], low: float, high: float, percent: float) -> float:
    """Fortio's own formula: linear in the bucket, the first latency being the minimum (stats/stats.go)."""
    count = sum(bucket.count for bucket in buckets)
    before = 100.0 / count
    if percent <= before:
        return low
    if percent >= 100:
        return high
    done = 0
    for bucket in buckets:
        done += bucket.count
        upto = 100.0 * done / count
        if percent <= upto:
            return bucket.start + (percent - before) / (upto - before) * (bucket.end - bucket.start)
        before = upto
    return high


def _buckets(fields: Fields) -> list[Bucket]:
    found = []
    for each in fields.inners("Data"):
        start, end, count = each.number("Start"), each.number("End"), each.integer("Count")
        if start is None or end is None or count is None or count < 0 or end < start:
            return []
        found.append(Bucket(start=start, end=end, count=count))
    return [bucket for bucket in found if bucket.count]


def _mended(buckets: list[Bucket], low: float | None) -> tuple[list[Bucket], list[Remark]]:
    """Before 1.71.1 the first bucket may begin below the minimum, and percentiles with it."""
    if not buckets or low is None or not buckets[0].start < low <= buckets[0].end:
        return buckets, []
    first = replace(buckets[0], start=low)
    text = "the first bucket began below the minimum (Fortio before 1.71.1): it was cut there"
    return [first, *buckets[1:]], [note("mended", text)]


def _with_ends(buckets: Sequence[Bucket], low: float) -> Any:
    """The histogram of the buckets; the first latency of all is the minimum itself."""
    first = buckets[0]
    split = [Bucket(start=low, end=low, count=1)]
    if first.count > 1:
        split.append(replace(first, start=low, count=first.count - 1))
    return spread([*split, *buckets[1:]])


def _coarse(buckets: Sequence[Bucket]) -> list[Remark]:
    count = sum(bucket.count for bucket in buckets)
    for bucket in buckets:
        wide = bucket.end - bucket.start > _WIDE_WIDTH * bucket.end
        if wide and bucket.count > _WIDE_SHARE * count and count > 1:
            text = (
                f"{bucket.count} of {count} latencies are in one bucket from {bucket.start:g} to {bucket.end:g} s: "
                "percentiles in it are interpolated; a finer -r tells more"
            )
            return [warning("coarse", text)]
    return []


def _protocol(run_type: str) -> Protocol | None:
    if run_type.startswith("Custom GRPC"):
        return Protocol.GRPC
    return next((protocol for prefix, protocol in _RUN_TYPES if run_type.upper().startswith(prefix)), None)


def _seconds(fields: Fields, count: int) -> float | None:
    """``ActualDuration`` is in nanoseconds; files of 2019 and of getnighthawk have seconds."""
    duration, rate = fields.number("ActualDuration"), fields.number("ActualQPS")
    if duration is None or duration <= 0:
        return None
    if duration < 1e6 or (rate and count and math.isclose(duration, count / rate, rel_tol=0.5)):
        return duration
    return duration / 1e9


def _requested(value: Any) -> tuple[float | None, bool | None]:
    if value == "max":
        return None, True
    rate = number_of(value)
    if rate is None:
        return None, None
    return (rate, False) if rate > 0 else (None, True)


def _interrupted(fields: Fields) -> list[Remark]:
    text = fields.text("RequestedDuration") or ""
    return [warning("early-end", f"the run did not end by itself: {text}")] if "interrupted" in text else []


def _counts(fields: Fields, count: int, protocol: Protocol | None, complaints: Sequence[str]) -> Counts | None:
    """Good and failed calls by Fortio's return codes, the only place where it tells of failures."""
    codes = fields.counts("RetCodes")
    if not codes:
        return None
    errors: dict[str, int] = {}
    for code, calls in codes.items():
        if not _good(code):
            kind = _failure(code, protocol, complaints)
            errors[kind] = errors.get(kind, 0) + calls
    sent = max(count, sum(codes.values()))
    if sent > sum(codes.values()):  # Nighthawk's variant tells of good answers only
        errors["failed"] = sent - sum(codes.values())
    sizes, sent_bytes = fields.inner("Sizes").number("Sum"), fields.integer("BytesSent")
    received = fields.integer("BytesReceived") if sizes is None else int(sizes)
    return Counts(
        sent=sent,
        ok=sum(calls for code, calls in codes.items() if _good(code)),
        errors=errors,
        status={code: calls for code, calls in codes.items() if code != "-1" and len(code) <= 20},
        bytes_received=received,
        bytes_sent=sent_bytes,
        connections_opened=fields.integer("SocketCount"),
    )


def _good(code: str) -> bool:
    """Fortio's own rule: 2xx and 418 for HTTP, OK for TCP and UDP, SERVING (1 in old versions) for gRPC."""
    return re.fullmatch("2[0-9]{2}", code) is not None or code in _GOOD_WORDS


def _failure(code: str, protocol: Protocol | None, complaints: Sequence[str]) -> str:
    if code == "-1" or (protocol is Protocol.GRPC and code == "ERROR"):
        return kind_of_any(complaints)
    if re.fullmatch("[0-9]+", code) or protocol is Protocol.GRPC:
        return "status"
    return error_kind(code)
