"""Side by side (``ab``): one run document with base and head rounds -> comparison; and when to stop measuring.

The measuring loop asks ``looks`` when to judge, judges with ``compare_sides`` and stops when ``decided``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.spec.configuration import DEFAULT_GATES, Gate, Launches
from smp_check.spec.run import Remark
from smp_check.verdict.acceptance import accepted
from smp_check.verdict.comparability import mesh_of, name_of
from smp_check.verdict.compare import side
from smp_check.verdict.conclude import Findings, conclude
from smp_check.verdict.decide import decide
from smp_check.verdict.expectations import scenarios
from smp_check.verdict.launches import estimates
from smp_check.verdict.model import Verdict
from smp_check.verdict.pairing import paired_metrics
from smp_check.verdict.places import restarted
from smp_check.verdict.validity import validity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from smp_check.spec.run import RunDocument
    from smp_check.verdict.acceptance import Acceptance
    from smp_check.verdict.model import Anchor, Comparison, ConformanceSummary

PAIR_ERROR = 0.45
LEAST_SPREAD = 0.001
EVERY = 2
"""Launches between two looks."""


def looks(launches: Launches) -> tuple[int, ...]:
    """After how many launches to judge: the fewest, then every second one, and the last."""
    return tuple(sorted({*range(launches.min, launches.max, EVERY), launches.max}))


def compare_sides(
    run: RunDocument,
    *,
    gates: Mapping[str, Gate] = DEFAULT_GATES,
    fail_on: tuple[str, ...] = (),
    expect: tuple[str, ...] = (),
    planned: int | None = None,
    conformance: ConformanceSummary | None = None,
    created: datetime,
    anchor: Anchor | None = None,
    accept: Sequence[Acceptance] = (),
) -> Comparison:
    """Compare the head's rounds with the base's rounds of the same run, place by place and launch by launch.

    ``planned`` is how many looks the measuring may take in all (``len(looks(...))``): each is paid for, whether
    it is taken or not. Left out, as many as ``looks`` gives for the default launches, or for those that are there.
    """
    planned = planned or len(looks(_launches_of(run)))
    both = {role: validity(run, role, gates) for role in ("base", "head")}
    metrics = paired_metrics(run, gates=gates, clients={r: v.clients for r, v in both.items()}, looks=planned)
    decided_ones, expired = accepted(decide(metrics, gates), accept, name=name_of(run), today=created.date())
    remarks = tuple(dict.fromkeys((*both["base"].remarks, *both["head"].remarks, *_unexpected(run, expect))))
    has_base = any(r.role == "base" for r in run.details.rounds)
    return conclude(
        Findings(
            name=name_of(run),
            mesh=mesh_of(run),
            metrics=decided_ones,
            head=side([run], "head"),
            base=side([run], "base") if has_base else None,
            created=created,
            anchor=anchor,
            remarks=remarks + expired + _one_launch(run),
            conformance=conformance,
            gates=gates,
            fail_on=fail_on,
            expect=expect,
        )
    )


def decided(comparison: Comparison) -> bool:
    """Whether measuring may stop: every gating metric has its verdict, or can have none however long one measures."""
    gating = [m for m in comparison.metrics if m.gating]
    hopeless = [m for m in gating if m.inputs is not None and m.inputs.refused is not None]
    return bool(gating) and all(m.verdict is not Verdict.INCONCLUSIVE or m in hopeless for m in gating)


def _unexpected(run: RunDocument, expect: tuple[str, ...]) -> list[Remark]:
    known = scenarios(run)
    return [
        Remark(code="missing-scenario", severity="error", message=f"{name!r} was expected and is not in this run")
        for name in expect
        if name not in known
    ]


def _launches_of(run: RunDocument) -> Launches:
    """The launches that a run has, as if they had been planned so: never fewer looks than were taken."""
    usual = Launches()
    most = max((r.launch for r in run.details.rounds), default=0) + 1
    return Launches(min=min(usual.min, most), max=max(usual.max, most))


def _one_launch(run: RunDocument) -> tuple[Remark, ...]:
    both = {r.role for r in run.details.rounds} >= {"base", "head"}
    if not both or restarted(run):
        return ()
    message = (
        "both sides were started once only: what a fresh start changes by chance is assumed to be 1 %, not measured; "
        "give start commands to have it measured"
    )
    return (Remark(code="one-launch", severity="note", message=message),)


def pairs_wanted(comparison: Comparison, pairs: int, *, most: int) -> int:
    """How many pairs the next launch should have, from what the pairs so far spread.

    A launch's own error should be no more than its share of the tolerance (``PAIR_ERROR``): calm machines need no
    more than ``pairs``, restless ones up to ``most``. More launches alone would cost more starts for less.
    """
    wanted = pairs
    for metric in comparison.metrics:
        seen = [each for each in (metric.inputs.differences if metric.inputs else ()) if each]
        if metric.gating and metric.tolerance and seen and metric.inputs and metric.inputs.refused is None:
            spread = estimates(seen, LEAST_SPREAD).pair_spread
            error = PAIR_ERROR * math.log1p(metric.tolerance)
            wanted = max(wanted, math.ceil((spread / error) ** 2))
    return min(wanted + wanted % 2, most)
