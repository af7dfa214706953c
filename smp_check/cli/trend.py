"""``smp-check trend``: the history of the stored runs, and where it changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT, Lines, store_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.verdict.trend import Trend


@click.command("trend", context_settings=CONTEXT)
@click.argument("runs", required=False, type=click.Path(path_type=Path))
@click.option("--series", metavar="TEXT", help="Only tests whose name contains this.")
@click.option("--metric", type=Lines(), default=None, help="Only these metrics, comma-separated: p50,p99,qps...")
@click.option("--magnitude", default="5%", show_default=True, help="Smallest change of level that is told.")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json", "html"]), default="text")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here; default stdout.")
@store_options
@console_options
def trend_command(
    runs: Path | None,
    series: str | None,
    metric: tuple[str, ...] | None,
    magnitude: str,
    format_: str,
    output: Path | None,
    store: str | None,
    branch: str | None,
    console: Console,
) -> None:
    """Show how each metric went, run after run, and at which commits its level changed.

    RUNS is a directory of run documents or a baseline store; without it, the store of this repository.

    \b
    Examples:
      smp-check trend
      smp-check trend --metric p50,p99 --format html -o trend.html
      smp-check import history.csv --from series -o runs/ && smp-check trend runs/
    """
    from smp_check.cli.history import load_history
    from smp_check.cli.output import prepare, to_text, write
    from smp_check.report.trend import trend_page, trend_text
    from smp_check.spec.codec import to_json
    from smp_check.verdict.trend import trends

    if output is not None:
        prepare(output)
    documents = load_history(runs, store, branch, series, console)
    found = _chosen(trends(documents, magnitude=_magnitude(magnitude)), metric)
    if format_ == "json":
        write(output, to_text([to_json(trend) for trend in found]))
    else:
        write(output, trend_page(found) if format_ == "html" else trend_text(found))


def _magnitude(text: str) -> float:
    import math

    from smp_check.units import parse_share

    try:
        return math.log1p(parse_share(text))
    except ValueError as fault:
        raise click.BadParameter(str(fault), param_hint="--magnitude") from fault


def _chosen(found: Sequence[Trend], metrics: tuple[str, ...] | None) -> list[Trend]:
    """The metrics that were asked for. Raises ``InputError`` for one that no run has."""
    from smp_check.errors import InputError

    known = dict.fromkeys(trend.metric for trend in found)
    for name in metrics or ():
        if name not in known:
            raise InputError(f"no run has a metric {name!r}", hint=f"there are {', '.join(known) or 'none'}")
    return [trend for trend in found if not metrics or trend.metric in metrics]
