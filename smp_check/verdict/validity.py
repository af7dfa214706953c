"""Validity comes before verdicts: what the measurement itself allows to be said.

Errors, the achieved rate and completeness are looked at per client, before any latency is compared: a service
that fails quickly is not a quick service. Errors count in all rounds; whether the rate was reached is asked of those
rounds whose latencies are compared (module ``places``), so that a burst of somebody else's work spoils no whole run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.spec.run import Remark
from smp_check.units import format_rate, format_share
from smp_check.verdict.places import counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smp_check.spec.configuration import Gate
    from smp_check.spec.run import Round, RunDocument

ERROR_BUDGET = 0.01
"""Share of failed requests beyond which latencies are not judged, where no gate says another."""
LEAST_ACHIEVED = 0.98
"""Share of the requested rate that must have been reached."""
CHANCE = 3.0
"""Standard deviations by which the number of Poisson arrivals may fall short of its mean."""
NOISY_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """What may be said of one client."""

    refused: str | None = None
    only_worse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """The remarks on a run, and what they restrict, by client."""

    remarks: tuple[Remark, ...]
    clients: Mapping[str, Restriction]


def validity(run: RunDocument, role: str, gates: Mapping[str, Gate]) -> Validity:
    """Judge the measurement of one run."""
    remarks: list[Remark] = list(run.details.remarks)
    clients: dict[str, Restriction] = {}
    budget = _budget(gates)
    rounds = run.details.rounds
    for client in dict.fromkeys(r.client for r in rounds if r.role == role):
        mine = [r for r in rounds if r.role == role and r.client == client]
        by_chance = run.details.fingerprint.load.get(f"{client} arrival") == "poisson"
        found, restriction = _errors(client, mine, budget)
        if not found:
            found, restriction = _rate(client, *counting(run, role, client), by_chance=by_chance)
        remarks += found
        incomplete = not run.details.complete
        clients[client] = Restriction(refused=restriction.refused, only_worse=restriction.only_worse or incomplete)
    remarks += _noise([r for r in rounds if r.role in {role, "reference"}])
    return Validity(remarks=_distinct(remarks), clients=clients)


def _budget(gates: Mapping[str, Gate]) -> float:
    gate = gates.get("error_rate")
    return gate.max if gate is not None and gate.max is not None else ERROR_BUDGET


def failed_share(rounds: Iterable[Round]) -> tuple[int, int]:
    """(failed, sent) over rounds."""
    rounds = list(rounds)
    return sum(r.counts.failed for r in rounds), sum(r.counts.sent for r in rounds)


def _errors(client: str, mine: Sequence[Round], budget: float) -> tuple[list[Remark], Restriction]:
    failed, sent = failed_share(mine)
    if not sent:
        message = f"{client} sent no request"
        return [Remark(code="no-requests", severity="error", message=message)], Restriction(refused=message)
    if failed / sent > budget:
        share, most = format_share(failed / sent, digits=2), format_share(budget, digits=2)
        kinds = ", ".join(dict.fromkeys(kind for r in mine for kind in r.counts.errors))
        message = f"{client}: {share} of the requests failed ({kinds or 'unknown'}), more than the {most} allowed"
        refused = f"{share} of the requests failed; the latencies of the others say nothing"
        return [Remark(code="errors", severity="error", message=message)], Restriction(refused=refused)
    return [], Restriction()


def _rate(
    client: str, mine: Sequence[Round], beside: Sequence[Round], *, by_chance: bool
) -> tuple[list[Remark], Restriction]:
    achieved = achieved_share(mine)
    sent = sum(r.counts.sent for r in mine)
    if achieved is None or not sent or achieved >= LEAST_ACHIEVED - (CHANCE / math.sqrt(sent) if by_chance else 0.0):
        return [], Restriction()
    return _saturated(client, mine, beside, achieved)


def achieved_share(rounds: Sequence[Round]) -> float | None:
    """Achieved over requested rate, weighted by time; ``None`` for a closed loop."""
    asked = sum((r.requested_rps or 0.0) * r.seconds for r in rounds)
    if any(r.requested_rps is None for r in rounds) or asked <= 0:
        return None
    return sum(r.achieved_rps * r.seconds for r in rounds) / asked


def _saturated(
    client: str, mine: Sequence[Round], beside: Sequence[Round], share: float
) -> tuple[list[Remark], Restriction]:
    rate = format_rate(mine[0].requested_rps or 0.0)
    message = f"{client}: only {format_share(share)} of the requested {rate} were reached"
    other = achieved_share(beside) if beside else None
    if other is not None and other < LEAST_ACHIEVED:
        message += f"; the reference reached {format_share(other)}: the machine was too slow, not the service"
        return [Remark(code="saturated", severity="error", message=message)], Restriction(refused=message)
    return [Remark(code="saturated", severity="error", message=message)], Restriction(only_worse=True)


def _noise(rounds: Sequence[Round]) -> list[Remark]:
    noisy = [r for r in rounds if r.noisy]
    if not rounds or len(noisy) <= NOISY_SHARE * len(rounds):
        return []
    example = noisy[0].noisy[0]
    message = f"{len(noisy)} of {len(rounds)} rounds were noisy (the first: {example}); little can be resolved then"
    return [Remark(code="noisy", severity="warning", message=message)]


def _distinct(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    return tuple(dict.fromkeys(remarks))
