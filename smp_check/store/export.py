"""Whole-store work: keep the newest runs only, copy everything elsewhere."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from smp_check.store.directory import DirectoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from smp_check.store.port import BaselineStore, Record, SeriesKey


SLACK = 0.1
"""Share of ``keep`` by which a series may grow before it is trimmed, so that not every run removes one."""


def prune(store: BaselineStore, keep: int) -> int:
    """Remove all but the newest ``keep`` runs of each series; how many went. Raises ``StoreError``."""
    series: defaultdict[SeriesKey, list[Record]] = defaultdict(list)
    for record in store.records():
        series[record.series].append(record)
    return store.remove([record for records in series.values() for record in records[:-keep]])


def trim(store: BaselineStore, series: SeriesKey, keep: int) -> int:
    """The same for one series, once it is a tenth too long; how many went. Raises ``StoreError``."""
    records = [record for record in store.records(series.family) if record.series == series]
    return store.remove(records[:-keep]) if len(records) > keep * (1 + SLACK) else 0


def export(store: BaselineStore, output: Path) -> int:
    """Copy all readable runs into a directory store; how many. Raises ``StoreError``."""
    warnings: list[str] = []
    copy = DirectoryStore(output, warnings.append)
    runs = store.read(store.records())
    for run in runs:
        copy.append(run)
    return len(runs)
