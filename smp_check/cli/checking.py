"""One file through validation; imported only where files are validated, and then quick on many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.cli.files import display, read_bytes
from smp_check.spec.conformance import check_document
from smp_check.spec.kinds import kind_of
from smp_check.spec.presentation import Checked
from smp_check.spec.reading import MAX_BYTES, UnreadableError, read_documents

if TYPE_CHECKING:
    from pathlib import Path

    from smp_check.spec.findings import Finding
    from smp_check.spec.kinds import Kind


def check_file(path: Path, kind: Kind | None) -> Checked:
    """Validate every document of one file; what cannot be read as a document is a finding, not an error."""
    name = display(path)
    data = read_bytes(path, MAX_BYTES)
    try:
        documents = read_documents(data, name)
    except UnreadableError as fault:
        source = data.decode("utf-8", "replace").removeprefix("\ufeff")
        return Checked(file=name, kinds=(), findings=(fault.finding,), source=source)
    kinds = []
    findings: list[Finding] = []
    for document in documents:
        own = kind or kind_of(document.value)
        kinds.append(own)
        findings += check_document(document, own)
    source = documents[0].source if findings else ""
    return Checked(file=name, kinds=tuple(kinds), findings=tuple(findings), source=source)
