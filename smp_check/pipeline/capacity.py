"""Find the saturation knee, then measure there: the run document tells what the service does at its capacity."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.errors import InputError, MeasurementError
from smp_check.load.capacity import Capacity, Search, Step, judge_step, objective
from smp_check.load.driver import drive
from smp_check.load.plan import Plan, interleave, make_plan
from smp_check.pipeline.measure import generators_of, honoured
from smp_check.spec.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smp_check.capture.port import RoundWatch
    from smp_check.load.port import Generator, Load
    from smp_check.pipeline.bench import Bench
    from smp_check.pipeline.measure import OnEvent
    from smp_check.spec.configuration import Configuration, Gate
    from smp_check.spec.run import Round, RunDocument

WARMUP = 0.3
FIRST_SHARE = 0.5
"""The search begins at this share of what a closed loop reaches."""


def find_capacity(
    configuration: Configuration, bench: Bench, on_event: OnEvent, on_step: Callable[[Step], None]
) -> Capacity:
    """Try rates until the knee is known to a twentieth. Raises ``MeasurementError`` if the service does not answer."""
    with bench.subject(configuration) as side, bench.watch(configuration) as watch:
        generators = generators_of(side.configuration, bench)
        plan = make_plan(side.configuration, reference_url=None)
        honoured(plan, generators)
        gates = side.configuration.check.gates
        shares = _shares(plan.loads["head"])
        top = sum(r.achieved_rps for r in _one_round(_at(plan, None, shares), generators, watch, on_event))
        search, steps = Search(FIRST_SHARE * top), []
        while (rate := search.rate) is not None:
            step = _step(rate, _at(plan, rate, shares), generators, watch, on_event, gates)
            steps.append(step)
            on_step(step)
            search.record(step.objection is None)
    return Capacity(rate=search.found, objective=objective(gates), steps=tuple(steps))


def _step(
    rate: float,
    plan: Plan,
    generators: Mapping[str, Generator],
    watch: RoundWatch,
    on_event: OnEvent,
    gates: Mapping[str, Gate],
) -> Step:
    try:
        return judge_step(rate, _one_round(plan, generators, watch, on_event), gates)
    except MeasurementError as fault:  # too much for the service: it answers hardly anything
        return Step(rate=rate, achieved=0.0, p50=None, p99=None, error_rate=1.0, objection=fault.message)


def _one_round(plan: Plan, generators: Mapping[str, Generator], watch: RoundWatch, on_event: OnEvent) -> list[Round]:
    return list(drive(plan, generators, watch=watch, on_event=on_event))


def _shares(loads: tuple[Load, ...]) -> dict[str, float]:
    """How the clients divide a rate: as their own rates do, equally if they have none."""
    rates = {load.client: load.rate or 0.0 for load in loads}
    total = sum(rates.values())
    return {name: rate / total if total else 1 / len(rates) for name, rate in rates.items()}


def _at(plan: Plan, rate: float | None, shares: Mapping[str, float]) -> Plan:
    loads = tuple(
        replace(load, rate=None if rate is None else rate * shares[load.client] or None) for load in plan.loads["head"]
    )
    schedule = interleave(("head",), 1, seconds=plan.round_seconds)
    return replace(plan, loads={"head": loads}, schedule=schedule, warmup=WARMUP, notes=())


def at_capacity(configuration: Configuration, capacity: Capacity) -> Configuration:
    """The configuration with the rate that was found, in whole requests per second as SMP has them.

    Raises ``MeasurementError`` if no rate was within the objective.
    """
    if capacity.rate is None:
        reason = capacity.steps[-1].objection if capacity.steps else "nothing could be tried"
        raise MeasurementError(
            f"no rate is within the objective: {reason}",
            hint=f"the objective is {', '.join(capacity.objective)}; gates with max change it",
        )
    shares = _shares(make_plan(configuration, reference_url=None).loads["head"])
    rates = {name: max(1, int(capacity.rate * share)) for name, share in shares.items()}
    clients = tuple(replace(client, rps=float(rates[client.name])) for client in configuration.clients)
    told = [{**mine, "rps": rates[c.name]} for mine, c in zip(_test_clients(configuration), clients, strict=True)]
    return replace(configuration, clients=clients, test={**configuration.test, "clients": told})


def _test_clients(configuration: Configuration) -> list[dict[str, object]]:
    clients = configuration.test.get("clients")
    if not isinstance(clients, list):
        raise InputError("the test names no clients")
    return clients


def with_capacity(run: RunDocument, capacity: Capacity) -> RunDocument:
    """The run document with the search in ``details.plan.capacity``."""
    plan = {**run.details.plan, "capacity": to_json(capacity)}
    return replace(run, details=replace(run.details, plan=plan))
