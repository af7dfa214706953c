"""Findings as SARIF 2.1.0, which code scanning of GitHub and others takes.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from smp_check import __version__
from smp_check.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.findings import Finding
    from smp_check.spec.presentation.model import Checked
    from smp_check.spec.rules import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
DOCS = "https://smp-check.dev/docs/rules.html"


def as_sarif(checked: Sequence[Checked]) -> str:
    """One run with all findings, and the catalogue of all rules."""
    order = {rule: index for index, rule in enumerate(RULES)}
    driver = {
        "name": "smp-check",
        "version": __version__,
        "informationUri": "https://smp-check.dev",
        "rules": [_rule(rule) for rule in RULES.values()],
    }
    results = [_result(finding, each.file, order) for each in checked for finding in each.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.mend},
        "helpUri": f"{DOCS}#{rule.id.lower()}",
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, file: str, order: dict[str, int]) -> dict[str, Any]:
    text = finding.message + (f" ({finding.fix})" if finding.fix else "")
    return {
        "ruleId": finding.id,
        "ruleIndex": order[finding.id],
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [_location(finding, file)],
    }


def _location(finding: Finding, file: str) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    if finding.position:
        physical["region"] = {"startLine": finding.position.line, "startColumn": finding.position.column}
    logical = [{"fullyQualifiedName": finding.pointer, "kind": "value"}]
    return {"physicalLocation": physical, "logicalLocations": logical}


def _uri(file: str) -> str:
    """A relative path stays relative: code scanning matches it with the repository's files."""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
