"""Which earlier runs a run may be compared with, and which fields forbid it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.verdict.model import Mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.run import RunDocument

OUTSIDE_THE_NORM = frozenset({"regressed", "failed", "non-conformant"})
"""Stored verdicts of runs that never become the norm. ``accepted`` ones do."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """The baseline of a run: oldest first; empty with ``mismatches`` when there are runs but none may be compared."""

    runs: tuple[RunDocument, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    """Of the newest run that may not be compared, when none may."""
    left_out: Mapping[str, int] | None = None
    """Why runs were left out -> how many."""


def mismatches(base: RunDocument, head: RunDocument, *, any_machine: bool) -> tuple[Mismatch, ...]:
    """The fields of the fingerprints that differ; a field that only one side knows does not count as equal."""
    found: list[Mismatch] = []
    for part in ("load",) if any_machine else ("load", "machine"):
        ours: Mapping[str, str] = getattr(head.details.fingerprint, part)
        theirs: Mapping[str, str] = getattr(base.details.fingerprint, part)
        for name in sorted({*ours, *theirs}):
            before, now = theirs.get(name, UNKNOWN), ours.get(name, UNKNOWN)
            if before != now:
                found.append(Mismatch(field=f"{part}.{name}", base=str(before), head=str(now)))
    return tuple(found)


def norm_of(base: Sequence[RunDocument], head: RunDocument, *, any_machine: bool, window: int) -> Norm:
    """The newest ``window`` runs that are comparable and were good, oldest first. The head itself is none of them."""
    left_out: dict[str, int] = {}

    def leave_out(why: str, count: int) -> None:
        if count:
            left_out[why] = left_out.get(why, 0) + count

    others = [run for run in base if not run.id or run.id != head.id]
    leave_out("the run itself", len(base) - len(others))
    series = [run for run in others if _series(run) == _series(head)] or others
    leave_out("of another test or mesh", len(others) - len(series))
    good = [run for run in series if run.details.verdict not in OUTSIDE_THE_NORM and run.details.complete]
    leave_out("regressed, failed or not conformant", len(series) - len(good))
    comparable = [run for run in good if not mismatches(run, head, any_machine=any_machine)]
    leave_out("not comparable", len(good) - len(comparable))
    earlier = [run for run in comparable if _start(run) <= _start(head)] or comparable
    leave_out("later than the head", len(comparable) - len(earlier))
    if good and not comparable:
        return Norm(mismatches=mismatches(good[-1], head, any_machine=any_machine), left_out=left_out)
    return Norm(runs=tuple(earlier[-window:]), left_out=left_out)


def identity_of(run: RunDocument) -> tuple[object, ...]:
    """What runs must share to be one series: test, mesh, load and machine."""
    fingerprint = run.details.fingerprint
    return *_series(run), tuple(sorted(fingerprint.load.items())), tuple(sorted(fingerprint.machine.items()))


def _start(run: RunDocument) -> str:
    """RFC 3339 in UTC sorts as text."""
    return str(run.result.get("start_time") or "")


def _series(run: RunDocument) -> tuple[str, str]:
    return name_of(run), mesh_of(run)


def name_of(run: RunDocument) -> str:
    """The test's name."""
    return str(run.test.get("name") or "unnamed")


def mesh_of(run: RunDocument) -> str:
    """The SMP mesh type, or ``none``."""
    kind = run.mesh.get("mesh_type")
    return str(kind.get("type") or "none") if isinstance(kind, dict) else "none"
