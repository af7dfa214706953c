"""Plan -> drive -> run document: the only stage that takes long, and loses nothing when it is cut short."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smp_check import __version__
from smp_check.errors import InputError, Interrupted, MeasurementError, SmpCheckError
from smp_check.load.driver import drive
from smp_check.load.plan import describe, load_fingerprint, make_plan
from smp_check.load.port import Distributed
from smp_check.spec.result import build_run_document
from smp_check.spec.run import Details, Fingerprint, Remark, Round, RunDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smp_check.load.driver import Event
    from smp_check.load.plan import Plan
    from smp_check.load.port import Generator
    from smp_check.pipeline.bench import Bench
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import GeneratorInfo
    from smp_check.subject.side import Side

    OnEvent = Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A run document, and what cut it short if anything did: nothing measured is lost with the error."""

    run: RunDocument
    failure: SmpCheckError | None = None


def measure(configuration: Configuration, bench: Bench, on_event: OnEvent) -> Measured:
    """Drive the load and put everything measured into a run document, whatever happens on the way."""
    with bench.subject(configuration) as side:
        measured = _measure(side.configuration, bench, on_event)
        return replace(measured, failure=explained(measured.failure, side))


def explained(failure: SmpCheckError | None, side: Side) -> SmpCheckError | None:
    """The failure together with the end of the system under test, where that is the likely reason."""
    death = None if failure is None or isinstance(failure, Interrupted) else side.death()
    return failure if failure is None or death is None else MeasurementError(f"{failure.message}\n{death}")


def _measure(configuration: Configuration, bench: Bench, on_event: OnEvent) -> Measured:
    generators = generators_of(configuration, bench)
    rounds: list[Round] = []
    failure: SmpCheckError | None = None
    with bench.reference(configuration.check.reference) as reference:
        plan = make_plan(configuration, reference_url=reference.url if reference else None)
        infos = honoured(plan, generators)
        try:
            with bench.watch(configuration, reference.pid if reference else None) as watch:
                for measured in drive(plan, generators, watch=watch, on_event=on_event):
                    rounds.append(measured)  # one by one: an error later loses none of them
        except SmpCheckError as fault:
            failure = fault
        except KeyboardInterrupt:
            failure = Interrupted("interrupted while measuring")
    details = details_of(plan, infos, rounds, bench, failure)
    environment, mesh = bench.environment(configuration), bench.mesh(configuration)
    run = build_run_document(configuration, details, environment, mesh=mesh, run_id=bench.new_id())
    return Measured(run=run, failure=failure)


def generators_of(configuration: Configuration, bench: Bench) -> dict[str, Generator]:
    """The load generator of each client. Raises ``InputError`` for a name that is none."""
    return {c.name: bench.generator(c.load_generator or "embedded") for c in configuration.clients}


def details_of(
    plan: Plan, infos: Mapping[str, GeneratorInfo], rounds: Sequence[Round], bench: Bench, failure: SmpCheckError | None
) -> Details:
    """All that SMP has no field for, with what cut the measurement short."""
    return Details(
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


def honoured(plan: Plan, generators: Mapping[str, Generator]) -> dict[str, GeneratorInfo]:
    """The generators' descriptions with the exact commands; raises ``InputError`` for a load that one can't honour."""
    infos = {name: each.probe() for name, each in generators.items() if not isinstance(each, Distributed)}
    for load in plan.loads["head"]:
        generator = generators[load.client]
        objection = generator.objection(load)
        if objection:
            raise InputError(f"{load.client}: {generator.name} cannot drive this load: {objection}")
        info = generator.probe_for(load) if isinstance(generator, Distributed) else infos[load.client]
        infos[load.client] = replace(info, command=generator.command(load, plan.round_seconds))
    return infos


def _targets(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {
        role: tuple(dict.fromkeys(url for load in loads for url in load.urls)) for role, loads in plan.loads.items()
    }


def _remarks(failure: SmpCheckError | None) -> tuple[Remark, ...]:
    if failure is None:
        return ()
    code = "interrupted" if isinstance(failure, Interrupted) else "measurement-failed"
    return (Remark(code=code, severity="error", message=failure.message),)
