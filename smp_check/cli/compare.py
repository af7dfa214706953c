"""``smp-check compare``: run documents in, comparison document out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT, FAIL_ON, HISTORY

if TYPE_CHECKING:
    from smp_check.spec.configuration import CheckOptions, Gate
    from smp_check.verdict.model import Comparison


@click.command("compare", context_settings=CONTEXT)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("head", type=click.Path(path_type=Path), required=False)
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Take gates and policy from this configuration.")
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="METRIC=TOLERANCE",
    help="Gate this metric too, for example throughput=10%; may be given several times.",
)
@FAIL_ON
@click.option("--any-machine", is_flag=True, help="Compare runs of different kinds of machine as well.")
@HISTORY
@click.option("--accept", type=click.Path(path_type=Path), metavar="FILE", help="A file of accepted changes.")
@click.option("--recompute", is_flag=True, help="BASE is a comparison document: judge it anew from its own inputs.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the comparison document here.")
@console_options
@click.pass_context
def compare_command(
    ctx: click.Context,
    base: Path,
    head: Path | None,
    config: Path | None,
    gates: tuple[str, ...],
    fail_on: tuple[str, ...] | None,
    any_machine: bool,
    history: Path | None,
    accept: Path | None,
    recompute: bool,
    output: Path | None,
    console: Console,
) -> None:
    """Compare HEAD with BASE and say whether the gate passes.

    HEAD is a run document; BASE is one too, or a directory of them (a baseline store or the output of
    `smp-check baseline export`). With -o the comparison document goes to a file and the report to stdout;
    without, the comparison document goes to stdout.

    \b
    Examples:
      smp-check compare old.json new.json | smp-check report -
      smp-check compare .smp-check/baselines run.json -c smp-check.yaml -o comparison.json
      smp-check compare --recompute comparison.json
    """
    from dataclasses import replace

    from smp_check.cli.output import prepare
    from smp_check.pipeline import exit_code

    if output is not None:
        prepare(output)
    if recompute:
        comparison = _recomputed(base, head)
    elif head is None:
        raise click.UsageError("name two run documents: BASE and HEAD")
    else:
        check = _check_options(config, fail_on, any_machine, console)
        check = replace(check, gates={**check.gates, **dict(map(_gate, gates))})
        comparison = _compared(base, head, check, accept, history, console)
    _present(comparison, output, console)
    ctx.exit(exit_code(comparison))


def _gate(text: str) -> tuple[str, Gate]:
    from smp_check.spec.configuration import Gate
    from smp_check.units import parse_share

    name, _, tolerance = text.rpartition("=")
    if not name:
        raise click.BadParameter(f"{text!r} is no gate; write for example throughput=10%", param_hint="--gate")
    try:
        return name, Gate(tolerance=parse_share(tolerance))
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="--gate") from fault


def _compared(
    base: Path, head: Path, check: CheckOptions, accept: Path | None, history: Path | None, console: Console
) -> Comparison:
    from smp_check.cli.acceptance import labelled_here, read_acceptances
    from smp_check.cli.bench import now
    from smp_check.cli.runs import load_baseline, load_run, read_history
    from smp_check.pipeline import judge

    run = load_run(head)
    entries = read_acceptances(accept, {*check.gates}) if accept is not None else ()
    runs, anchor = load_baseline(base, run, check.baseline, console, history=read_history(history))
    return judge(runs, run, check, created=now(), anchor=anchor, accept=(*entries, *labelled_here()))


def _recomputed(document: Path, head: Path | None) -> Comparison:
    """The comparison judged anew. Raises ``InputError`` if what it says does not follow from what it holds."""
    from smp_check.cli.runs import load_comparison
    from smp_check.errors import InputError
    from smp_check.verdict.recompute import differences, recompute

    if head is not None:
        raise click.UsageError("--recompute takes one comparison document")
    said = load_comparison(document)
    follows = recompute(said)
    differing = differences(said, follows)
    if differing:
        raise InputError(
            f"{document}: what it says does not follow from its inputs, first at {differing[0]}",
            hint=f"its inputs say: {follows.verdict.value}; was it edited, or made by another version of smp-check?",
        )
    return follows


def _present(comparison: Comparison, output: Path | None, console: Console) -> None:
    from smp_check.cli.output import write
    from smp_check.report.render import render

    write(output, render(comparison, "json"))
    if output is not None:
        write(None, render(comparison, "text", color=console.color))


def _check_options(
    config: Path | None, fail_on: tuple[str, ...] | None, any_machine: bool, console: Console
) -> CheckOptions:
    from dataclasses import replace

    from smp_check.cli.configuration import load_configuration
    from smp_check.spec.configuration import CheckOptions
    from smp_check.spec.overrides import Overrides

    check = CheckOptions() if config is None else load_configuration(config, Overrides(), console).check
    baseline = replace(check.baseline, any_machine=check.baseline.any_machine or any_machine)
    return replace(check, baseline=baseline, fail_on=fail_on or check.fail_on)
