"""Writes docs/commands.md from the commands' own help, and the tables of docs/generators.md: ``make docs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli import COMMANDS, cli
from smp_check.load.capability_table import updated

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parent / "commands.md"
GENERATORS = Path(__file__).parent / "generators.md"
HEAD = """\
# Commands

Every command says the same with `--help`. Data goes to stdout, progress and diagnostics to stderr.

| exit code | meaning |
| --- | --- |
| 0 | passed |
| 1 | the gate failed: a regression, or what else `fail_on` names |
| 2 | usage or input error: a bad option, a document that does not conform |
| 3 | the measurement failed: target unreachable, too many errors, generator missing or crashed, saturated |
| 4 | a baseline store or GitHub refused what was required of it |
| 70 | a bug in smp-check |
| 130 | interrupted |
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(section for name in COMMANDS for section in sections(name))


def sections(name: str) -> Iterator[str]:
    """One command's section, and those of the commands below it."""
    context = cli.make_context("smp-check", [], resilient_parsing=True)
    command = cli.get_command(context, name)
    assert command is not None, name
    yield from _help(command, context, name)


def _help(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    context.terminal_width = context.max_content_width = 100
    yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from _help(found, context, below)


if __name__ == "__main__":
    GENERATORS.write_text(updated(GENERATORS.read_text(encoding="utf-8")), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
