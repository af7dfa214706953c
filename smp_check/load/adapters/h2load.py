"""h2load (https://nghttp2.org): a closed loop per client, its rate per client; every request from its log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.distribution import from_microseconds, from_quantiles, from_values
from smp_check.load.adapters.failures import good_status
from smp_check.load.adapters.fields import Fields, SourceError, number_of
from smp_check.load.adapters.reading import Reading, examined, note
from smp_check.load.adapters.tool import Tool, header_flags
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, Latency

LOG, BODY = "requests.tsv", "body"
HTTP2 = "--h2"
"""Ours, among the options: HTTP/2 instead of HTTP/1.1, which is what h2load does without ``--h1``."""
_TIME = r"(\d{1,15}(?:\.\d{1,15})?)(us|ms|s)"
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_REQUESTS = re.compile(
    r"^requests: (\d{1,15}) total, \d+ started, (\d{1,15}) done, (\d{1,15}) succeeded, (\d{1,15}) failed, "
    r"(\d{1,15}) errored, (\d{1,15}) timeout",
    re.MULTILINE,
)
_LOG_ROW = re.compile(rb"^(\d{1,18})\t(-?\d{1,9})\t(\d{1,15})$", re.MULTILINE)


class H2loadAdapter(Tool):
    """Commands and results of h2load."""

    name = "h2load"
    version_pattern = r"h2load nghttp2/(\S+)"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """``--rps`` is per client, so the rate is divided by the connections; HTTP/1.1 unless ``--h2`` is given."""
        words = [] if HTTP2 in load.options else ["--h1"]
        words += ["-c", str(load.connections), "-t", "1", "-m", "1", "-D", f"{seconds * 1e3:.0f}ms"]
        words += [f"--rps={load.rate / load.connections:.10g}"] if load.rate else []
        words += [f"--connection-inactivity-timeout={load.timeout * 1e3:.0f}ms", f"--log-file={folder / LOG}"]
        words += header_flags(load, "-H")
        words += ["-H", f":method: {load.method}"] if load.method != ("POST" if load.body else "GET") else []
        words += ["-d", str(folder / BODY)] if load.body else []
        words += [word for word in load.options if word != HTTP2]
        return Invocation(arguments=(*words, load.urls[0]), files={BODY: load.body})

    def measured(self, output: Output, load: Load) -> Measured:
        """The log, with the counts of the summary."""
        text = output.stdout.decode("utf-8", "replace")
        summary = read_h2load_text(text, connections=load.connections)
        log = output.file(LOG)
        if log is None:
            raise SourceError("h2load wrote no log")
        return Measured(reading=with_log(summary, log))


def is_h2load_text(text: str) -> bool:
    """Whether this is h2load's summary."""
    return bool(_REQUESTS.search(text)) and "finished in" in text


def is_h2load_json(value: Any) -> bool:
    """Whether this is the ``--output-file`` of h2load 1.69 and later."""
    return isinstance(value, Mapping) and "h2load" in str(Fields(value).inner("metadata").raw("generator"))


def is_h2load_log(text: str) -> bool:
    """Whether this is an h2load ``--log-file``."""
    return bool(re.match(r"\A(?:\d{16}\t-?\d{1,3}\t\d+\n)+", text[:2000].rpartition("\n")[0] + "\n"))


def read_h2load_text(text: str, *, connections: int | None = None) -> Reading:
    """Read the summary; before 1.69 it has no percentiles. A target that can't be reached leaves all counts at 0."""
    found, finished = _REQUESTS.search(text), re.search(rf"finished in {_TIME}", text)
    if found is None or finished is None:
        raise SourceError("this is no summary of h2load")
    total, done, good, failed, errored, late = map(int, found.groups())
    if not total:
        raise SourceError("h2load made no request at all: nothing answers there, or it refuses the connection")
    seconds = float(finished[1]) * _UNITS[finished[2]]
    clients = re.findall(r"spawning thread #\d+: (\d{1,9}) total client", text)
    version = re.search(r"h2load nghttp2/(\S+)", text)
    transport = errored + late
    status = max(failed - transport, 0)
    errors = {kind: count for kind, count in (("status", status), ("reset", errored), ("timeout", late)) if count}
    return examined(
        Reading(
            generator="h2load",
            version=version[1] if version else None,
            protocol=Protocol.HTTP,
            seconds=seconds or None,
            achieved_rps=total / seconds if seconds else None,
            connections=sum(map(int, clients)) or connections,
            counts=Counts(sent=total, ok=good, errors=errors, bytes_received=_bytes(text)),
            latency=_row(text, done),
            percentile_method="h2load",
            resolution=1e-6,
        )
    )


def _bytes(text: str) -> int | None:
    found = re.search(r"^traffic: \S+ \((\d{1,18})\) total", text, re.MULTILINE)
    return int(found[1]) if found else None


def _row(text: str, count: int) -> Latency:
    """The latencies' row of the summary: columns by the heading above it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\s*(time for request|request)\s*:", line) and number:
            names = re.findall(r"min|max|median|p95|p99|mean|sd(?=\s)", lines[number - 1])
            values = [float(value) * _UNITS[unit] for value, unit in re.findall(_TIME, line)]
            known = dict(zip(names, values, strict=False))
            names_of = (("median", 50.0), ("p95", 95.0), ("p99", 99.0))
            points = {percent: known[name] for name, percent in names_of if name in known}
            low, high = known.get("min"), known.get("max")
            return from_quantiles(
                points, count=count, low=low, high=high, mean=known.get("mean"), stddev=known.get("sd")
            )
    return Latency(count=0)


def with_log(summary: Reading, log: bytes) -> Reading:
    """The summary's counts with every latency of the log (start in microseconds, status, microseconds)."""
    latencies, status, start, _ = _log_rows(log)
    counts = summary.counts or Counts(sent=0, ok=0)
    if not latencies:
        return summary
    return replace(
        summary,
        start=datetime.fromtimestamp(start / 1e6, timezone.utc),
        counts=replace(counts, status={code: count for code, count in status.items() if code != "-1"}),
        latency=from_microseconds(latencies),
        percentile_method="hdr",
        remarks=tuple(remark for remark in summary.remarks if remark.code != "no-percentiles"),
    )


def _log_rows(log: bytes) -> tuple[Counter[int], Counter[str], int, int]:
    latencies: Counter[int] = Counter()
    status: Counter[str] = Counter()
    starts, ends = [0], [0]
    for begun, code, took in _LOG_ROW.findall(log):
        latencies[int(took)] += 1
        status[code.decode()] += 1
        starts.append(int(begun))
        ends.append(int(begun) + int(took))
    return latencies, status, min(starts[1:], default=0), max(ends)


def read_h2load_log(text: str) -> Reading:
    """Read a log alone: every request that ended."""
    latencies, status, start, end = _log_rows(text.encode("utf-8", "replace"))
    sent = latencies.total()
    if not sent or end <= start:
        raise SourceError("this log of h2load has no request in it")
    bad = sum(count for code, count in status.items() if not good_status(code))
    lost = status.pop("-1", 0)
    errors = {kind: count for kind, count in (("status", bad - lost), ("reset", lost)) if count}
    seconds = (end - start) / 1e6
    return examined(
        Reading(
            generator="h2load",
            protocol=Protocol.HTTP,
            start=datetime.fromtimestamp(start / 1e6, timezone.utc),
            seconds=seconds,
            achieved_rps=sent / seconds,
            counts=Counts(sent=sent, ok=sent - bad, errors=errors, status=dict(status)),
            latency=from_microseconds(latencies),
            percentile_method="hdr",
            resolution=1e-6,
        )
    )


def read_h2load_json(value: Mapping[str, Any]) -> Reading:
    """Read ``--output-file``: seconds throughout; its samples are all latencies unless there were very many."""
    fields = Fields(value)
    measured = fields.inner("measurements")
    names = ("total", "done", "succeeded", "failed", "errored", "timeout")
    requests = dict.fromkeys(names, 0) | measured.counts("requests")
    if not requests["total"]:
        raise SourceError("h2load made no request at all: nothing answered, or it refused the connection")
    performance = measured.inner("performance", "request")
    samples = performance.raw("samples")
    values = [taken for each in samples if (taken := number_of(each)) is not None] if isinstance(samples, list) else []
    whole = len(values) == requests["done"] and all(each >= 0 for each in values)
    points = {50.0: performance.number("median"), 95.0: performance.number("p95"), 99.0: performance.number("p99")}
    given = from_quantiles(
        {percent: value for percent, value in points.items() if value is not None},
        count=requests["done"],
        low=performance.number("min"),
        high=performance.number("max"),
        mean=performance.number("mean"),
        stddev=performance.number("sd"),
    )
    status = max(requests["failed"] - requests["errored"] - requests["timeout"], 0)
    kinds = (("status", status), ("reset", requests["errored"]), ("timeout", requests["timeout"]))
    version = re.search(r"nghttp2/(\S+)", fields.inner("metadata").text("generator") or "")
    return examined(
        Reading(
            generator="h2load",
            version=version[1] if version else None,
            protocol=Protocol.HTTP,
            seconds=measured.number("duration"),
            achieved_rps=measured.number("request_per_second"),
            counts=Counts(
                sent=requests["total"],
                ok=requests["succeeded"],
                errors={kind: count for kind, count in kinds if count},
                bytes_received=measured.inner("traffic").integer("total"),
            ),
            latency=from_values(values) if whole and values else given,
            percentile_method="hdr" if whole and values else "h2load",
            resolution=1e-6,
            remarks=() if whole else (note("sampled", "h2load kept a sample of the latencies only"),),
        )
    )
