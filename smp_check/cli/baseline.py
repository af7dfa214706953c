"""``smp-check baseline``: look after the stored baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT, store_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.store.port import BaselineStore, Record


@click.group("baseline", context_settings=CONTEXT)
def baseline_command() -> None:
    """Look after the stored baselines: earlier runs, one small immutable file each.

    \b
    Examples:
      smp-check baseline ls
      smp-check baseline show 20260131T1200
      smp-check baseline export --store git-branch --output baselines/
    """


@baseline_command.command("ls", context_settings=CONTEXT)
@click.option("--series", metavar="TEXT", help="Only series whose name contains this.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@store_options
@console_options
def ls_command(series: str | None, format_: str, store: str | None, branch: str | None, console: Console) -> None:
    """List the stored runs, oldest first."""
    from smp_check.cli.output import to_text, write

    opened = _open(store, branch, console)
    records = [r for r in opened.records() if not series or series.lower() in r.series.name.lower()]
    if format_ == "json":
        from smp_check.spec.codec import to_json

        write(None, to_text([to_json(record) for record in records]))
        return
    if not records:
        console.say(f"no runs in {opened.location} yet; smp-check check adds one")
        return
    write(None, _table(records))
    console.say(f"{_runs(len(records))} in {opened.location}")


def _runs(number: int) -> str:
    return f"{number} run" if number == 1 else f"{number} runs"


def _table(records: Sequence[Record]) -> str:
    """One line per run; runs of the same class can be compared."""
    from tabulate import tabulate

    from smp_check.report.escape import LONGEST_NAME, terminal

    cells = [
        (r.id, r.series.name, r.series.mesh, r.series.fingerprint_class, (r.commit or "–")[:12], r.verdict or "–")
        for r in records
    ]
    rows = [[terminal(cell, LONGEST_NAME) for cell in row] for row in cells]
    headers = ("id", "test", "mesh", "class", "commit", "verdict")
    return tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)


@baseline_command.command("show", context_settings=CONTEXT)
@click.argument("record")
@store_options
@console_options
def show_command(record: str, store: str | None, branch: str | None, console: Console) -> None:
    """Print the stored run whose id begins with RECORD, as a run document."""
    from smp_check.cli.output import to_text, write
    from smp_check.errors import InputError
    from smp_check.spec.result import document_json

    opened = _open(store, branch, console)
    found = [each for each in opened.records() if each.id.startswith(record)]
    if len(found) != 1:
        some = f"{_runs(len(found))} begin" if found else "no run begins"
        raise InputError(f"{some} with {record!r} in {opened.location}", hint="smp-check baseline ls lists their ids")
    for run in opened.read(found):
        write(None, to_text(document_json(run)))


@baseline_command.command("add", context_settings=CONTEXT)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--comparison",
    type=click.Path(path_type=Path),
    help="How the run was judged: a regressed or failed run is kept, but never becomes the norm.",
)
@click.option("--keep", type=click.IntRange(min=1), default=200, show_default=True, help="Newest runs kept per series.")
@store_options
@console_options
def add_command(
    run: Path, comparison: Path | None, keep: int, store: str | None, branch: str | None, console: Console
) -> None:
    """Add the run document RUN to the baseline; adding it twice changes nothing.

    A series that has grown a tenth longer than --keep loses its oldest runs.
    """
    from smp_check.cli.runs import load_comparison, load_run
    from smp_check.errors import StoreError
    from smp_check.pipeline import recorded_run
    from smp_check.store.export import trim

    document = load_run(run)
    if comparison is not None:
        document = recorded_run(document, load_comparison(comparison))
    opened = _open(store, branch, console)
    record = opened.append(document)
    console.say(f"added: {record.location}")
    try:
        trim(opened, record.series, keep)
    except StoreError as fault:  # the run is safe, and the next one tries again
        console.warn(f"old runs were not removed: {fault.message}")


@baseline_command.command("prune", context_settings=CONTEXT)
@click.option("--keep", type=click.IntRange(min=1), default=200, show_default=True, help="Newest runs kept per series.")
@store_options
@console_options
def prune_command(keep: int, store: str | None, branch: str | None, console: Console) -> None:
    """Remove all but the newest runs of each series."""
    from smp_check.store.export import prune

    opened = _open(store, branch, console)
    console.say(f"removed {_runs(prune(opened, keep))} from {opened.location}")


@baseline_command.command("export", context_settings=CONTEXT)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Directory to copy the runs to.")
@store_options
@console_options
def export_command(output: Path, store: str | None, branch: str | None, console: Console) -> None:
    """Copy all runs into a directory store, for `smp-check compare` or for moving house."""
    from smp_check.cli.output import prepare_directory
    from smp_check.store.export import export

    prepare_directory(output)
    opened = _open(store, branch, console)
    console.say(f"copied {_runs(export(opened, output))} from {opened.location} to {output}")


def _open(store: str | None, branch: str | None, console: Console) -> BaselineStore:
    from smp_check.cli.bench import store_for

    return store_for(None, console, store=store, branch=branch)
