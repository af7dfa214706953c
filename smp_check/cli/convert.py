"""``smp-check convert``: between SMP spellings, syntaxes and versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.conversion import LatencyUnit, Spelling
    from smp_check.spec.kinds import Kind

MESSAGES = ("test", "mesh", "service-mesh", "environment", "result")
PARTS = ("test", "mesh", "environment", "result")
SYNTAXES = ("yaml", "json", "binary")
_BY_SUFFIX = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
_BINARY_SUFFIXES = (".pb", ".binpb", ".bin")


@click.command("convert", context_settings=CONTEXT)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--to", "syntax", type=click.Choice(SYNTAXES), help="Default: by -o's name, else as the file is.")
@click.option("--from", "source", type=click.Choice(["text", "binary"]), help="Default: by the file's name.")
@click.option(
    "--spelling",
    type=click.Choice(["snake", "camel"]),
    default="snake",
    show_default=True,
    help="snake_case, or protobuf's JSON: camelCase and 64-bit numbers as text.",
)
@click.option("--enums", type=click.Choice(["names", "numbers"]), default="names", show_default=True)
@click.option(
    "--latency-unit",
    type=click.Choice(["auto", "s", "ms"]),
    default="auto",
    show_default=True,
    help="What the numbers in latencies_ms are. auto: seconds in Meshery's exports and in the 2019-20 shape, "
    "else milliseconds; never guessed from their size.",
)
@click.option("--kind", type=click.Choice(MESSAGES), help="What the file holds; binary files don't say.")
@click.option("--part", type=click.Choice(PARTS), help="Only this part of a run document or a configuration.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here; default stdout.")
@console_options
@click.pass_context
def convert_command(
    ctx: click.Context,
    file: Path,
    syntax: str | None,
    source: str | None,
    spelling: str,
    enums: str,
    latency_unit: LatencyUnit,
    kind: str | None,
    part: str | None,
    output: Path | None,
    console: Console,
) -> None:
    """Convert FILE (or - for stdin) between SMP spellings, syntaxes and versions, and mend what can be mended.

    Reads YAML, JSON, JSON Lines and protobuf's binary form; today's messages in any spelling, Meshery's
    export (seconds in latencies_ms) and the shape of 2019-20. What SMP has no field for is kept in labels
    and named. What was done is said on stderr. Exits 2 when the outcome still does not conform.

    \b
    Examples:
      smp-check convert result_1234.yaml -o result.json
      smp-check convert run.json --part result --to binary -o result.pb
      smp-check convert result.pb --kind result --to yaml
      smp-check convert test.yaml --spelling camel --enums numbers
    """
    from smp_check.cli.output import prepare
    from smp_check.errors import ExitCode
    from smp_check.spec.conversion import Spelling

    if output is not None:
        prepare(output)
    read, notes, form = _read(file, source, kind)
    wanted = Spelling(camel=spelling == "camel", enum_numbers=enums == "numbers")
    documents = [_convert(value, known, part, wanted, latency_unit, notes) for value, known in read]
    target = syntax or _syntax_of(output) or form
    _write(documents, target, output)
    for note in dict.fromkeys(notes):
        console.say(note)
    conforms = [_conforms(value, known, console) for value, known in documents]
    ctx.exit(ExitCode.PASSED if all(conforms) else ExitCode.USAGE)


def _syntax_of(path: Path | None) -> str | None:
    if path is None:
        return None
    return "binary" if path.suffix in _BINARY_SUFFIXES else _BY_SUFFIX.get(path.suffix)


def _read(path: Path, source: str | None, kind: str | None) -> tuple[list[tuple[Any, Kind]], list[str], str]:
    """Documents with their kinds, notes for the user, and the syntax that they had."""
    from smp_check.cli.files import display, read_bytes
    from smp_check.spec.kinds import Kind, kind_of
    from smp_check.spec.reading import read_documents

    if (source or _syntax_of(path)) == "binary":
        value, notes = _read_binary(path, kind)
        return [(value, Kind(kind))], notes, "yaml"
    documents = read_documents(read_bytes(path), display(path))
    form = "json" if documents[0].source.lstrip()[:1] in ("{", "[") else "yaml"
    return [(each.value, Kind(kind) if kind else kind_of(each.value)) for each in documents], [], form


def _read_binary(path: Path, kind: str | None) -> tuple[dict[str, Any], list[str]]:
    from smp_check.cli.files import display, read_bytes
    from smp_check.errors import InputError
    from smp_check.spec.kinds import MESSAGE_OF, Kind
    from smp_check.spec.wire import decode

    if kind is None:
        raise InputError(f"{display(path)}: a binary message does not say what it is", hint="add --kind result, say")
    try:
        value, unknown = decode(read_bytes(path), MESSAGE_OF[Kind(kind)])
    except ValueError as fault:
        raise InputError(f"{display(path)} is no {kind} in protobuf's binary form: {fault}") from fault
    value |= {"labels": dict(unknown) | value.get("labels", {})} if unknown else {}
    notes = [f"kept in labels, in hexadecimal: {', '.join(name for name, _ in unknown)}"] if unknown else []
    return value, notes


def _convert(
    value: Any, kind: Kind, part: str | None, spelling: Spelling, unit: LatencyUnit, notes: list[str]
) -> tuple[Any, Kind]:
    from smp_check.errors import InputError
    from smp_check.spec.conversion import convert
    from smp_check.spec.kinds import PARTS as KINDS

    if part is not None:
        if not isinstance(value, dict) or not isinstance(value.get(part), dict):
            raise InputError(f"the document has no part {part}", hint="--part is for run documents and configurations")
        value, kind = value[part], KINDS[part]
    try:
        made, known, log = convert(value, kind, spelling, unit)
    except ValueError as fault:
        raise InputError(str(fault), hint="smp-check import reads the output of load generators") from fault
    notes += log.notes
    return made, known


def _write(documents: Sequence[tuple[Any, Kind]], syntax: str, output: Path | None) -> None:
    from smp_check.cli.output import write, write_bytes
    from smp_check.spec.yaml_writing import to_yaml

    values = [value for value, _ in documents]
    if syntax == "binary":
        write_bytes(output, _binary(documents))
    elif syntax == "yaml":
        write(output, to_yaml(values))
    else:
        write(output, _json(values))


def _json(values: Sequence[Any]) -> str:
    """One document for people, several as JSON Lines."""
    import json

    from smp_check.cli.output import to_text
    from smp_check.errors import InputError

    try:
        if len(values) == 1:
            return to_text(values[0])
        return "".join(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n" for value in values)
    except ValueError as fault:
        raise InputError(
            "a number is not finite, and JSON has no word for that",
            hint="smp-check validate says where; --to yaml can write it",
        ) from fault


def _binary(documents: Sequence[tuple[Any, Kind]]) -> bytes:
    from smp_check.errors import InputError
    from smp_check.spec.kinds import MESSAGE_OF
    from smp_check.spec.spelling import canonical
    from smp_check.spec.wire import encode

    if len(documents) != 1 or documents[0][1] not in MESSAGE_OF:
        raise InputError(
            "the binary form is for one SMP message",
            hint=f"take one with --part {'|'.join(PARTS)}",
        )
    value, kind = documents[0]
    return encode(canonical(value, MESSAGE_OF[kind]), MESSAGE_OF[kind])


def _conforms(value: Any, kind: Kind, console: Console) -> bool:
    """Whether the outcome conforms; if not, the first faults are named."""
    from smp_check.spec.conformance import check_value, conformant
    from smp_check.spec.findings import Severity

    findings = check_value(value, kind)
    for finding in [each for each in findings if each.severity is Severity.ERROR][:10]:
        fix = f" — {finding.fix}" if finding.fix else ""
        console.warn(f"still not conformant: {finding.pointer or '/'}: {finding.id}: {finding.message}{fix}")
    return conformant(findings)
