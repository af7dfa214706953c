"""Fortio on the command line: the load generator that SMP's own tooling (Meshery) uses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.distribution import from_microseconds, with_ends
from smp_check.load.adapters.fields import SourceError, load_json
from smp_check.load.adapters.fortio_result import is_fortio, read_fortio
from smp_check.load.adapters.reading import Reading
from smp_check.load.capabilities import CAPABILITIES, Capabilities
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.units import format_duration

RESULT, CALLS, BODY = "result.json", "calls.log", "body"
_CALL = re.compile(rb'\{"latency":(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?),"timestamp":(\d+),"thread":(\d+)')
_OLDEST = (1, 28)
"""The first version with an access log and counts of failed calls."""


class FortioAdapter:
    """Commands and results of ``fortio load``."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return CAPABILITIES["fortio"]

    def version_arguments(self) -> tuple[str, ...]:
        """``fortio version`` prints the version alone."""
        return ("version",)

    def version(self, text: str) -> str | None:
        """The version; ``dev`` of a source build counts as new."""
        match = re.search(r"^v?((\d+)\.(\d+)\.\d+\S*|dev)\s*$", text, re.MULTILINE)
        if match is None or (match[2] and (int(match[2]), int(match[3])) < _OLDEST):
            return None
        return match[1]

    def objection(self, load: Load) -> str | None:
        """It takes any load of its protocols; only HTTP has a method."""
        if load.protocol is not Protocol.HTTP and load.method not in {"GET", "POST"}:
            return f"the method {load.method} means something for HTTP only"
        return None

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """Evenly staggered connections that skip what they are late for, and every call in a log."""
        words = ["load", "-quiet", "-json", str(folder / RESULT)]
        words += ["-access-log-file", str(folder / CALLS), "-access-log-format", "json"]
        qps, lasting = pace(load, seconds)
        words += ["-qps", f"{qps:.10g}", "-c", str(load.connections), "-t", f"{lasting * 1e3:.3f}ms"]
        words += ["-r", "0.00001", "-p", "50,75,90,95,99,99.9", "-allow-initial-errors"]
        words += ["-uniform", "-nocatchup"] if load.rate else []
        timeout = format_duration(load.timeout)
        words += ["-udp-timeout" if load.protocol is Protocol.UDP else "-timeout", timeout]
        words += _tls(load) + _request(load, folder)
        words += [*load.options, fortio_target(load)]
        return Invocation(arguments=tuple(words), files={BODY: load.body} if load.body else {})

    def measured(self, output: Output, load: Load) -> Measured:
        """The result, with latencies and send rate from the log of calls."""
        text = output.file(RESULT)
        if text is None:
            raise SourceError("Fortio wrote no result")
        value = load_json(text)
        if not is_fortio(value):
            raise SourceError("this is no result of Fortio")
        reading = read_fortio(value, complaints=output.complaints())
        return Measured(reading=with_calls(reading, output.file(CALLS) or b"", load.rate))


def pace(load: Load, seconds: float) -> tuple[float, float]:
    """The rate and the duration to ask for, so that requests really leave at ``load.rate`` during ``seconds``.

    Asked for a rate and a duration, Fortio spreads the N calls of a connection over N - 1 gaps of the duration
    (periodic.go, runOne): with few calls per connection the true rate would be lower by a factor (N - 1) / N.
    """
    if load.rate is None:
        return 0.0, seconds
    calls = int(load.rate * seconds / load.connections + 1e-6)
    if calls < 2:
        return load.rate, seconds
    qps = load.rate * calls / (calls - 1)
    return qps, (calls * load.connections + 0.5) / qps


def _tls(load: Load) -> list[str]:
    return [*(["-cacert", load.ca_file] if load.ca_file else []), *(["-k"] if load.insecure else [])]


def _request(load: Load, folder: Path) -> list[str]:
    words = [word for name, value in load.headers.items() for word in ("-H", f"{name}: {value}")]
    if load.body:
        words += ["-payload-file", str(folder / BODY)]
    if load.protocol is Protocol.HTTP and load.method != ("POST" if load.body else "GET"):
        words += ["-X", load.method]
    return [*words, "-grpc"] if load.protocol is Protocol.GRPC else words


def fortio_target(load: Load) -> str:
    """The endpoint as Fortio writes it: tcp:// and udp:// have schemes, gRPC is ``host:port`` or https://."""
    url = load.urls[0]
    if load.protocol is Protocol.GRPC:
        secure = url.startswith(("https://", "grpcs://"))
        return ("https://" if secure else "") + re.sub(r"^\w+://", "", url).rstrip("/")
    scheme = {Protocol.TCP: "tcp://", Protocol.UDP: "udp://"}.get(load.protocol, "")
    return scheme + re.sub(r"^\w+://", "", url).rstrip("/") if scheme else url


def with_calls(reading: Reading, log: bytes, rate: float | None) -> Reading:
    """The reading with all latencies to the microsecond and the true send rate, from the log of its calls.

    Fortio's own rate counts the time that the staggered connections wait for each other at the end.
    """
    latencies: Counter[int] = Counter()
    spans: dict[int, _Span] = {}
    for latency, moment, thread in _CALL.findall(log):
        took = float(latency)
        latencies[round(took * 1e6)] += 1
        spans.setdefault(int(thread), _Span()).add(int(moment) / 1e9, took)
    if latencies.total() != reading.latency.count or not spans:
        return reading
    latency = from_microseconds(latencies)
    told = reading.latency
    exact = with_ends(latency, told.min, told.max)
    exact = exact if told.mean is None else replace(exact, mean=told.mean)
    remarks = tuple(remark for remark in reading.remarks if remark.code not in {"coarse", "mended", "no-histogram"})
    reading = replace(reading, latency=exact, percentile_method="hdr", resolution=1e-6, remarks=remarks)
    if rate is None:
        return reading
    achieved = send_rate(spans.values(), len(spans) / rate)
    return replace(reading, achieved_rps=achieved, seconds=reading.latency.count / achieved)


class _Span:
    """The calls of one connection: how many, from when until when."""

    __slots__ = ("calls", "first", "last", "until")

    def __init__(self) -> None:
        self.calls, self.first, self.last, self.until = 0, float("inf"), 0.0, 0.0

    def add(self, moment: float, took: float) -> None:
        """One call."""
        self.calls += 1
        self.first, self.last = min(self.first, moment), max(self.last, moment)
        self.until = max(self.until, moment + took)


def send_rate(spans: Iterable[_Span], period: float) -> float:
    """Calls per second over connections that each send every ``period`` seconds when nothing holds them up.

    A connection's time ends one period after its last call began, or with that call if it took longer.
    """
    return sum(span.calls / max(span.last - span.first + period, span.until - span.first) for span in spans)
