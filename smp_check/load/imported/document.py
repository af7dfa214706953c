"""A foreign result as a run document."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from smp_check import __version__
from smp_check.load.adapters.reading import Reading
from smp_check.load.capabilities import CAPABILITIES
from smp_check.load.imported.source import Imported
from smp_check.spec.codec import format_time
from smp_check.spec.configuration import Configuration
from smp_check.spec.result import ALL_CLIENTS, build_run_document, smp_latencies
from smp_check.spec.run import (
    Details,
    Fingerprint,
    GeneratorInfo,
    Latency,
    Provenance,
    Remark,
    Round,
    RunDocument,
)
from smp_check.units import format_count, format_duration

CLIENT = "client-1"
_NAMESPACE = uuid.UUID("0d5a8f8e-5a0c-5c3b-8b53-9a1d2f6c7e10")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the user says beside the file."""

    source: str
    """Name of the format."""
    file: str
    name: str | None = None
    mesh: str | None = None
    commit: str | None = None
    branch: str | None = None
    start: datetime | None = None
    written: datetime | None = None
    """When the file was last written: stands for the end of a run that tells no time."""


def document_of(imported: Imported, given: Given, content: bytes, index: int) -> RunDocument:
    """The run document of one result. The same content always makes the same document, id included.

    The one round that it has carries the histogram; where the source lacks what a round needs (a time under load,
    counts), the numbers stand in ``details.metrics``. Remarks say what is missing or was assumed.
    """
    reading = imported.reading
    begun, remarks = _start(imported, given)
    rounds = _rounds(reading, begun)
    details = Details(
        tool_version=__version__,
        generators={CLIENT: _info(reading)} if reading.generator else {},
        targets={"head": tuple(map(_public, reading.targets))},
        rounds=rounds,
        plan={"imported": {"from": given.source, "file": given.file}},
        fingerprint=Fingerprint(load=_fingerprint(reading)),
        provenance=Provenance(commit=given.commit or imported.commit, branch=given.branch or imported.branch),
        remarks=(*reading.remarks, *remarks, *_failures(reading)),
        complete=not any(remark.code == "early-end" for remark in reading.remarks),
        metrics={**({} if rounds else _metrics(reading)), **imported.metrics},
    )
    digest = hashlib.sha256(content + f"\n{index}".encode()).hexdigest()
    made = build_run_document(
        _configuration(imported, given), details, imported.environment, run_id=str(uuid.uuid5(_NAMESPACE, digest))
    )
    return _completed(made, reading, begun)


def _start(imported: Imported, given: Given) -> tuple[datetime | None, list[Remark]]:
    reading = imported.reading
    known = given.start or reading.start or imported.start
    if known is not None:
        return known, []
    if given.written is None or reading.seconds is None:
        return None, []
    text = "the source tells no time of day: that the file was written stands for the end of the run (--start-time)"
    return given.written - timedelta(seconds=reading.seconds), [Remark(code="clock", severity="note", message=text)]


def _rounds(reading: Reading, begun: datetime | None) -> tuple[Round, ...]:
    if begun is None or not reading.seconds or reading.counts is None:
        return ()
    rate = reading.achieved_rps
    return (
        Round(
            role="head",
            client=CLIENT,
            index=0,
            start=begun,
            end=begun + timedelta(seconds=reading.seconds),
            requested_rps=reading.requested_rps,
            achieved_rps=reading.counts.sent / reading.seconds if rate is None else rate,
            connections=reading.connections,
            counts=reading.counts,
            latency=reading.latency,
        ),
    )


def _info(reading: Reading) -> GeneratorInfo:
    known = CAPABILITIES.get(reading.generator or "")
    return GeneratorInfo(
        name=reading.generator or "unknown",
        version=reading.version or "unknown",
        open_loop=known is not None and known.open_loop and reading.generator != "oha",  # oha: only if asked to
        percentile_method=reading.percentile_method,
        resolution=reading.resolution,
    )


def _fingerprint(reading: Reading) -> dict[str, str]:
    """What must agree, with the names that a measured run has; what the source does not tell is not there."""
    rate = "full speed" if reading.closed_loop else None
    rate = f"{reading.requested_rps:g}/s" if reading.requested_rps is not None else rate
    fields = {
        "generator": reading.generator,
        "version": reading.version,
        "percentiles": reading.percentile_method,
        "protocol": reading.protocol.value if reading.protocol else None,
        "rate": rate,
        "connections": None if reading.connections is None else str(reading.connections),
    }
    return {f"{CLIENT} {name}": value for name, value in fields.items() if value}


def _metrics(reading: Reading) -> dict[str, float]:
    """The numbers of a result that makes no round."""
    found = dict(reading.latency.percentiles)
    if reading.latency.mean is not None:
        found["mean"] = reading.latency.mean
    if reading.achieved_rps is not None:
        found["qps"] = reading.achieved_rps
    if reading.counts is not None and reading.counts.sent:
        found["error_rate"] = reading.counts.failed / reading.counts.sent
    return found


def _failures(reading: Reading) -> list[Remark]:
    """A source whose requests all failed may still show splendid latencies."""
    counts = reading.counts
    if counts is None:
        text = "the source does not tell how many requests failed"
        return [] if reading.generator is None else [Remark(code="no-errors", severity="warning", message=text)]
    if not counts.failed:
        return []
    kinds = ", ".join(f"{format_count(count)} x {kind}" for kind, count in counts.errors.items())
    if counts.ok:
        many = f"{format_count(counts.failed)} of {format_count(counts.sent)} requests failed"
        return [Remark(code="errors", severity="warning", message=f"{many} ({kinds})")]
    many = f"all {format_count(counts.sent)} requests failed"
    return [Remark(code="errors", severity="error", message=f"{many} ({kinds})")]


def _configuration(imported: Imported, given: Given) -> Configuration:
    """SMP's test and mesh, as far as the source tells what was asked for."""
    from smp_check.spec.overrides import mesh_type

    reading = imported.reading
    name = given.name or imported.name or "imported"
    mesh = {"mesh_type": {"type": mesh_type(given.mesh)}} if given.mesh else dict(imported.mesh)
    test: dict[str, Any] = {"smp_version": "v0.0.1", "name": name}
    labels = {**imported.labels, **reading.labels}
    if labels:
        test["labels"] = labels
    if reading.generator:
        test["clients"] = [_client(reading)]
    if reading.seconds:
        test["duration"] = format_duration(round(reading.seconds, 3))
    return Configuration(name=name, duration=reading.seconds or 0.0, clients=(), test=test, mesh=mesh)


def _client(reading: Reading) -> dict[str, Any]:
    client: dict[str, Any] = {"load_generator": reading.generator}
    if reading.protocol is not None:
        client["protocol"] = reading.protocol.value
    if reading.connections is not None:
        client["connections"] = reading.connections
    if reading.requested_rps is not None:
        client["rps"] = max(1, round(reading.requested_rps))
    elif reading.closed_loop:
        client["rps"] = 0
    if reading.targets:
        client["endpoint_urls"] = [_public(target) for target in reading.targets]
    return client


def _public(url: str) -> str:
    """A URL without user and password."""
    return _USERINFO.sub("", url)


def _completed(run: RunDocument, reading: Reading, begun: datetime | None) -> RunDocument:
    """The result with the source's own numbers, which are truer than a histogram made from its buckets."""
    result: dict[str, Any] = dict(run.result)
    totals: Mapping[str, Mapping[str, Latency]] = run.details.totals
    if latencies := smp_latencies(reading.latency):
        result["latencies_ms"] = latencies
        if reading.latency.count:
            totals = {"head": {CLIENT: reading.latency, ALL_CLIENTS: reading.latency}}
    if "actual_qps" not in result and reading.achieved_rps is not None:
        result["actual_qps"] = round(reading.achieved_rps, 6)
    if "start_time" not in result and begun is not None:
        result["start_time"] = format_time(begun)
    if reading.counts is None:
        result["labels"] = {name: text for name, text in result["labels"].items() if name not in _COUNTED}
    return replace(run, result=result, details=replace(run.details, totals=totals))


_COUNTED = ("smp-check/requests", "smp-check/errors")
