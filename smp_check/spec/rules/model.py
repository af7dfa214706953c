"""What a rule is, apart from the code that finds breaches of it."""

from __future__ import annotations

from dataclasses import dataclass

from smp_check.spec.findings import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of conformance; its id never changes its meaning."""

    id: str
    name: str
    """A short name in kebab-case."""
    severity: Severity
    """What a breach weighs as a rule; some places are judged more mildly, and say so."""
    title: str
    """The rule in a sentence."""
    why: str
    """What goes wrong otherwise."""
    mend: str
    """How to mend it."""
    wrong: str = ""
    """An example that breaks it, in YAML."""
    right: str = ""
    """The same, mended."""
