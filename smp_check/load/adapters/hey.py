"""hey (https://github.com/rakyll/hey): a closed loop, its rate per worker; read from its summary.

Its CSV has a row per answer, but of failed requests nothing at all, so the summary is what can be trusted.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.distribution import from_quantiles, from_values
from smp_check.load.adapters.failures import error_kind, examples, good_status
from smp_check.load.adapters.fields import SourceError, number_of
from smp_check.load.adapters.reading import Reading, examined, note, warning
from smp_check.load.adapters.tool import Tool, header_flags, whole_seconds
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, Latency

BODY = "body"
RESOLUTION = 1e-4
CSV_HEADER = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset"
_FIELD = r"^\s*{name}:\s*(\d{{1,15}}\.\d{{1,15}}) secs"


class HeyAdapter(Tool):
    """Commands and results of hey."""

    name = "hey"
    version_flag = "-h"
    version_pattern = r"Usage: hey ()"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """``-q`` is per worker, so the rate is divided by the connections."""
        words = ["-z", f"{seconds * 1e3:.0f}ms", "-c", str(load.connections), "-t", str(whole_seconds(load.timeout))]
        words += ["-q", f"{load.rate / load.connections:.10g}"] if load.rate else []
        words += ["-m", load.method, *_headers(load)]
        words += ["-D", str(folder / BODY)] if load.body else []
        return Invocation(arguments=(*words, *load.options, load.urls[0]), files={BODY: load.body})

    def measured(self, output: Output, load: Load) -> Measured:
        """Read the summary."""
        reading = read_hey_text(output.stdout.decode("utf-8", "replace"), connections=load.connections)
        return Measured(reading=reading)


def _headers(load: Load) -> list[str]:
    """hey sets the content type by an option of its own, and to text/html without it."""
    kind = [value for name, value in load.headers.items() if name.lower() == "content-type"]
    return [*header_flags(load, "-H"), *(["-T", kind[0]] if kind else [])]


def is_hey_text(text: str) -> bool:
    """Whether this is hey's summary."""
    return "Summary:" in text and "Requests/sec:" in text and "Response time histogram:" in text


def is_hey_csv(text: str) -> bool:
    """Whether this is hey's CSV."""
    return text.lstrip("\ufeff").startswith(CSV_HEADER)


def read_hey_text(text: str, *, connections: int | None = None) -> Reading:
    """Read the summary: seconds of four decimals, a few percentiles, counts by status and by error."""
    seconds = _number(text, "Total")
    if not is_hey_text(text) or not seconds:
        raise SourceError("this is no summary of hey")
    status = _section(text, "Status code distribution", r"^\s*\[(\d{1,9})\]\s+(\d{1,15}) responses")
    failures = _section(text, "Error distribution", r"^\s*\[(\d{1,15})\]\s+(.+)$")
    codes = {code: int(count) for code, count in status}
    errors: Counter[str] = Counter()
    for count, words in failures:
        errors[error_kind(words)] += int(count)
    bad = sum(count for code, count in codes.items() if not good_status(code))
    answers = sum(codes.values())
    sent = answers + sum(errors.values())
    size = re.search(r"^\s*Total data:\s*(\d{1,18}) bytes", text, re.MULTILINE)
    return examined(
        Reading(
            generator="hey",
            protocol=Protocol.HTTP,
            seconds=seconds,
            achieved_rps=sent / seconds,
            connections=connections,
            counts=Counts(
                sent=sent,
                ok=answers - bad,
                errors=dict(errors) | ({"status": bad} if bad else {}),
                status=codes,
                bytes_received=int(size[1]) if size else None,
            ),
            faults=examples(errors, [words for _, words in failures]),
            latency=_latency(text, answers),
            percentile_method="hey-rank",
            resolution=RESOLUTION,
        )
    )


def _number(text: str, name: str) -> float | None:
    found = re.search(_FIELD.format(name=name), text, re.MULTILINE)
    return number_of(found[1]) if found else None


def _section(text: str, title: str, pattern: str) -> list[tuple[str, str]]:
    _, found, rest = text.partition(f"{title}:")
    body = re.split(r"\n\s*\n", rest.lstrip("\n"), maxsplit=1)[0] if found else ""
    return re.findall(pattern, body, re.MULTILINE)


def _latency(text: str, answers: int) -> Latency:
    """Percentiles of the summary; with few answers hey prints rows of ``0% in 0.0000 secs`` for the missing ones."""
    if not answers:
        return Latency(count=0)
    rows = re.findall(r"^\s*(\d{1,3})% in (\d{1,15}\.\d{1,15}) secs", text, re.MULTILINE)
    points = {float(percent): float(value) for percent, value in rows if percent != "0"}
    low, high, mean = _number(text, "Fastest"), _number(text, "Slowest"), _number(text, "Average")
    return from_quantiles(points, count=answers, low=low, high=high, mean=mean)


def read_hey_csv(text: str) -> Reading:
    """Read the CSV: a row per answer; what got no answer is not in it, and the file cannot tell how much that was."""
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    latencies, status, ends = [], Counter[str](), [0.0]
    for row in rows:
        took, offset = number_of(row.get("response-time")), number_of(row.get("offset"))
        if took is None or offset is None or took < 0:
            continue
        latencies.append(took)
        status[str(row.get("status-code") or "")] += 1
        ends.append(offset + took)
    if not latencies:
        raise SourceError("hey's CSV has no row of an answer: every request failed, or the file is cut short")
    bad = sum(count for code, count in status.items() if not good_status(code))
    answers = len(latencies)
    seconds = max(ends)
    return examined(
        Reading(
            generator="hey",
            protocol=Protocol.HTTP,
            seconds=seconds or None,
            achieved_rps=answers / seconds if seconds else None,
            counts=Counts(sent=answers, ok=answers - bad, errors={"status": bad} if bad else {}, status=dict(status)),
            latency=from_values(latencies),
            percentile_method="hdr",
            resolution=RESOLUTION,
            remarks=(
                warning("no-errors", "hey's CSV leaves out requests without an answer: failures may be missing"),
                note("rate", "the rate is that of the answers"),
            ),
        )
    )
