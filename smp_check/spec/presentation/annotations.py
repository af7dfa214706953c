"""Findings as GitHub Actions workflow commands, which become annotations at the file and line.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.findings import Finding
    from smp_check.spec.presentation.model import Checked

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def as_annotations(checked: Sequence[Checked]) -> str:
    """One workflow command for each finding."""
    return "".join(_command(finding, each.file) + "\n" for each in checked for finding in each.findings)


def _command(finding: Finding, file: str) -> str:
    place = finding.position
    properties = {"file": file}
    if place:
        properties |= {"line": str(place.line), "col": str(place.column)}
    properties["title"] = f"{finding.id} {RULES[finding.id].name}"
    text = finding.message + (f" — {finding.fix}" if finding.fix else "")
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_LEVELS[finding.severity.value]} {listed}::{_data(text)}"


def _data(text: str) -> str:
    """Escaped so that no text of a document can end the command or begin another."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
