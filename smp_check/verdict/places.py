"""Which places of the schedule count: those whose rounds, of both roles, were calm, as long as enough are.

A round is marked noisy for what happened to the machine (CPU steal, run queue, a late generator). What it says of
the service is left out together with the round of the other role at the same place, in the comparison as well as in
the question whether the rate was reached. Where too few calm places remain, all count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.run import Role, Round, RunDocument

LEAST_CALM = 3
"""Calm places that a run needs; side by side, half of each launch's pairs are enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two rounds of one client at the same place in the schedule."""

    base: Round
    head: Round

    @property
    def noisy(self) -> bool:
        """Whether either is not to be trusted."""
        return bool(self.base.noisy or self.head.noisy)


def pairs_of(rounds: Sequence[Round], *, restarts: bool) -> dict[int, list[Pair]]:
    """Launch -> its pairs that count, in order; a round without its partner is left out.

    Without ``restarts`` nothing was started afresh between launches, and all pairs belong to the first.
    """
    places: dict[tuple[int, int], dict[Role, Round]] = {}
    for measured in rounds:
        places.setdefault((measured.launch, measured.index), {})[measured.role] = measured
    launches: dict[int, list[Pair]] = {}
    for (launch, _), place in sorted(places.items()):
        if "base" in place and "head" in place:
            launches.setdefault(launch if restarts else 0, []).append(Pair(base=place["base"], head=place["head"]))
    return {launch: _calm_pairs(pairs) for launch, pairs in launches.items()}


def _calm_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Without noisy pairs, as long as half of them remain; otherwise all."""
    kept = [pair for pair in pairs if not pair.noisy]
    return kept if kept and 2 * len(kept) >= len(pairs) else list(pairs)


def restarted(run: RunDocument) -> bool:
    """Whether each launch of a run was a fresh start of both sides."""
    launches = {r.launch for r in run.details.rounds if r.role in {"base", "head"}}
    return len(launches) > 1 and run.details.plan.get("restarts") is not False


def calm_rounds(subject: Sequence[Round], reference: Mapping[int, Round]) -> tuple[Round, ...]:
    """The rounds of a run that count, given the reference's round at each place."""
    calm = [r for r in subject if not r.noisy and not (r.index in reference and reference[r.index].noisy)]
    keep = len(calm) >= LEAST_CALM and 2 * len(calm) >= len(subject)
    return tuple(calm if keep else subject)


def counting(run: RunDocument, role: str, client: str) -> tuple[list[Round], list[Round]]:
    """(rounds of that role, rounds of the reference) of one client that count."""
    rounds = [r for r in run.details.rounds if r.client == client]
    mine = [r for r in rounds if r.role == role]
    beside = [r for r in rounds if r.role == "reference"]
    if {"base", "head"} <= {r.role for r in rounds}:
        pairs = pairs_of([r for r in rounds if r.role in {"base", "head"}], restarts=restarted(run))
        kept = [pair.head if role == "head" else pair.base for each in pairs.values() for pair in each]
        return kept or mine, beside
    calm = calm_rounds(mine, {r.index: r for r in beside})
    places = {r.index for r in calm}
    return list(calm), [r for r in beside if r.index in places]
