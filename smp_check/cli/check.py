"""``smp-check check``: the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT, HISTORY, OUTPUT_DIRECTORY, measuring_options, store_options

if TYPE_CHECKING:
    from smp_check.pipeline import Checked
    from smp_check.spec.overrides import Overrides


@click.command("check", context_settings=CONTEXT)
@click.argument("config", required=False, type=click.Path(path_type=Path))
@measuring_options
@store_options
@click.option(
    "--update-baseline",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Add this run to the baseline. auto: always on a laptop; in CI on the default branch only.",
)
@HISTORY
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=OUTPUT_DIRECTORY,
    show_default=True,
    help="Directory for run.json, comparison.json and report.md.",
)
@console_options
@click.pass_context
def check_command(
    ctx: click.Context,
    config: Path | None,
    overrides: Overrides,
    store: str | None,
    branch: str | None,
    update_baseline: str,
    history: Path | None,
    output: Path,
    console: Console,
) -> None:
    """Benchmark a service, compare it with its baseline, report, and pass or fail.

    CONFIG is an SMP performance test file (a Meshery `test:` + `mesh:` file is one), optionally with our
    `check:` section; a run is brief and made of many short rounds, interleaved with a reference workload.
    The first run makes the baseline.

    \b
    Examples:
      smp-check check smp-check.yaml
      smp-check check --endpoint-url http://127.0.0.1:8080/
      smp-check check smp-check.yaml --fail-on regression,inconclusive --update-baseline never
    """
    from smp_check.cli.acceptance import labelled_here, load_acceptances
    from smp_check.cli.announce import announce
    from smp_check.cli.bench import real_bench, store_for
    from smp_check.cli.configuration import load_configuration
    from smp_check.cli.output import prepare_directory
    from smp_check.cli.progress import Progress
    from smp_check.cli.runs import read_history
    from smp_check.cli.surroundings import surroundings
    from smp_check.pipeline import check, exit_code

    configuration = load_configuration(config, overrides, console)
    prepare_directory(output)
    around = surroundings(update_baseline)
    commits = read_history(history) or ([around.commit, *around.ancestors] if around.commit else [])
    baselines = store_for(configuration.check.baseline, console, store=store, branch=branch)
    with Progress(configuration, console) as progress:
        checked = check(
            configuration,
            real_bench(console, output / "logs"),
            baselines,
            progress.on_event,
            commit=commits[0] if commits else None,
            ancestors=commits[1:],
            add_to_baseline=around.add_to_baseline,
            accept=(*load_acceptances(configuration, baselines), *labelled_here()),
        )
    files = present(checked, output, console)
    announce([("", checked.comparison)], config=configuration.source, files=files, console=console)
    if checked.failure is not None:
        raise checked.failure
    ctx.exit(exit_code(checked.comparison))


def present(checked: Checked, output: Path, console: Console) -> dict[str, Path]:
    """Write the documents, print the report to stdout, and say where everything is; the documents' paths by name."""
    import sys

    from smp_check.cli.output import write
    from smp_check.report.render import render

    comparison = checked.comparison
    files = write_documents(checked, output)
    write(None, render(comparison, "text", color=console.color and sys.stdout.isatty()))
    if checked.record is not None:
        made = " (the first of its series: this is now the baseline)" if not comparison.base else ""
        console.say(f"added to the baseline: {checked.record.location}{made}")
    console.say(f"run, comparison and report: {output}/")
    return files


def write_documents(checked: Checked, output: Path) -> dict[str, Path]:
    """run.json, comparison.json and report.md, the run first: it cost the most; their paths by name."""
    from smp_check.cli.output import to_text, write
    from smp_check.report.render import render
    from smp_check.spec.result import document_json

    files = {"run": output / "run.json", "comparison": output / "comparison.json", "report": output / "report.md"}
    write(files["run"], to_text(document_json(checked.run)))
    write(files["comparison"], render(checked.comparison, "json"))
    write(files["report"], render(checked.comparison, "markdown"))
    return files
