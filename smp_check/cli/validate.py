"""``smp-check validate``: conformance of any SMP document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options, quiet, wants_color
from smp_check.cli.options import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smp_check.spec.presentation import Checked

FORMATS = ("text", "json", "sarif", "github")
KINDS = ("configuration", "test", "mesh", "service-mesh", "environment", "result", "run", "comparison")
SUFFIXES = (".yaml", ".yml", ".json", ".jsonl", ".ndjson")


@click.command("validate", context_settings=CONTEXT)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("-f", "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--kind", type=click.Choice(KINDS), help="What the documents are; default: seen from their fields.")
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option("--explain", metavar="ID", help="Explain a rule, such as SMP104, and exit; `all` explains every one.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the findings here; default stdout.")
@console_options
@click.pass_context
def validate_command(
    ctx: click.Context,
    paths: tuple[str, ...],
    format_: str,
    kind: str | None,
    strict: bool,
    explain: str | None,
    output: Path | None,
    console: Console,
) -> None:
    """Check SMP documents for conformance: schema, and what no schema can say.

    PATH is a file, a directory (all YAML and JSON files in it), a pattern such as 'results/**/*.json',
    or - for stdin. Test, mesh, environment and result documents, run and comparison documents,
    configurations and Meshery's test files are told apart by their fields; YAML with several documents,
    lists and JSON Lines are read whole. Exits 0 when everything conforms, 2 when not.

    \b
    Examples:
      smp-check validate smp-check.yaml results/
      smp-check validate --format sarif -o findings.sarif 'history/**/*.json'
      curl -s https://.../result.yaml | smp-check validate --kind result -
      smp-check validate --explain SMP208
    """
    from smp_check.cli.checking import check_file
    from smp_check.cli.output import prepare, write
    from smp_check.errors import ExitCode
    from smp_check.spec.findings import Severity
    from smp_check.spec.kinds import Kind

    if explain is not None:
        write(output, explanation(explain))
        return
    if not paths:
        raise click.UsageError("no documents: name files, directories or patterns, or - for stdin")
    if output is not None:
        prepare(output)
    checked = [check_file(path, Kind(kind) if kind else None) for path in find(paths)]
    write(output, _present(checked, format_, output is None and console.color, console))
    if format_ != "text" or output is not None:
        from smp_check.spec.presentation.text import summary

        console.say(summary(checked))
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    ctx.exit(ExitCode.USAGE if any(each.count(severity) for each in checked for severity in failing) else 0)


def find(paths: Sequence[str]) -> Iterator[Path]:
    """The files that the arguments mean, each once. Raises ``InputError`` for one that means none."""
    seen: set[Path] = set()
    for path in paths:
        for file in _files(path):
            if file not in seen:
                seen.add(file)
                yield file


def _files(text: str) -> list[Path]:
    import glob

    from smp_check.errors import InputError

    path = Path(text)
    if path.is_dir():
        pattern, found = f"{text.rstrip('/')}/", [file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES]
    elif text == "-" or path.exists() or path.is_symlink() or not glob.has_magic(text):
        return [path]
    else:
        pattern, found = text, [Path(name) for name in glob.iglob(text, recursive=True)]  # noqa: PTH207 - takes absolute patterns
    files = sorted(file for file in found if not file.is_dir())
    if not files:
        raise InputError(f"{pattern}: no documents there", hint=f"looked for {', '.join('*' + s for s in SUFFIXES)}")
    return files


def _present(checked: Sequence[Checked], format_: str, color: bool, console: Console) -> str:
    from smp_check.spec.findings import Severity
    from smp_check.spec.presentation import FORMATS as PRESENTERS
    from smp_check.spec.presentation.text import as_text, plain

    if format_ != "text":
        return PRESENTERS[format_](checked)
    shown = (Severity.ERROR, Severity.WARNING) if console.quiet else tuple(Severity)
    colored = color and wants_color(False, sys.stdout.isatty())
    return quiet(as_text(checked, click.style if colored else plain, shown=shown), color=colored)


def explanation(rule_id: str) -> str:
    """The text of one rule, or of all. Raises ``InputError`` for an id that is none."""
    from smp_check.errors import InputError
    from smp_check.spec.rules import RULES
    from smp_check.spec.rules.text import rule_text

    if rule_id.lower() == "all":
        return "\n".join(rule_text(rule) for rule in RULES.values())
    wanted = rule_id.upper()
    found = RULES.get(wanted) or next((rule for rule in RULES.values() if rule.name == rule_id.lower()), None)
    if found is None:
        raise InputError(f"there is no rule {rule_id!r}", hint=f"rules are {', '.join(RULES)}")
    return rule_text(found)
