"""Copy out of a store what one test may be compared with, so that comparing needs neither network nor token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.store.port import SeriesKey, mesh_kind
from smp_check.store.selection import select_baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.configuration import Configuration
    from smp_check.store.port import BaselineStore, Record

CLASSES = 6
"""Kinds of machine or load whose runs are copied, the most recent ones: which kind this run is shows only later."""


def fetch(
    configuration: Configuration,
    store: BaselineStore,
    copy: BaselineStore,
    *,
    anchor: str | None,
    ancestors: Sequence[str],
) -> int:
    """Copy the runs that any run of this configuration could be compared with; how many. Raises ``StoreError``."""
    records = _candidates(configuration, store)
    keys = list(dict.fromkeys(record.series for record in reversed(records)))[:CLASSES]
    wanted: dict[str, Record] = {}
    for key in keys:
        family = [record for record in records if record.series.family == key.family]
        selection = select_baseline(
            family, anchor=anchor, ancestors=ancestors, key=key, window=configuration.check.baseline.window
        )
        wanted |= {record.id: record for record in selection.records}
    runs = store.read([wanted[each] for each in sorted(wanted)])
    for run in runs:
        copy.append(run)
    return len(runs)


def _candidates(configuration: Configuration, store: BaselineStore) -> Sequence[Record]:
    """Of this test and mesh; of every mesh where capture will say which one it is."""
    mesh = mesh_kind(configuration.mesh)
    if configuration.check.kubernetes is not None and not configuration.mesh.get("mesh_type"):
        return [record for record in store.records() if record.series.name == configuration.name]
    return store.records(SeriesKey(name=configuration.name, mesh=mesh, fingerprint_class="").family)
