"""The file of accepted changes that a configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smp_check.spec.configuration import Configuration
    from smp_check.store.port import BaselineStore
    from smp_check.verdict.acceptance import Acceptance


def load_acceptances(configuration: Configuration, store: BaselineStore | None = None) -> tuple[Acceptance, ...]:
    """What ``check.accept`` holds; its path is relative to the configuration's folder.

    Raises ``InputError`` for a file that cannot be read, a bad entry, or a scope that names no series and no metric.
    """
    if configuration.check.accept is None:
        return ()
    from smp_check.verdict.acceptance import check_series

    entries = read_acceptances(
        Path(configuration.source).parent / configuration.check.accept, configuration.check.gates
    )
    names = {configuration.name}
    if store is not None and any(entry.series not in {"*", configuration.name} for entry in entries):
        names |= {record.series.name for record in store.records()}
    check_series(entries, names)
    return entries


def read_acceptances(path: Path, metrics: Iterable[str]) -> tuple[Acceptance, ...]:
    """The entries of one file, whose metrics are ours or among ``metrics``. Raises ``InputError``."""
    from smp_check.cli.files import load_documents
    from smp_check.verdict.acceptance import check_metrics, parse_acceptances

    entries = parse_acceptances(load_documents(path)[0].value, str(path))
    check_metrics(entries, metrics)
    return entries
