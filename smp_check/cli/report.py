"""``smp-check report``: render a comparison."""

from __future__ import annotations

from pathlib import Path

import click

from smp_check.cli.console import Console, console_options, wants_color
from smp_check.cli.options import CONTEXT

FORMATS = ("markdown", "summary", "html", "json", "junit", "text")


@click.command("report", context_settings=CONTEXT)
@click.argument("comparison", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-f", "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--template", type=click.Path(path_type=Path), help="A Jinja template of your own (sandboxed).")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here; default stdout.")
@console_options
def report_command(
    comparison: tuple[Path, ...], format_: str, template: Path | None, output: Path | None, console: Console
) -> None:
    """Render COMPARISON (a comparison document, or - for stdin); several become one report, a section for each.

    \b
    Formats:
      text      for the terminal
      markdown  the pull-request comment
      summary   the job summary: the comment with everything unfolded
      html      one self-contained page with charts
      junit     for CI systems that show test results
      json      the comparison document itself

    \b
    Examples:
      smp-check report .smp-check/last/comparison.json
      smp-check compare old.json new.json | smp-check report - --format html -o report.html
      smp-check report legs/*/comparison.json --format markdown
    """
    import sys

    from smp_check.cli.files import read_bytes
    from smp_check.cli.output import prepare, write
    from smp_check.cli.publish import label_of
    from smp_check.cli.runs import load_comparison
    from smp_check.report.legs import render_many
    from smp_check.report.templating import TemplateError

    if output is not None:
        prepare(output)
    own = read_bytes(template).decode("utf-8", "replace") if template else None
    color = output is None and console.color and wants_color(False, sys.stdout.isatty())
    legs = [(label_of(path, comparison), load_comparison(path)) for path in comparison]
    try:
        write(output, render_many(legs, format_, template=own, color=color))
    except TemplateError as fault:
        raise TemplateError(fault.line, fault.what, str(template)) from fault
