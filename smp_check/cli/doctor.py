"""``smp-check doctor``: what works here, and what to do about the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options, quiet
from smp_check.cli.options import CONTEXT, store_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.diagnosis import Diagnosis

MARKS = {
    "ok": ("ok", "green"),
    "limited": ("limited", "yellow"),
    "missing": ("missing", None),
    "failed": ("failed", "red"),
}


@click.command("doctor", context_settings=CONTEXT)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@store_options
@console_options
def doctor_command(format_: str, store: str | None, branch: str | None, console: Console) -> None:
    """Say which load generators, stores and permissions work here, and what to do about the rest.

    Takes about two seconds, during which it listens to the noise of the machine. Exits 0 when smp-check can
    measure here at all: a generator that is missing matters only to those who want it.
    """
    from smp_check.cli.output import to_text, write
    from smp_check.load.capability_table import plain
    from smp_check.spec.codec import to_json

    found = _examine(store, branch, console)
    if format_ == "json":
        write(None, to_text({"found": [to_json(each) for each in found], "generators": plain()}))
        return
    write(None, f"{_table(found, console)}\n\n{_capabilities()}")


def _examine(store: str | None, branch: str | None, console: Console) -> list[Diagnosis]:
    import os

    from smp_check import diagnosis
    from smp_check.cli.bench import store_for
    from smp_check.cli.surroundings import read_event
    from smp_check.load.registry import generators

    return [
        *diagnosis.diagnose_runtime(),
        diagnosis.diagnose_kind(os.environ),
        diagnosis.diagnose_machine(),
        *diagnosis.diagnose_generators(generators()),
        diagnosis.diagnose_git(),
        diagnosis.diagnose_store(lambda: store_for(None, console, store=store, branch=branch)),
        *diagnosis.diagnose_actions(os.environ, read_event(os.environ)),
    ]


def _table(found: Sequence[Diagnosis], console: Console) -> str:
    from tabulate import tabulate

    rows = []
    for each in found:
        word, color = MARKS[each.state]
        rows.append((each.area, each.subject, console.style(word, fg=color) if color else word, each.detail))
        if each.advice:
            rows.append(("", "", "", console.dim(f"→ {each.advice}")))
    headers = ("area", "what", "state", "detail")
    table = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)
    return quiet(table, color=console.color)


def _capabilities() -> str:
    """What each load generator can do, here or not."""
    from tabulate import tabulate

    from smp_check.load.capability_table import HEADINGS, rows

    note = "latency from sending hides how long requests waited to be sent (docs/generators.md)"
    return f"{tabulate(rows(), headers=HEADINGS, tablefmt='simple')}\n{note}"
