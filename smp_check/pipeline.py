"""The stages in order, over ports: plan -> drive -> run document -> validate -> compare -> record.

Nothing here prints, reads the environment or knows which adapter stands behind a port.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from smp_check import __version__
from smp_check.errors import ExitCode, InputError, Interrupted, SmpCheckError
from smp_check.load.driver import drive
from smp_check.load.plan import describe, load_fingerprint, make_plan
from smp_check.spec.conformance import check_value, conformant
from smp_check.spec.findings import Severity
from smp_check.spec.kinds import Kind
from smp_check.spec.result import build_run_document, document_json
from smp_check.spec.run import Details, Fingerprint, Remark, Round, RunDocument
from smp_check.store.port import series_of
from smp_check.store.selection import Selection, select_baseline
from smp_check.verdict.compare import compare
from smp_check.verdict.model import Comparison, ConformanceSummary, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from smp_check.capture.noise import NoiseWatch
    from smp_check.load.driver import Event
    from smp_check.load.plan import Plan
    from smp_check.load.port import Generator
    from smp_check.spec.configuration import CheckOptions, Configuration
    from smp_check.spec.findings import Finding
    from smp_check.spec.run import GeneratorInfo, Provenance
    from smp_check.store.port import BaselineStore, Record

    OnEvent = Callable[[Event], None]

SHOWN_FINDINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything that measuring needs from the outside world."""

    generator: Callable[[str], Generator]
    reference: Callable[[str | None], AbstractContextManager[str | None]]
    """``builtin``, a URL or ``None`` -> the URL to load beside the head, or ``None``."""
    watch: Callable[[], NoiseWatch]
    environment: Callable[[Configuration], Mapping[str, Any]]
    machine: Callable[[], Mapping[str, str]]
    provenance: Callable[[], Provenance]
    now: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A run document, and what cut it short if anything did: nothing measured is lost with the error."""

    run: RunDocument
    failure: SmpCheckError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The outcome of a whole check."""

    run: RunDocument
    comparison: Comparison
    record: Record | None = None
    """Where the run was added to the baseline, if it was."""
    failure: SmpCheckError | None = None


def measure(configuration: Configuration, bench: Bench, on_event: OnEvent) -> Measured:
    """Drive the load and put everything measured into a run document, whatever happens on the way."""
    generators = {c.name: bench.generator(c.load_generator or "embedded") for c in configuration.clients}
    infos = {name: generator.probe() for name, generator in generators.items()}
    rounds: list[Round] = []
    failure: SmpCheckError | None = None
    with bench.reference(configuration.check.reference) as reference_url:
        plan = make_plan(configuration, reference_url=reference_url)
        infos = _honoured(plan, generators, infos)
        try:
            for measured in drive(plan, generators, watch=bench.watch, on_event=on_event):
                rounds.append(measured)  # one by one: an error later loses none of them
        except SmpCheckError as fault:
            failure = fault
        except KeyboardInterrupt:
            failure = Interrupted("interrupted while measuring")
    details = Details(
        tool_version=__version__,
        generators=infos,
        targets=_targets(plan),
        rounds=tuple(rounds),
        plan=describe(plan),
        fingerprint=Fingerprint(load=load_fingerprint(plan, infos), machine=bench.machine()),
        provenance=bench.provenance(),
        remarks=_remarks(failure),
        complete=failure is None,
    )
    environment = bench.environment(configuration)
    return Measured(run=build_run_document(configuration, details, environment, run_id=bench.new_id()), failure=failure)


def _honoured(
    plan: Plan, generators: Mapping[str, Generator], infos: Mapping[str, GeneratorInfo]
) -> dict[str, GeneratorInfo]:
    """The generators' descriptions with the exact commands; raises ``InputError`` for a load that one can't honour."""
    honoured = {}
    for load in plan.loads["head"]:
        generator = generators[load.client]
        objection = generator.objection(load)
        if objection:
            raise InputError(f"{load.client}: {generator.name} cannot drive this load: {objection}")
        command = generator.command(load, plan.round_seconds)
        honoured[load.client] = replace(infos[load.client], command=command)
    return honoured


def _targets(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {
        role: tuple(dict.fromkeys(url for load in loads for url in load.urls)) for role, loads in plan.loads.items()
    }


def _remarks(failure: SmpCheckError | None) -> tuple[Remark, ...]:
    if failure is None:
        return ()
    code = "interrupted" if isinstance(failure, Interrupted) else "measurement-failed"
    return (Remark(code=code, severity="error", message=failure.message),)


def judge(base: Sequence[RunDocument], run: RunDocument, check: CheckOptions, *, created: datetime) -> Comparison:
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
    run: RunDocument, store: BaselineStore, *, window: int, anchor: str | None, ancestors: Sequence[str]
) -> tuple[Selection, Sequence[RunDocument]]:
    """The stored runs that a run is to be compared with, oldest first."""
    key = series_of(run)
    records = store.records(key.family)
    selection = select_baseline(records, anchor=anchor, ancestors=ancestors, key=key, window=window)
    return selection, store.read(selection.records)


def check(
    configuration: Configuration,
    bench: Bench,
    store: BaselineStore,
    on_event: OnEvent,
    *,
    anchor: str | None = None,
    ancestors: Sequence[str] = (),
    add_to_baseline: bool,
) -> Checked:
    """The whole pipeline. The run is recorded with its verdict, so that a failed one never becomes the norm."""
    measured = measure(configuration, bench, on_event)
    window = configuration.check.baseline.window
    _, base = baseline_of(measured.run, store, window=window, anchor=anchor, ancestors=ancestors)
    comparison = judge(base, measured.run, configuration.check, created=bench.now())
    recorded = recorded_run(measured.run, comparison)
    record = store.append(recorded) if add_to_baseline and measured.failure is None else None
    return Checked(run=recorded, comparison=comparison, record=record, failure=measured.failure)


def recorded_run(run: RunDocument, comparison: Comparison) -> RunDocument:
    """The run with its verdict written in, as the store keeps it."""
    verdict = "failed" if comparison.failed and comparison.verdict.value != "regressed" else comparison.verdict.value
    return replace(run, details=replace(run.details, verdict=verdict))


def exit_code(comparison: Comparison) -> ExitCode:
    """The process's answer to a comparison: a regression is 1 whatever else; a bad measurement alone is 3."""
    if not comparison.failed:
        return ExitCode.PASSED
    invalid = any(remark.severity == "error" for remark in comparison.remarks)
    if invalid and "measurement" in comparison.policy.fail_on and comparison.verdict is not Verdict.REGRESSED:
        return ExitCode.MEASUREMENT_FAILED
    return ExitCode.GATE_FAILED
