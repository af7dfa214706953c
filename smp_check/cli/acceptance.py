"""What was accepted: the file that a configuration names, and the label of a pull request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smp_check.github.event import PullRequest
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


def accepted_by_label(request: PullRequest | None) -> tuple[Acceptance, ...]:
    """What a pull request's label accepts: everything, for as long as it is there."""
    from smp_check.github.event import ACCEPT_LABEL
    from smp_check.verdict.acceptance import label

    return (label(ACCEPT_LABEL),) if request is not None and ACCEPT_LABEL in request.labels else ()


def labelled_here() -> tuple[Acceptance, ...]:
    """The same for the pull request that this job runs for, if it runs for one."""
    from smp_check.cli.surroundings import read_event
    from smp_check.github.event import pull_request_of

    if os.environ.get("GITHUB_ACTIONS") != "true":
        return ()
    return accepted_by_label(pull_request_of(read_event(os.environ)))
