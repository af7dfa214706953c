"""The rules of conformance: one catalogue for findings, ``validate --explain``, SARIF and the documentation."""

from __future__ import annotations

from collections.abc import Mapping

from smp_check.spec.findings import Finding, Severity
from smp_check.spec.rules import meaning, structure
from smp_check.spec.rules.model import Rule

RULES: Mapping[str, Rule] = {rule.id: rule for rule in (*structure.RULES, *meaning.RULES)}

LONGEST = 300
"""Characters of a message."""


def breach(rule: str, pointer: str, message: str, fix: str = "", *, severity: Severity | None = None) -> Finding:
    """A finding of this rule, with the rule's severity unless another is given."""
    weight = severity or RULES[rule].severity
    return Finding(id=rule, severity=weight, pointer=pointer, message=_short(message), fix=_short(fix))


def _short(text: str) -> str:
    """What a document says may be a megabyte long; what is said of it is not."""
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


__all__ = ["RULES", "Rule", "breach"]
