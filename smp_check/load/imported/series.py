"""A table of runs, CSV or JSON: columns ``time``, ``commit``, and one for each metric; every row is a run.

Names that are ours (p50, p90, p99, qps, error_rate, cpu_per_request...) are those metrics, a unit may stand behind
them (``p50_ms``, ``p99 (us)``); other columns keep their names. Cells that are empty or no number are absent.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from smp_check.load.adapters.fields import SourceError, number_of
from smp_check.load.adapters.reading import Reading
from smp_check.load.imported.source import Content, Imported
from smp_check.spec.codec import parse_time
from smp_check.spec.run import PERCENTILES, Latency

_ROLES = {
    "time": ("time", "timestamp", "date", "datetime", "start_time", "when"),
    "commit": ("commit", "commit_id", "sha", "revision", "git_commit", "git_sha", "hash"),
    "branch": ("branch", "ref"),
    "name": ("name", "test", "test_name", "series", "benchmark", "scenario"),
}
_ALIASES = {"median": "p50", "med": "p50", "avg": "mean", "average": "mean", "rps": "qps", "requests_per_second": "qps"}
_SCALES = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "seconds": 1.0}
_LATENCY = re.compile(
    r"(?:latency[_ ]?)?(p\d{2}(?:[._]\d+)?|mean|median|med|avg|average)(?:[_ ]?\(?(ns|us|µs|ms|s|sec|seconds)\)?)?"
)
_EPOCH_DIGITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_SHORT_TIMES = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M")
Row = Mapping[str, Any]


def _rows(content: Content) -> list[Row]:
    """Rows of a CSV (comma, semicolon or tab), of a list of JSON objects, or of an object of columns."""
    values = content.values
    if len(values) == 1 and isinstance(values[0], Mapping):
        columns = {name: cells for name, cells in values[0].items() if isinstance(cells, list)}
        if columns and len({len(cells) for cells in columns.values()}) == 1:
            return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    if values:
        return [value for value in values if isinstance(value, Mapping)]
    heading = content.text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    try:
        table = csv.DictReader(io.StringIO(content.text), delimiter=delimiter)
        return [{key: cell for key, cell in row.items() if key and isinstance(cell, str)} for row in table]
    except csv.Error as fault:
        raise SourceError(f"{content.name} is no CSV: {fault}") from fault


def _columns(rows: Sequence[Row]) -> dict[str, str]:
    """Role -> name of its column."""
    names = {str(name).strip().lower(): name for row in rows for name in row}
    found = {}
    for role, spellings in _ROLES.items():
        present = [names[each] for each in spellings if each in names]
        if present:
            found[role] = present[0]
    return found


def is_series(content: Content) -> bool:
    """Whether this is a table with a column of times and at least one of numbers."""
    try:
        rows = _rows(content)
    except SourceError:
        return False
    columns = _columns(rows)
    others = [(name, cell) for row in rows[:50] for name, cell in row.items() if name not in columns.values()]
    return "time" in columns and any(number_of(cell) is not None for _, cell in others)


def read_series(content: Content) -> list[Imported]:
    """One result for each row, oldest first. Raises ``SourceError`` naming the row that has no time."""
    rows = _rows(content)
    columns = _columns(rows)
    if not rows or "time" not in columns:
        raise SourceError(f"{content.name} has no rows with a column time (or timestamp, date)")
    found: list[tuple[datetime, Imported]] = []
    for number, row in enumerate(rows, start=1):
        moment = read_time(row.get(columns["time"]))
        if moment is None:
            raise SourceError(f"row {number} of {content.name}: {row.get(columns['time'])!r} is no time")
        metrics = row_metrics(row, set(columns.values()))
        if metrics:
            found.append((moment, _imported(row, columns, moment, metrics)))
    if not found:
        raise SourceError(f"{content.name} has no row with a number in it")
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def _imported(row: Row, columns: Mapping[str, str], moment: datetime, metrics: Mapping[str, float]) -> Imported:
    def cell(role: str) -> str | None:
        value = row.get(columns.get(role, ""))
        return str(value).strip() or None if value is not None else None

    latency = Latency(
        count=0,
        mean=metrics.get("mean"),
        percentiles={name: metrics[name] for name in PERCENTILES if name in metrics},
    )
    return Imported(
        reading=Reading(
            generator=None,
            latency=latency,
            achieved_rps=metrics.get("qps"),
            percentile_method="series",
            resolution=1e-9,
        ),
        name=cell("name"),
        metrics=metrics,
        commit=cell("commit"),
        branch=cell("branch"),
        start=moment,
    )


def row_metrics(row: Row, others: set[str]) -> dict[str, float]:
    """The numbers of a row by metric name, ours in our units."""
    found: dict[str, float] = {}
    for name, cell in row.items():
        number = None if name in others else number_of(cell.strip() if isinstance(cell, str) else cell)
        if number is not None:
            metric, factor = metric_of(str(name))
            found[metric] = number * factor
    requests, errors = found.get("requests"), found.get("errors")
    if requests and errors is not None and "error_rate" not in found:
        found["error_rate"] = errors / requests
    return found


def metric_of(column: str) -> tuple[str, float]:
    """The metric that a column is, and what its numbers are to be multiplied by."""
    plain = column.strip().lower()
    latency = _LATENCY.fullmatch(plain)
    if latency:
        name = latency[1].replace("_", ".")
        name = _ALIASES.get(name, name)
        return (name, _SCALES[latency[2] or "s"]) if name in PERCENTILES or name == "mean" else (column.strip(), 1.0)
    if re.fullmatch(r"error_rate[_ ]?\(?(%|percent|pct)\)?", plain):
        return "error_rate", 0.01
    known = _ALIASES.get(plain, plain)
    return (known, 1.0) if known in {"qps", "error_rate", "cpu_per_request"} else (column.strip(), 1.0)


def read_time(cell: Any) -> datetime | None:
    """RFC 3339, a plain date, or seconds, milliseconds, microseconds or nanoseconds since 1970; no zone is UTC."""
    number = number_of(cell)
    if number is not None:
        scale = next((scale for least, scale in _EPOCH_DIGITS if abs(number) >= least), 1.0)
        try:
            return datetime.fromtimestamp(number / scale, timezone.utc)
        except (ValueError, OverflowError, OSError):
            return None
    if not isinstance(cell, str):
        return None
    try:
        return parse_time(cell.strip())
    except (ValueError, OverflowError):
        return _short_time(cell.strip())


def _short_time(text: str) -> datetime | None:
    for form in _SHORT_TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None
