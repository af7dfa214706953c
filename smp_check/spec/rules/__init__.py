"""The rules of conformance: one catalogue for findings, ``validate --explain``, SARIF and the documentation."""

from __future__ import annotations

from collections.abc import Mapping

from smp_check.spec.findings import Finding, Severity
from smp_check.spec.rules import meaning, structure
from smp_check.spec.rules.model import Rule

RULES: Mapping[str, Rule] = {rule.id: rule for rule in (*structure.RULES, *meaning.RULES)}


def breach(rule: str, pointer: str, message: str, fix: str = "", *, severity: Severity | None = None) -> Finding:
    """A finding of this rule, with the rule's severity unless another is given."""
    weight = severity or RULES[rule].severity
    return Finding(id=rule, severity=weight, pointer=pointer, message=message, fix=fix)


__all__ = ["RULES", "Rule", "breach"]
