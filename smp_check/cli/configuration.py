"""From the path on the command line to a ``Configuration`` that has been found conformant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.errors import InputError
from smp_check.spec.overrides import Overrides, minimal, override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.cli.console import Console
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.findings import Finding
    from smp_check.spec.reading import Document

USUAL_NAMES = ("smp-check.yaml", "smp-check.yml", "smp-check.json", ".github/smp-check.yaml", ".github/smp-check.yml")


def load_configuration(path: Path | None, overrides: Overrides, console: Console) -> Configuration:
    """Read, override, judge and build. Raises ``InputError`` with every error's place in the file."""
    from smp_check.spec.builder import build_configuration
    from smp_check.spec.conformance import check_document, conformant
    from smp_check.spec.kinds import Kind

    document = _document(path, overrides)
    document = replace(document, value=override(document.value, overrides))
    findings = check_document(document, Kind.CONFIGURATION)
    if not conformant(findings):
        raise InputError(_explain(findings), hint=f"smp-check validate {document.file} shows all of it")
    for finding in findings:
        console.detail(_line(finding))
    configuration = build_configuration(document)
    if not configuration.name:
        name = Path(document.file).stem
        configuration = replace(configuration, name=name, test={**configuration.test, "name": name})
    return configuration


def _document(path: Path | None, overrides: Overrides) -> Document:
    from smp_check.cli.files import load_documents
    from smp_check.spec.reading import read_documents

    found = path or next((Path(name) for name in USUAL_NAMES if Path(name).is_file()), None)
    if found is None and overrides.endpoint_url:
        text = _as_json(minimal(overrides.test_name or "default"))
        return read_documents(text, "(options)")[0]
    if found is None:
        raise InputError(
            "no configuration: name a file, or give --endpoint-url",
            hint=f"without a name these are looked for: {', '.join(USUAL_NAMES)}",
        )
    documents = load_documents(found)
    if len(documents) > 1:
        raise InputError(f"{found} holds {len(documents)} documents; a configuration is one")
    return documents[0]


def _as_json(value: object) -> bytes:
    import json

    return json.dumps(value).encode()


def _explain(findings: Sequence[Finding]) -> str:
    from smp_check.spec.findings import Severity

    errors = [_line(finding) for finding in findings if finding.severity is Severity.ERROR]
    more = f"\n  ... and {len(errors) - 10} more" if len(errors) > 10 else ""
    return "\n  ".join(["the configuration does not conform:", *errors[:10]]) + more


def _line(finding: Finding) -> str:
    place = f"{finding.position}: " if finding.position else ""
    fix = f" — {finding.fix}" if finding.fix else ""
    return f"{place}{finding.id}: {finding.message}{fix}"
