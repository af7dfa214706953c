"""``smp-check import``: another tool's output as a run document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT
from smp_check.spec.generators import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from smp_check.load.imported.document import Given
    from smp_check.spec.run import RunDocument

MOST_BYTES = 256 * 1024 * 1024
"""Results with every request in them are longer than documents."""
SERIES = ("series", "github-action-benchmark")
"""What is a directory of runs, even when there is only one."""
SOURCES = (*PROGRAMS, "meshery", "github-action-benchmark", "series")


@click.command("import", context_settings=CONTEXT)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--from", "source", type=click.Choice(["auto", *SOURCES]), default="auto", show_default=True)
@click.option("--test-name", metavar="NAME", help="Name the test; default: what the source says, else the file's name.")
@click.option("--service-mesh", metavar="MESH", help="Name the mesh that was measured: istio, linkerd, consul...")
@click.option("--commit", metavar="SHA", help="The commit that was measured.")
@click.option("--branch", metavar="NAME", help="The branch that was measured.")
@click.option("--start-time", metavar="TIME", help="When the run began, for a source that does not tell (RFC 3339).")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write here; default stdout. For a file of several results, a directory.",
)
@console_options
def import_command(
    file: Path,
    source: str,
    test_name: str | None,
    service_mesh: str | None,
    commit: str | None,
    branch: str | None,
    start_time: str | None,
    output: Path | None,
    console: Console,
) -> None:
    """Turn FILE (or - for stdin), the output of another load generator or of Meshery, into a run document.

    What the file is shows in what is in it. What a source does not tell is absent, never zero; what is
    doubtful about it is said on stderr and in the document's remarks. A series is a table of runs, CSV or
    JSON, with columns time, commit and one for each metric: it becomes a directory that compare and trend read.

    \b
    Examples:
      fortio load -json - http://127.0.0.1:8080/ | smp-check import - -o run.json
      smp-check import summary.json --from k6 --commit "$GITHUB_SHA" -o run.json
      smp-check import history.csv --from series -o history/
    """
    from smp_check.cli.files import display, read_bytes
    from smp_check.load.imported.document import Given, document_of
    from smp_check.load.imported.source import Content
    from smp_check.load.imported.sources import read_source

    data = read_bytes(file, MOST_BYTES)
    found, results = read_source(Content(data, display(file)), None if source == "auto" else source)
    given = Given(
        source=found.name,
        file=file.name if str(file) != "-" else display(file),
        name=test_name,
        mesh=_mesh(service_mesh),
        commit=commit,
        branch=branch,
        start=_time(start_time),
        written=_written(file),
    )
    runs = [_named(document_of(each, given, data, index), given, file) for index, each in enumerate(results)]
    _write(runs, output, series=found.name in SERIES)
    _tell(runs, given, console)


def _mesh(text: str | None) -> str | None:
    """SMP's name of a mesh. Raises ``InputError`` with the nearest for an unknown one."""
    if text is None:
        return None
    from difflib import get_close_matches

    from smp_check.errors import InputError
    from smp_check.spec.messages.mesh import MESH_TYPE
    from smp_check.spec.overrides import mesh_type

    kind = mesh_type(text)
    if kind not in MESH_TYPE.values:
        near = get_close_matches(kind, MESH_TYPE.values, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(MESH_TYPE.values[1:])}"
        raise InputError(f"SMP knows no mesh {text!r}", hint=hint)
    return kind


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    from smp_check.errors import InputError
    from smp_check.load.imported.series import read_time

    moment = read_time(text)
    if moment is None:
        raise InputError(f"--start-time {text!r} is no time", hint="write for example 2026-01-31T12:00:00Z")
    return moment


def _written(file: Path) -> datetime:
    """When the file was last written; for stdin, now."""
    from datetime import datetime, timezone

    from smp_check.cli.bench import now

    return now() if str(file) == "-" else datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)


def _named(run: RunDocument, given: Given, file: Path) -> RunDocument:
    """A run whose source gives no name is called after the file."""
    from dataclasses import replace

    if run.test.get("name") != "imported" or given.name:
        return run
    return replace(run, test={**run.test, "name": file.stem if str(file) != "-" else "imported"})


def _write(runs: Sequence[RunDocument], output: Path | None, *, series: bool) -> None:
    from smp_check.cli.output import prepare, prepare_directory, to_text, write
    from smp_check.errors import InputError
    from smp_check.spec.result import document_json

    if len(runs) == 1 and not series:
        if output is not None:
            prepare(output)
        write(output, to_text(document_json(runs[0])))
        return
    if output is None:
        raise InputError(f"these are {len(runs)} results", hint="give a directory for them: --output DIR")
    prepare_directory(output)
    for number, run in enumerate(runs, start=1):
        write(output / _file_name(number, run), to_text(document_json(run)))


def _file_name(number: int, run: RunDocument) -> str:
    """Sorted by age: number, time and commit."""
    moment = "".join(char for char in str(run.result.get("start_time", ""))[:19] if char.isalnum())
    parts = [f"{number:05d}", moment, (run.details.provenance.commit or "")[:12]]
    safe = ["".join(char for char in part if char.isalnum()) for part in parts]
    return "-".join(part for part in safe if part) + ".json"


def _tell(runs: Sequence[RunDocument], given: Given, console: Console) -> None:
    """What is doubtful: the remarks of the source, and what conformance finds."""
    from smp_check.spec.conformance import check_value
    from smp_check.spec.findings import Severity
    from smp_check.spec.kinds import Kind
    from smp_check.spec.result import document_json

    said: dict[str, Any] = {}
    for run in runs:
        for remark in run.details.remarks:
            said.setdefault(remark.message, remark.severity != "note")
    if len(runs) == 1:
        findings = check_value(document_json(runs[0]), Kind.RUN)
        for finding in findings:
            text = f"{finding.id}: {finding.pointer}: {finding.message}"
            said.setdefault(text, finding.severity is not Severity.NOTE)
    for text, loud in said.items():
        (console.warn if loud else console.detail)(text)
    console.say(f"read as {given.source}: {len(runs)} run{'s' if len(runs) != 1 else ''}")
