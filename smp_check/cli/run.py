"""``smp-check run``: only measure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options, quiet
from smp_check.cli.options import CONTEXT, measuring_options

if TYPE_CHECKING:
    from smp_check.pipeline import Measured
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.overrides import Overrides


@click.command("run", context_settings=CONTEXT)
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the run document here; default stdout.")
@measuring_options
@click.option("--dry-run", is_flag=True, help="Print the plan and the exact commands; send nothing.")
@click.option(
    "--find-capacity",
    is_flag=True,
    help="First find the highest rate within the objective (gates with max, 98 % achieved), then measure there.",
)
@console_options
def run_command(
    config: Path | None, output: Path | None, overrides: Overrides, dry_run: bool, find_capacity: bool, console: Console
) -> None:
    """Measure and write one SMP run document; compare nothing.

    CONFIG is an SMP performance test file (a Meshery `test:` + `mesh:` file is one), optionally with our
    `check:` section. Without it, --endpoint-url alone is enough.

    \b
    Examples:
      smp-check run smp-check.yaml -o run.json
      smp-check run --endpoint-url http://127.0.0.1:8080/ --rps 200 --duration 10s > run.json
      smp-check run smp-check.yaml --dry-run
      smp-check run smp-check.yaml --find-capacity -o capacity.json
    """
    from smp_check.cli.configuration import load_configuration
    from smp_check.cli.output import prepare, to_text, write
    from smp_check.spec.result import document_json

    configuration = load_configuration(config, overrides, console)
    if dry_run:
        print_plan(configuration, console)
        return
    if output is not None:
        prepare(output)
    measured = (measure_capacity if find_capacity else measure_with_progress)(configuration, console)
    path = output
    if measured.failure is not None and output is None:
        from smp_check.cli.options import OUTPUT_DIRECTORY

        path = prepare(OUTPUT_DIRECTORY / "run.json")
    write(path, to_text(document_json(measured.run)))
    finish(measured, path, console)


def measure_with_progress(configuration: Configuration, console: Console) -> Measured:
    """Measure on this machine, with signs of life on stderr."""
    from smp_check.cli.bench import real_bench
    from smp_check.cli.progress import Progress
    from smp_check.pipeline import measure

    with Progress(configuration, console) as progress:
        return measure(configuration, real_bench(console), progress.on_event)


def print_plan(configuration: Configuration, console: Console) -> None:
    """The plan and the exact commands, on stdout."""
    from smp_check.cli.bench import real_bench
    from smp_check.cli.output import write
    from smp_check.cli.rehearsal import rehearsal_text
    from smp_check.pipeline.rehearse import rehearse

    text = rehearsal_text(configuration, rehearse(configuration, real_bench(console)))
    write(None, quiet(text, color=False))


def measure_capacity(configuration: Configuration, console: Console) -> Measured:
    """Find the saturation knee, saying each step, and measure there."""
    from dataclasses import replace

    from smp_check.cli.bench import real_bench
    from smp_check.cli.progress import step_line
    from smp_check.pipeline.capacity import at_capacity, find_capacity, with_capacity

    console.say(f"looking for the capacity of {configuration.name}, each rate for {configuration.check.round:g} s")
    bench = real_bench(console)
    found = find_capacity(configuration, bench, lambda _event: None, lambda step: console.say(step_line(step)))
    at = at_capacity(configuration, found)
    console.say(f"capacity: {found.rate:,.0f}/s ({', '.join(found.objective)})")
    measured = measure_with_progress(at, console)
    return replace(measured, run=with_capacity(measured.run, found))


def finish(measured: Measured, path: Path | None, console: Console) -> None:
    """Say where the run document is; raise what cut the measurement short."""
    rounds = len(measured.run.details.rounds)
    if measured.failure is not None:
        console.warn(f"what was measured until then ({rounds} rounds) is in {path}")
        raise measured.failure
    if path is not None:
        console.say(f"run document: {path}")
