"""Findings as one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smp_check.spec.findings import Severity
from smp_check.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.findings import Finding
    from smp_check.spec.presentation.model import Checked


def as_json(checked: Sequence[Checked]) -> str:
    """One object: the totals, and each file with its findings."""
    totals = {f"{severity.value}s": sum(each.count(severity) for each in checked) for severity in Severity}
    document = {
        "conformant": not totals["errors"],
        "files": len(checked),
        **totals,
        "results": [_file(each) for each in checked],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _file(checked: Checked) -> dict[str, Any]:
    return {
        "file": checked.file,
        "kinds": [kind.value for kind in checked.kinds],
        "conformant": not checked.count(Severity.ERROR),
        "findings": [_finding(finding) for finding in checked.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.position
    return {
        "id": finding.id,
        "name": RULES[finding.id].name,
        "severity": finding.severity.value,
        "pointer": finding.pointer,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "message": finding.message,
        "fix": finding.fix,
    }
