"""The whole pipeline: measure -> baseline -> judge -> record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.errors import StoreError
from smp_check.load.events import Warned
from smp_check.pipeline.confirm import measure_again
from smp_check.pipeline.judge import baseline_of, judge, recorded_run
from smp_check.pipeline.measure import measure
from smp_check.store.export import trim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.errors import SmpCheckError
    from smp_check.pipeline.bench import Bench
    from smp_check.pipeline.measure import OnEvent
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import RunDocument
    from smp_check.store.port import BaselineStore, Record
    from smp_check.verdict.acceptance import Acceptance
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
    accept: Sequence[Acceptance] = (),
) -> Checked:
    """The whole pipeline. The run is recorded with its verdict, so that a failed one never becomes the norm.

    ``commit`` is the commit that the head is to be compared with, ``ancestors`` the ones before it, newest first.
    """
    measured = measure(configuration, bench, on_event)
    failure = measured.failure
    anchor: Anchor | None = None
    base: Sequence[RunDocument] = ()
    try:
        options = configuration.check.baseline
        selection, base = baseline_of(
            measured.run,
            store,
            window=options.window,
            anchor=commit,
            ancestors=ancestors,
            any_machine=options.any_machine,
        )
        anchor = selection.anchor
    except StoreError as fault:
        failure = failure or fault

    def judged(run: RunDocument) -> Comparison:
        return judge(base, run, configuration.check, created=bench.now(), anchor=anchor, accept=accept)

    comparison = judged(measured.run)
    confirmed = measure_again(measured, comparison, configuration, bench, on_event)
    if confirmed is not measured:
        measured, failure = confirmed, failure or confirmed.failure
        comparison = judged(measured.run)
    recorded = recorded_run(measured.run, comparison)
    record = None
    if add_to_baseline and failure is None:
        try:
            record = store.append(recorded)
        except StoreError as fault:
            failure = fault
    if record is not None:
        _trim(store, record, configuration.check.baseline.keep, on_event)
    return Checked(run=recorded, comparison=comparison, record=record, failure=failure)


def _trim(store: BaselineStore, record: Record, keep: int, on_event: OnEvent) -> None:
    """Let the series grow no longer than it may; that it could not be trimmed harms nobody today."""
    try:
        trim(store, record.series, keep)
    except StoreError as fault:
        on_event(Warned(message=f"old runs were not removed: {fault.message}"))
