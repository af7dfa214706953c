"""How a run becomes a file: its path, which is also its index entry, and its compact text.

``v1/<family>/<yyyy-mm>/<id>_<class>_<commit>_<verdict>.json`` says all that selecting a baseline needs, so that
listing a store opens no record. ``v1/<family>/series.json`` spells the series' name and mesh in full.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError
from smp_check.spec.codec import from_json, parse_time
from smp_check.spec.result import document_json, totals
from smp_check.spec.run import RunDocument
from smp_check.store.port import Record, SeriesKey, series_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smp_check.spec.run import Latency, Round

ROOT = "v1"
SERIES_FILE = "series.json"
NOTHING = "-"
FAILED = "failed"
_STAMP = "%Y%m%dT%H%M%S"
_NAME = re.compile(
    r"(?P<id>(?P<stamp>\d{8}T\d{6})\.(?P<ms>\d{3})Z-[0-9a-f]{10})"
    r"_(?P<cls>[0-9a-f]{12})_(?P<commit>[0-9a-f]{7,64}|-)_(?P<verdict>[a-z-]+)\.json"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A run as a file."""

    content: bytes
    record: Record
    """``location`` is still to be filled in by the store."""


def entry_of(run: RunDocument) -> Entry:
    """The file that keeps this run. Raises ``InputError`` for a run that says nowhere when it began."""
    small = compact(run)
    start = _start(small)
    record = Record(
        id=f"{start.strftime(_STAMP)}.{start.microsecond // 1000:03}Z-{_content_digest(small)}",
        series=series_of(small),
        commit=_commit(small.details.provenance.commit),
        start=start.replace(microsecond=start.microsecond // 1000 * 1000),
        verdict=_word(small.details.verdict) if small.details.complete else FAILED,
        location="",
    )
    return Entry(content=encode(small), record=replace(record, path=_path_of(record)))


def _path_of(record: Record) -> str:
    series = record.series
    parts = (record.id, series.fingerprint_class, record.commit or NOTHING, record.verdict or NOTHING)
    return f"{folder_of(series.family)}{record.start:%Y-%m}/{'_'.join(parts)}.json"


def folder_of(family: str | None) -> str:
    """The folder of one family of series, or of all, with a slash at its end."""
    return f"{ROOT}/{family}/" if family else f"{ROOT}/"


def series_path(family: str) -> str:
    """The file that spells out name and mesh of a family."""
    return f"{folder_of(family)}{SERIES_FILE}"


def series_content(key: SeriesKey) -> bytes:
    """What that file says; the same for every writer."""
    return json.dumps({"name": key.name, "mesh": key.mesh}, sort_keys=True).encode() + b"\n"


def series_names(family: str, content: bytes | None) -> tuple[str, str]:
    """(name, mesh) out of that file; the family's own name when the file is missing or damaged."""
    try:
        data = json.loads(content or b"")
        return str(data["name"]), str(data["mesh"])
    except (ValueError, TypeError, KeyError):
        return family, "?"


def record_at(path: str, names: tuple[str, str], location: str) -> Record | None:
    """The index entry that a path is, or ``None`` if no record has such a path."""
    match = _NAME.fullmatch(path.rpartition("/")[2])
    if match is None:
        return None
    try:
        moment = datetime.strptime(match["stamp"], _STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return Record(
        id=match["id"],
        series=SeriesKey(name=names[0], mesh=names[1], fingerprint_class=match["cls"]),
        commit=None if match["commit"] == NOTHING else match["commit"],
        start=moment.replace(microsecond=int(match["ms"]) * 1000),
        verdict=None if match["verdict"] == NOTHING else match["verdict"],
        location=location,
        path=path,
    )


def family_at(path: str) -> str:
    """The family that a path belongs to."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""


def compact(run: RunDocument) -> RunDocument:
    """The run without its rounds' histograms, merged first into one per role and client. Doing it twice is as once."""
    details = run.details
    merged = details.totals or totals(details.rounds)
    rounds = tuple(_without_histograms(measured) for measured in details.rounds)
    return replace(run, details=replace(details, rounds=rounds, totals=merged))


def _without_histograms(measured: Round) -> Round:
    return replace(
        measured,
        latency=replace(measured.latency, histogram=None),
        service_time=_bare(measured.service_time),
        first_byte=_bare(measured.first_byte),
    )


def _bare(latency: Latency | None) -> Latency | None:
    return None if latency is None else replace(latency, histogram=None)


def encode(run: RunDocument) -> bytes:
    """A run document as compact JSON."""
    return _json(document_json(run)) + b"\n"


def decode(content: bytes) -> RunDocument:
    """Read a stored run; raises ``ValueError`` saying what is wrong with it."""
    try:
        return from_json(RunDocument, json.loads(content))
    except ValueError as fault:
        raise ValueError(f"no JSON: {fault}") from fault
    except Exception as fault:  # the converter groups faults of many kinds
        raise ValueError(f"no run document of this version: {_first_line(fault)}") from fault


def _first_line(fault: Exception) -> str:
    return str(fault).partition("\n")[0] or type(fault).__name__


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _content_digest(run: RunDocument) -> str:
    """Identity of a run whatever its verdict: being judged twice makes no second run of it."""
    unjudged = replace(run, details=replace(run.details, verdict=None))
    plain: Mapping[str, Any] = document_json(unjudged)
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:10]


def _start(run: RunDocument) -> datetime:
    text = run.result.get("start_time")
    try:
        if text:
            return parse_time(str(text))
        return min(measured.start for measured in run.details.rounds)
    except ValueError as fault:
        raise InputError(
            "the run says nowhere when it began, so it cannot be kept in a baseline",
            hint="result.start_time must be an RFC 3339 time, for example 2026-01-31T12:00:00Z",
        ) from fault


def _commit(text: str | None) -> str | None:
    lowered = (text or "").lower()
    return lowered if re.fullmatch(r"[0-9a-f]{7,64}", lowered) else None


def _word(verdict: str | None) -> str | None:
    """A verdict as it may stand in a file name; ours all may as they are."""
    return re.sub(r"[^a-z]+", "-", (verdict or "").lower()).strip("-") or None
