"""Vegeta (https://github.com/tsenart/vegeta): requests leave on time whatever happened to those before them."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.distribution import from_microseconds, from_quantiles, ladder, spread, with_ends
from smp_check.load.adapters.failures import error_kind, examples, good_status
from smp_check.load.adapters.fields import Fields, SourceError, number_of
from smp_check.load.adapters.reading import Reading, examined, note
from smp_check.load.adapters.tool import Tool, rate_fraction
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, Latency, Remark
from smp_check.units import format_duration

RESULT, BODY = "result.bin", "body"
_COLUMNS = ("timestamp", "code", "latency", "bytes_out", "bytes_in", "error")
_PLOT_ROW = re.compile(
    r"^\s*(\d{1,15}(?:\.\d{1,15})?)\s+([01](?:\.\d+)?)\s+(\d{1,15})\s+([\d.]+|inf|\+Inf)\s*$", re.MULTILINE
)


class VegetaAdapter(Tool):
    """Commands and results of ``vegeta attack``; its results are written out by ``vegeta encode``."""

    name = "vegeta"
    version_flag = "-version"
    version_pattern = r"Version:[ \t]*v?(\S*)\s*\n\s*Commit:"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """With a rate requests wait for one of the connections, and the wait counts; without one, workers are few."""
        words = ["attack", "-format=json", f"-duration={format_duration(seconds)}", f"-output={folder / RESULT}"]
        words += [f"-connections={load.connections}", f"-max-connections={load.connections}", "-max-body=0"]
        words += [f"-timeout={format_duration(load.timeout)}", "-redirects=-1", *_pace(load)]
        words += [f"-root-certs={load.ca_file}"] if load.ca_file else []
        words += ["-insecure"] if load.insecure else []
        report = ("encode", "-to=csv", str(folder / RESULT))
        return Invocation(arguments=(*words, *load.options), stdin=targets(load), then=report)

    def measured(self, output: Output, load: Load) -> Measured:
        """Every request, from the results written out as CSV."""
        reading = read_vegeta_csv(output.stdout.decode("utf-8", "replace"))
        return Measured(reading=_at_connections(reading, load))


def _pace(load: Load) -> list[str]:
    if load.rate is None:
        return ["-rate=0", f"-workers={load.connections}", f"-max-workers={load.connections}"]
    rate = rate_fraction(load.rate)
    return [f"-rate={rate.numerator}/{rate.denominator}s", f"-workers={load.connections}"]


def targets(load: Load) -> bytes:
    """The targets, one JSON object a line, in turn."""
    headers = {name: [value] for name, value in load.headers.items()}
    common: dict[str, Any] = {"method": load.method, **({"header": headers} if headers else {})}
    if load.body:
        common["body"] = base64.b64encode(load.body).decode()
    return "".join(json.dumps({**common, "url": url}) + "\n" for url in load.urls).encode()


def _at_connections(reading: Reading, load: Load) -> Reading:
    return replace(reading, connections=load.connections, closed_loop=load.rate is None)


def is_vegeta_csv(text: str) -> bool:
    """Whether this is ``vegeta encode -to=csv``, which has no heading."""
    return bool(re.match(r"\A\d{16,20},\d{1,3},\d+,\d+,\d+,", text))


def is_vegeta_json(value: Any) -> bool:
    """Whether this is ``vegeta report -type=json``."""
    return isinstance(value, Mapping) and "latencies" in value and "status_codes" in value and "success" in value


def is_vegeta_result(value: Any) -> bool:
    """Whether this is a line of ``vegeta encode -to=json``."""
    return isinstance(value, Mapping) and {"attack", "seq", "code", "timestamp", "latency"} <= set(value)


def is_hdrplot(text: str) -> bool:
    """Whether this is ``vegeta report -type=hdrplot``."""
    return bool(re.match(r"\A\s*Value(?:\(ms\))?\s+Percentile\s+TotalCount\s+1/\(1-Percentile\)", text))


def read_vegeta_csv(text: str) -> Reading:
    """Read encoded results: nanoseconds; a code of 0 is a request without an answer."""
    csv.field_size_limit(100_000_000)
    results = []
    for row in csv.reader(io.StringIO(text)):
        fields = dict(zip(_COLUMNS, row, strict=False))
        begun, took = number_of(fields.get("timestamp")), number_of(fields.get("latency"))
        if begun is not None and took is not None and took >= 0:
            received = round(number_of(fields.get("bytes_in")) or 0)
            results.append((begun, str(fields.get("code")), took, str(fields.get("error") or ""), received))
    return _from_results(results)


def read_vegeta_results(values: list[Mapping[str, Any]]) -> Reading:
    """Read the lines of ``vegeta encode -to=json``."""
    results = []
    for fields in map(Fields, values):
        begun, took, code = fields.time("timestamp"), fields.number("latency"), fields.integer("code")
        if begun is not None and took is not None and took >= 0 and code is not None:
            error, received = fields.text("error") or "", fields.integer("bytes_in") or 0
            results.append((begun.timestamp() * 1e9, str(code), took, error, received))
    return _from_results(results)


def _from_results(results: list[tuple[float, str, float, str, int]]) -> Reading:
    if not results:
        raise SourceError("Vegeta's results hold no request")
    start, end = min(row[0] for row in results), max(row[0] + row[2] for row in results)
    latencies = Counter(round(row[2] / 1e3) for row in results)
    status = Counter(row[1] for row in results if row[1] != "0")
    texts = [row[3] for row in results if row[1] == "0"]
    lasted = _lasting(results, start, end)
    received = sum(row[4] for row in results)
    counts = _counts(status, Counter(error_kind(text) for text in texts), received or None)
    return examined(
        Reading(
            generator="vegeta",
            protocol=Protocol.HTTP,
            start=datetime.fromtimestamp(start / 1e9, timezone.utc),
            seconds=lasted,
            achieved_rps=len(results) / lasted if lasted else None,
            counts=counts,
            faults=examples(counts.errors, texts),
            latency=from_microseconds(latencies),
            percentile_method="hdr",
            resolution=1e-6,
        )
    )


def _lasting(results: list[tuple[float, str, float, str, int]], start: float, end: float) -> float:
    """The time that the requests took to leave: n requests fill n gaps, of which n - 1 are seen."""
    last = max(row[0] for row in results)
    gaps = len(results) - 1
    return max((last - start) * len(results) / gaps if gaps else 0.0, (end - start) if not gaps else 0.0) / 1e9


def _counts(status: Mapping[str, int], failed: Mapping[str, int], received: int | None) -> Counts:
    bad = sum(count for code, count in status.items() if not good_status(code))
    answers = sum(status.values())
    errors = dict(failed) | ({"status": bad} if bad else {})
    return Counts(
        sent=answers + sum(failed.values()),
        ok=answers - bad,
        errors=errors,
        status=dict(status),
        bytes_received=received,
    )


def read_vegeta_json(value: Mapping[str, Any]) -> Reading:
    """Read a report: nanoseconds, percentiles estimated by a t-digest; its ``rate`` reads high by n / (n - 1)."""
    fields = Fields(value)
    latencies = fields.inner("latencies")
    requests = fields.integer("requests")
    lasted = ((fields.number("duration") or 0) + (fields.number("wait") or 0)) / 1e9
    if not requests or requests < 0:
        raise SourceError("this report of Vegeta has no requests in it")
    status = fields.counts("status_codes")
    unanswered = status.pop("0", 0)
    texts = fields.texts("errors")
    kinds = {error_kind(text, "") for text in texts} - {""}
    failed = {(kinds.pop() if len(kinds) == 1 else "socket"): unanswered} if unanswered else {}
    counts = _counts(status, failed, fields.inner("bytes_in").integer("total"))
    return examined(
        Reading(
            generator="vegeta",
            protocol=Protocol.HTTP,
            start=fields.time("earliest"),
            seconds=lasted or None,
            achieved_rps=requests / lasted if lasted else None,
            counts=counts,
            faults=examples(counts.errors, texts),
            latency=_report_latency(latencies, requests),
            percentile_method="t-digest",
            resolution=1e-6,
        )
    )


def _report_latency(latencies: Fields, requests: int) -> Latency:
    names = (("50th", 50.0), ("90th", 90.0), ("95th", 95.0), ("99th", 99.0))
    points = {percent: value / 1e9 for name, percent in names if (value := latencies.number(name)) is not None}
    low, mean, high = (latencies.number(name) for name in ("min", "mean", "max"))
    return from_quantiles(
        points,
        count=requests,
        low=None if low is None else low / 1e9,
        high=None if high is None else high / 1e9,
        mean=None if mean is None else mean / 1e9,
    )


def read_hdrplot(text: str) -> Reading:
    """Read a plot: value in ms, share, count up to it. It tells latencies and nothing else."""
    rows = [(float(value) / 1e3, int(upto)) for value, _, upto, _ in _PLOT_ROW.findall(text)]
    if not rows or not rows[-1][1]:
        raise SourceError("this plot has no rows")
    latency = replace(with_ends(spread(ladder(rows)).summary(), rows[0][0], rows[-1][0]), mean=None, stddev=None)
    remark: Remark = note("no-counts", "a plot tells latencies only: no times, rates or errors")
    return examined(
        Reading(
            generator="vegeta",
            latency=latency,
            percentile_method="t-digest",
            resolution=1e-6,
            remarks=(remark,),
        )
    )
