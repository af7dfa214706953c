"""What was checked, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field

from smp_check.spec.findings import Finding, Severity
from smp_check.spec.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file after validation."""

    file: str
    kinds: tuple[Kind, ...]
    """The kind of each of its documents; none for a file that could not be read."""
    findings: tuple[Finding, ...]
    source: str = field(default="", repr=False)
    """The text of the file, kept only when there are findings to show in it."""

    def count(self, severity: Severity) -> int:
        """How many findings weigh so much."""
        return sum(finding.severity is severity for finding in self.findings)
