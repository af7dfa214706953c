"""``smp-check calibrate``: what these settings cost in false alarms, and what they catch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options, quiet
from smp_check.cli.options import CONTEXT, Lines, store_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import RunDocument
    from smp_check.verdict.calibrate import Calibration, Row

FEWEST_RUNS = 8


@click.command("calibrate", context_settings=CONTEXT)
@click.argument("runs", required=False, type=click.Path(path_type=Path))
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Take gates and window from this configuration.")
@click.option("--measure", type=click.IntRange(min=FEWEST_RUNS), metavar="N", help="Make N runs of --config now.")
@click.option("--metric", type=Lines(), default=None, help="These metrics; default: those with a gate.")
@click.option("--series", metavar="TEXT", help="Only tests whose name contains this.")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@store_options
@console_options
def calibrate_command(
    runs: Path | None,
    config: Path | None,
    measure: int | None,
    metric: tuple[str, ...] | None,
    series: str | None,
    format_: str,
    store: str | None,
    branch: str | None,
    console: Console,
) -> None:
    """Replay the stored history and say how often the gates alarm falsely and what they catch.

    Every stored run is judged from the ones before it: as it was (an alarm then is false, or a change that was
    real), and with 5, 10, 20 and 50 % of worsening put in. RUNS is a directory of run documents or a baseline
    store; without it, the store of this repository. With --measure the runs are made now, one after the other, on
    the unchanged service.

    \b
    Examples:
      smp-check calibrate
      smp-check calibrate -c smp-check.yaml --measure 12
      smp-check calibrate runs/ --metric p50,throughput
    """
    from smp_check.cli.output import to_text, write
    from smp_check.errors import InputError
    from smp_check.spec.codec import to_json
    from smp_check.spec.configuration import CheckOptions
    from smp_check.verdict.calibrate import calibrate

    configuration = _configuration(config, console)
    check = CheckOptions() if configuration is None else configuration.check
    if measure is not None and configuration is None:
        raise click.UsageError("--measure needs a --config to measure")
    found = _measured(configuration, measure, console) if configuration is not None and measure else None
    tables = []
    for name, history in _by_series(found if found is not None else _stored(runs, store, branch, series, console)):
        if len(history) >= FEWEST_RUNS:
            made = calibrate(history, gates=check.gates, window=check.baseline.window, metrics=metric or ())
            tables.append((name, made))
    if not tables:
        raise InputError(
            f"no series has {FEWEST_RUNS} runs yet, so there is nothing to replay",
            hint="smp-check calibrate -c smp-check.yaml --measure 12 makes runs now",
        )
    if format_ == "json":
        write(None, to_text([{"series": name, **to_json(table)} for name, table in tables]))
    else:
        write(None, quiet("\n".join(_text(name, table) for name, table in tables), color=False))


def _configuration(config: Path | None, console: Console) -> Configuration | None:
    from smp_check.cli.configuration import load_configuration
    from smp_check.spec.overrides import Overrides

    return None if config is None else load_configuration(config, Overrides(), console)


def _stored(
    runs: Path | None, store: str | None, branch: str | None, series: str | None, console: Console
) -> Sequence[RunDocument]:
    from smp_check.cli.history import load_history

    return load_history(runs, store, branch, series, console)


def _measured(configuration: Configuration, count: int, console: Console) -> list[RunDocument]:
    """So many runs of the unchanged service, one after the other. Raises what ends one of them."""
    from smp_check.cli.bench import real_bench
    from smp_check.cli.progress import Progress
    from smp_check.pipeline import measure

    made = []
    for number in range(count):
        console.say(f"run {number + 1} of {count}")
        with Progress(configuration, console) as progress:
            measured = measure(configuration, real_bench(console), progress.on_event)
        if measured.failure is not None:
            raise measured.failure
        made.append(measured.run)
    return made


def _by_series(runs: Sequence[RunDocument]) -> list[tuple[str, list[RunDocument]]]:
    """The runs that may be compared with each other, those judged bad left out."""
    from smp_check.verdict.comparability import OUTSIDE_THE_NORM, identity_of, name_of

    series: dict[object, list[RunDocument]] = {}
    for run in runs:
        if run.details.verdict not in OUTSIDE_THE_NORM:
            series.setdefault(identity_of(run), []).append(run)
    return [(name_of(each[0]), each) for each in series.values()]


def _text(name: str, table: Calibration) -> str:
    from tabulate import tabulate

    from smp_check.units import format_share

    effects = list(table.rows[0].power) if table.rows else []
    headers = ["metric", "window", "reference", "judged", "false alarms", *(f"+{e} caught" for e in effects), "decided"]
    rows = [
        [
            _metric(row, table),
            row.window,
            "yes" if row.referenced else "no",
            row.judged,
            *(format_share(share) for share in (row.alarms, *row.power.values(), row.decided)),
            "<- in use" if row.configured else "",
        ]
        for row in table.rows
    ]
    length = "" if table.minutes is None else f", {table.minutes:.1f} minutes each"
    text = f"{name}: {table.runs} runs{length}\n\n{tabulate(rows, headers=[*headers, ''], disable_numparse=True)}\n"
    return text + "\n" + _advice(table)


def _metric(row: Row, table: Calibration) -> str:
    return f"{row.client} {row.metric}" if len({r.client for r in table.rows}) > 1 else row.metric


def _advice(table: Calibration) -> str:
    from smp_check.verdict.calibrate import TOLERANCES

    lines = ["What this history can hold (caught four times out of five):", "", "check:", "  gates:"]
    for metric in dict.fromkeys(row.metric for row in table.rows):
        tolerance = table.recommended.get(metric)
        asked = f"{{tolerance: {tolerance:.0%}}}" if tolerance is not None else "{report_only: true}"
        why = "" if tolerance is not None else f"  # not even {TOLERANCES[-1]:.0%}: measure side by side (smp-check ab)"
        lines.append(f"    {metric}: {asked}{why}")
    return "\n".join(lines) + "\n"
