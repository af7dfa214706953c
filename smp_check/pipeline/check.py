"""The whole pipeline: measure -> baseline -> judge -> record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.errors import StoreError
from smp_check.pipeline.judge import baseline_of, judge, recorded_run
from smp_check.pipeline.measure import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.errors import SmpCheckError
    from smp_check.pipeline.bench import Bench
    from smp_check.pipeline.measure import OnEvent
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import RunDocument
    from smp_check.store.port import BaselineStore, Record
    from smp_check.verdict.model import Anchor, Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The outcome of a whole check."""

    run: RunDocument
    comparison: Comparison
    record: Record | None = None
    """Where the run was added to the baseline, if it was."""
    failure: SmpCheckError | None = None


def check(
    configuration: Configuration,
    bench: Bench,
    store: BaselineStore,
    on_event: OnEvent,
    *,
    commit: str | None = None,
    ancestors: Sequence[str] = (),
    add_to_baseline: bool,
) -> Checked:
    """The whole pipeline. The run is recorded with its verdict, so that a failed one never becomes the norm.

    ``commit`` is the commit that the head is to be compared with, ``ancestors`` the ones before it, newest first.
    """
    measured = measure(configuration, bench, on_event)
    failure = measured.failure
    anchor: Anchor | None = None
    base: Sequence[RunDocument] = ()
    try:
        window = configuration.check.baseline.window
        selection, base = baseline_of(measured.run, store, window=window, anchor=commit, ancestors=ancestors)
        anchor = selection.anchor
    except StoreError as fault:
        failure = failure or fault
    comparison = judge(base, measured.run, configuration.check, created=bench.now(), anchor=anchor)
    recorded = recorded_run(measured.run, comparison)
    record = None
    if add_to_baseline and failure is None:
        try:
            record = store.append(recorded)
        except StoreError as fault:
            failure = fault
    return Checked(run=recorded, comparison=comparison, record=record, failure=failure)
