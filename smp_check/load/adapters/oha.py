"""oha (https://github.com/hatoo/oha): a rate over all connections, latency from the planned time when asked to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.distribution import from_quantiles
from smp_check.load.adapters.failures import error_kind, examples, good_status
from smp_check.load.adapters.fields import Fields, SourceError, load_json
from smp_check.load.adapters.reading import Reading, examined, warning
from smp_check.load.adapters.tool import Tool, header_flags
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, Latency, Remark

BODY = "body"
_DEADLINE = "aborted due to deadline"
_PERCENT = re.compile(r"p(\d+(?:\.\d+)?)")


class OhaAdapter(Tool):
    """Commands and results of oha."""

    name = "oha"
    version_pattern = r"oha (\d+\.\d+\.\d+\S*)"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """Waits for what is in flight at the end; follows no redirects."""
        words = ["--no-tui", "--output-format", "json", "-z", f"{seconds * 1e3:.0f}ms", "-w", "-r", "0"]
        words += ["-c", str(load.connections), "-t", f"{load.timeout * 1e3:.0f}ms", "-m", load.method]
        words += ["-q", f"{load.rate:.10g}", "--latency-correction"] if load.rate else []
        words += header_flags(load, "-H")
        words += ["-D", str(folder / BODY)] if load.body else []
        words += ["--cacert", load.ca_file] if load.ca_file else []
        words += ["--insecure"] if load.insecure else []
        return Invocation(arguments=(*words, *load.options, load.urls[0]), files={BODY: load.body})

    def measured(self, output: Output, load: Load) -> Measured:
        """The JSON on stdout."""
        value = load_json(output.stdout)
        if not is_oha(value):
            raise SourceError("this is no result of oha")
        reading = read_oha(value)
        return Measured(reading=replace(reading, connections=load.connections, closed_loop=load.rate is None))


def is_oha(value: Any) -> bool:
    """Whether this is the JSON output of oha."""
    return isinstance(value, Mapping) and "latencyPercentiles" in value and "statusCodeDistribution" in value


def read_oha(value: Mapping[str, Any]) -> Reading:
    """Read a result: seconds. What was in flight at the deadline is no failure; an answer of 5xx is one."""
    fields = Fields(value)
    status, errors = fields.counts("statusCodeDistribution"), fields.counts("errorDistribution")
    cut = sum(count for text, count in errors.items() if _DEADLINE in text)
    failed: dict[str, int] = {}
    for text, count in errors.items():
        if _DEADLINE not in text:
            failed[error_kind(text)] = failed.get(error_kind(text), 0) + count
    answers = sum(status.values())
    bad = sum(count for code, count in status.items() if not good_status(code))
    sent = answers + sum(failed.values())
    if not sent:
        raise SourceError("oha made no request")
    summary = fields.inner("summary")
    seconds = summary.number("total")
    return examined(
        Reading(
            generator="oha",
            protocol=Protocol.HTTP,
            seconds=seconds,
            achieved_rps=sent / seconds if seconds else None,
            counts=Counts(
                sent=sent,
                ok=answers - bad,
                errors=failed | ({"status": bad} if bad else {}),
                status=status,
                bytes_received=summary.integer("totalData"),
            ),
            faults=examples(failed, errors),
            latency=_latency(fields, summary, answers),
            percentile_method="nearest-rank",
            resolution=1e-6,
            remarks=tuple(_remarks(cut)),
        )
    )


def _latency(fields: Fields, summary: Fields, answers: int) -> Latency:
    """Of answers only: a request without one has no latency here."""
    if not answers:
        return Latency(count=0)
    given = fields.inner("latencyPercentiles")
    points = {}
    for name in given:
        match, value = _PERCENT.fullmatch(name), given.number(name)
        if match and value is not None:
            points[float(match[1])] = value
    low, high, mean = (summary.number(name) for name in ("fastest", "slowest", "average"))
    return from_quantiles(points, count=answers, low=low, high=high, mean=mean)


def _remarks(cut: int) -> list[Remark]:
    if not cut:
        return []
    return [warning("cut", f"{cut} requests were in flight at the end and are not counted: run oha with -w")]
