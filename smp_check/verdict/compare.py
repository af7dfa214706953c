"""Run documents -> comparison: validity first, then every metric against its history."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from smp_check.spec.configuration import DEFAULT_GATES, Gate
from smp_check.spec.result import loaded_role, totals
from smp_check.spec.run import Remark
from smp_check.verdict.acceptance import Acceptance, accepted
from smp_check.verdict.comparability import mesh_of, name_of, norm_of
from smp_check.verdict.conclude import Findings, conclude
from smp_check.verdict.confirmation import chosen, cleared, split
from smp_check.verdict.decide import decide
from smp_check.verdict.expectations import missing
from smp_check.verdict.extract import observe
from smp_check.verdict.gather import gather
from smp_check.verdict.model import Comparison, RunReference, Side
from smp_check.verdict.reference import reference_moved
from smp_check.verdict.validity import validity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from smp_check.spec.run import Details, Latency, Provenance, RunDocument
    from smp_check.verdict.model import Anchor, ConformanceSummary

EPOCH = "1970-01-01T00:00:00Z"


def compare(
    base: Sequence[RunDocument],
    run: RunDocument,
    *,
    gates: Mapping[str, Gate] = DEFAULT_GATES,
    fail_on: tuple[str, ...] = (),
    expect: tuple[str, ...] = (),
    any_machine: bool = False,
    window: int = 20,
    conformance: ConformanceSummary | None = None,
    created: datetime,
    anchor: Anchor | None = None,
    accept: Sequence[Acceptance] = (),
) -> Comparison:
    """Compare one run with earlier ones, oldest first.

    Only comparable runs that were not regressed, failed or non-conformant count, the newest ``window`` of them.
    Never raises for what is in the documents: what cannot be judged is inconclusive, with the reason.
    """
    norm = norm_of(base, run, any_machine=any_machine, window=window)
    role = loaded_role(run.details.rounds)
    valid = validity(run, role, gates)
    observed = [observe(each) for each in norm.runs]
    first, again = split(run)
    head = observe(first)
    moved = reference_moved(observed, head)
    remarks = valid.remarks + missing(observed, run, head, gates, expect) + ((moved,) if moved else ())
    gathered = partial(gather, norm.runs, observed, gates=gates, clients=valid.clients, moved=moved)
    metrics = gathered(first, head)
    if again is not None:
        metrics = chosen(metrics, gathered(again, observe(again)), gates)
    decided = decide(metrics, gates)
    decided, expired = accepted(decided, accept, name=name_of(run), today=created.date())
    return conclude(
        Findings(
            name=name_of(run),
            mesh=mesh_of(run),
            metrics=decided,
            head=side([run]),
            base=side(norm.runs) if norm.runs else None,
            created=created,
            anchor=anchor,
            mismatches=norm.mismatches,
            remarks=remarks + expired + cleared(decided) + _left_out(norm.left_out or {}),
            conformance=conformance,
            gates=gates,
            fail_on=fail_on,
            expect=expect,
        )
    )


def _left_out(counts: Mapping[str, int]) -> tuple[Remark, ...]:
    if not counts:
        return ()
    text = ", ".join(f"{count} {why}" for why, count in counts.items())
    return (Remark(code="left-out", severity="note", message=f"earlier runs that did not count: {text}"),)


def side(runs: Sequence[RunDocument], role: str | None = None) -> Side:
    """The runs of one side, as reports show them."""
    newest = runs[-1].details
    loaded = role or loaded_role(newest.rounds)
    return Side(
        runs=tuple(_reference(run, role) for run in runs),
        provenance=_provenance(newest, role),
        generators=newest.generators,
        machine=newest.fingerprint.machine,
        latency=_latency(runs[-1], loaded),
        targets=newest.targets.get(loaded, ()),
    )


def _provenance(details: Details, role: str | None) -> Provenance:
    """Side by side, the base came from somewhere else than the head."""
    return details.base if role == "base" and details.base is not None else details.provenance


def _reference(run: RunDocument, role: str | None) -> RunReference:
    from smp_check.spec.codec import parse_time

    rounds = run.details.rounds
    start = min((r.start for r in rounds), default=None) or parse_time(str(run.result.get("start_time") or EPOCH))
    places = len({(r.launch, r.index) for r in rounds if r.role == loaded_role(rounds)})
    return RunReference(id=run.id, commit=_provenance(run.details, role).commit, start=start, rounds=places)


def _latency(run: RunDocument, role: str) -> Mapping[str, Latency]:
    found = run.details.totals.get(role)
    if found:
        return dict(found)
    return totals([r for r in run.details.rounds if r.role == role]).get(role, {})
