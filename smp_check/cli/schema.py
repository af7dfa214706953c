"""``smp-check schema``: print a JSON Schema."""

from __future__ import annotations

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT


@click.command("schema", context_settings=CONTEXT)
@click.argument("name", required=False)
@console_options
def schema_command(name: str | None, console: Console) -> None:
    """Print the JSON Schema called NAME (draft 2020-12), or without NAME the list of all.

    In an editor, a first line in the file turns on completion, hover texts and checks:

    \b
      # yaml-language-server: $schema=https://smp-check.dev/schemas/configuration.json
      # yaml-language-server: $schema=./smp-check.schema.json

    \b
    Examples:
      smp-check schema
      smp-check schema configuration > smp-check.schema.json
      smp-check schema PerformanceTestResult
    """
    from smp_check.cli.output import write
    from smp_check.errors import InputError
    from smp_check.spec import schemas

    if name is None:
        write(None, _listing())
        console.say("print one with: smp-check schema NAME")
        return
    known = {each.lower(): each for each in schemas.names()} | {
        str(schemas.load(each)["title"]).lower(): each for each in schemas.names()
    }
    wanted = known.get(name.lower().removesuffix(".json"))
    if wanted is None:
        raise InputError(f"there is no schema {name!r}", hint=_advice(name, list(known)))
    write(None, schemas.text(wanted))


def _listing() -> str:
    from tabulate import tabulate

    from smp_check.spec import schemas

    rows = [(name, schemas.load(name)["title"], schemas.load(name)["description"]) for name in schemas.names()]
    return tabulate(rows, headers=("name", "what", "description"), tablefmt="simple", maxcolwidths=(None, None, 60))


def _advice(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), known, n=1)
    return f"did you mean {near[0]}?" if near else "smp-check schema lists them"
