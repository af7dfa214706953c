"""``smp-check compare``: run documents in, comparison document out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT, FAIL_ON

if TYPE_CHECKING:
    from smp_check.spec.configuration import CheckOptions


@click.command("compare", context_settings=CONTEXT)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("head", type=click.Path(path_type=Path))
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Take gates and policy from this configuration.")
@FAIL_ON
@click.option("--any-machine", is_flag=True, help="Compare runs of different kinds of machine as well.")
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Commits that the baseline may come from, newest first, one a line, as `git rev-list` prints them.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the comparison document here.")
@console_options
@click.pass_context
def compare_command(
    ctx: click.Context,
    base: Path,
    head: Path,
    config: Path | None,
    fail_on: tuple[str, ...] | None,
    any_machine: bool,
    history: Path | None,
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
    """
    from dataclasses import replace

    from smp_check.cli.bench import now
    from smp_check.cli.files import read_bytes
    from smp_check.cli.output import prepare, write
    from smp_check.cli.runs import load_baseline, load_run
    from smp_check.pipeline import exit_code, judge
    from smp_check.report.render import render

    check = _check_options(config, console)
    baseline = replace(check.baseline, any_machine=check.baseline.any_machine or any_machine)
    check = replace(check, baseline=baseline, fail_on=fail_on or check.fail_on)
    if output is not None:
        prepare(output)
    run = load_run(head)
    commits = read_bytes(history).decode("utf-8", "replace").split() if history else []
    runs, anchor = load_baseline(base, run, check.baseline, console, history=commits)
    comparison = judge(runs, run, check, created=now(), anchor=anchor)
    if output is None:
        write(None, render(comparison, "json"))
    else:
        write(output, render(comparison, "json"))
        write(None, render(comparison, "text", color=console.color))
    ctx.exit(exit_code(comparison))


def _check_options(config: Path | None, console: Console) -> CheckOptions:
    from smp_check.cli.configuration import load_configuration
    from smp_check.spec.configuration import CheckOptions
    from smp_check.spec.overrides import Overrides

    return CheckOptions() if config is None else load_configuration(config, Overrides(), console).check
