"""Validate -> select the baseline -> compare -> exit code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.errors import ExitCode
from smp_check.spec.conformance import check_value, conformant
from smp_check.spec.findings import Severity
from smp_check.spec.kinds import Kind
from smp_check.spec.result import document_json
from smp_check.store.port import series_of
from smp_check.store.selection import Selection, select_baseline
from smp_check.verdict.acceptance import accepted_keys
from smp_check.verdict.compare import compare
from smp_check.verdict.model import Comparison, ConformanceSummary, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from smp_check.spec.configuration import CheckOptions
    from smp_check.spec.findings import Finding
    from smp_check.spec.run import RunDocument
    from smp_check.store.port import BaselineStore
    from smp_check.verdict.acceptance import Acceptance
    from smp_check.verdict.model import Anchor

SHOWN_FINDINGS = 50


def judge(
    base: Sequence[RunDocument],
    run: RunDocument,
    check: CheckOptions,
    *,
    created: datetime,
    anchor: Anchor | None = None,
    accept: Sequence[Acceptance] = (),
) -> Comparison:
    """Validate a run document and compare it with its baseline."""
    return compare(
        base,
        run,
        gates=check.gates,
        fail_on=check.fail_on,
        expect=check.expect,
        any_machine=check.baseline.any_machine,
        window=check.baseline.window,
        conformance=summarise(check_value(document_json(run), Kind.RUN)),
        created=created,
        anchor=anchor,
        accept=accept,
    )


def summarise(findings: Sequence[Finding]) -> ConformanceSummary:
    """What a report needs to know of the findings."""
    return ConformanceSummary(
        conformant=conformant(findings),
        errors=sum(finding.severity is Severity.ERROR for finding in findings),
        warnings=sum(finding.severity is Severity.WARNING for finding in findings),
        findings=tuple(
            {"id": f.id, "severity": f.severity.value, "pointer": f.pointer, "message": f.message, "fix": f.fix}
            for f in findings[:SHOWN_FINDINGS]
        ),
    )


def baseline_of(
    run: RunDocument,
    store: BaselineStore,
    *,
    window: int,
    anchor: str | None,
    ancestors: Sequence[str],
    any_machine: bool = False,
) -> tuple[Selection, Sequence[RunDocument]]:
    """The stored runs that a run is to be compared with, oldest first."""
    key = series_of(run)
    records = store.records(key.family)
    selection = select_baseline(
        records, anchor=anchor, ancestors=ancestors, key=key, window=window, any_machine=any_machine
    )
    return selection, store.read(selection.records)


def recorded_run(run: RunDocument, comparison: Comparison) -> RunDocument:
    """The run with its verdict written in, as the store keeps it: what is in ``OUTSIDE_THE_NORM`` never counts."""
    details = replace(run.details, verdict=_recorded_verdict(comparison), accepted=accepted_keys(comparison.metrics))
    return replace(run, details=details)


def _recorded_verdict(comparison: Comparison) -> str:
    conformance = comparison.conformance
    if comparison.verdict is Verdict.REGRESSED:
        return "regressed"
    if comparison.failed or any(remark.severity == "error" for remark in comparison.remarks):
        return "failed"
    if conformance is not None and not conformance.conformant:
        return "non-conformant"
    if any(metric.accepted is not None for metric in comparison.metrics):
        return "accepted"
    return str(comparison.verdict.value)


def exit_code(comparison: Comparison) -> ExitCode:
    """The process's answer to a comparison: a regression is 1 whatever else; a bad measurement alone is 3."""
    if not comparison.failed:
        return ExitCode.PASSED
    invalid = any(remark.severity == "error" for remark in comparison.remarks)
    if invalid and "measurement" in comparison.policy.fail_on and comparison.verdict is not Verdict.REGRESSED:
        return ExitCode.MEASUREMENT_FAILED
    return ExitCode.GATE_FAILED
