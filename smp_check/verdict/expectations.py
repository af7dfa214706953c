"""Declared metrics and scenarios that vanished: findings, never silence."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smp_check.spec.configuration import DEFAULT_GATES
from smp_check.spec.result import loaded_role
from smp_check.spec.run import Remark
from smp_check.verdict.comparability import name_of
from smp_check.verdict.wording import joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.spec.configuration import Gate
    from smp_check.spec.run import RunDocument
    from smp_check.verdict.extract import Observed


def missing(
    observed: Sequence[Mapping[tuple[str, str], Observed]],
    run: RunDocument,
    head: Mapping[tuple[str, str], Observed],
    gates: Mapping[str, Gate],
    expect: Sequence[str],
) -> tuple[Remark, ...]:
    """What was declared, or measured before, and is not there now."""
    remarks = [
        Remark(code="missing-scenario", severity="error", message=f"{name!r} was expected and is not in this run")
        for name in expect
        if name not in scenarios(run)
    ]
    names = {metric for _, metric in head} | ({"error_rate"} if run.details.rounds else set())
    for name, gate in gates.items():
        if gate != DEFAULT_GATES.get(name) and name not in names:
            message = f"{name} has a gate and was not measured"
            remarks.append(Remark(code="missing-metric", severity="error", message=message))
    return (*remarks, *_vanished(observed, head, gates))


def _vanished(
    observed: Sequence[Mapping[tuple[str, str], Observed]],
    head: Mapping[tuple[str, str], Observed],
    gates: Mapping[str, Gate],
) -> list[Remark]:
    gone = [key for key in (observed[-1] if observed else {}) if key not in head]
    if not gone:
        return []
    gated = [f"{metric} of {client}" for client, metric in gone if metric in gates]
    rest = [f"{metric} of {client}" for client, metric in gone if metric not in gates]
    message = "measured by the newest baseline run and not by this one: {}"
    found = [Remark(code="missing-metric", severity="error", message=message.format(joined(gated)))] if gated else []
    if rest:
        found.append(Remark(code="missing-metric", severity="warning", message=message.format(joined(rest))))
    return found


def scenarios(run: RunDocument) -> set[str]:
    """The names that ``expect`` may mean: the test, its clients, the paths driven and each part of them."""
    names = {name_of(run), *(r.client for r in run.details.rounds)}
    for url in run.details.targets.get(loaded_role(run.details.rounds), ()):
        path = urlsplit(url).path
        names |= {path, path.strip("/"), *path.strip("/").split("/")}
    return names - {""}
