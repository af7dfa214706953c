"""What a run would do, without doing it: the plan and the exact commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError, SmpCheckError
from smp_check.load.plan import describe, make_plan
from smp_check.pipeline.measure import generators_of

if TYPE_CHECKING:
    from smp_check.load.plan import Plan
    from smp_check.pipeline.bench import Bench
    from smp_check.spec.configuration import Configuration

BUILTIN = "http://127.0.0.1:0/"
"""Stands for the built-in target, whose port is known only when it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A plan, and who would carry it out how."""

    plan: Plan
    described: dict[str, Any]
    commands: dict[str, dict[str, tuple[str, ...]]]
    """role -> client -> the command of one round; empty for the embedded generator."""
    generators: dict[str, str]
    """client -> generator and version, or why it cannot be used."""


def rehearse(configuration: Configuration, bench: Bench) -> Rehearsal:
    """Plan everything, start nothing. Raises ``InputError`` for a load that its generator cannot honour."""
    reference = configuration.check.reference
    plan = make_plan(configuration, reference_url=BUILTIN if reference == "builtin" else reference)
    generators = generators_of(configuration, bench)
    commands: dict[str, dict[str, tuple[str, ...]]] = {}
    for role, loads in plan.loads.items():
        seconds = next(slot.seconds for slot in plan.schedule if slot.role == role)
        for load in loads:
            objection = generators[load.client].objection(load)
            if objection:
                name = generators[load.client].name
                raise InputError(f"{load.client}: {name} cannot drive this load: {objection}")
            commands.setdefault(role, {})[load.client] = generators[load.client].command(load, seconds)
    found = {}
    for client, generator in generators.items():
        try:
            found[client] = f"{generator.name} {generator.probe().version}"
        except SmpCheckError as fault:
            found[client] = f"{generator.name}: {fault.message}{f' ({fault.hint})' if fault.hint else ''}"
    return Rehearsal(plan=plan, described=describe(plan), commands=commands, generators=found)
