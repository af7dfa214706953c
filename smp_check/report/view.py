"""The view model: everything that a report shows, as text, in the order of its importance.

Strings here are raw: they may hold anything that a user or a server wrote. Escaping happens where they are put
into a document, by the rules of that document (``templating``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smp_check.report.charts import Percentiles
from smp_check.report.forest import Forest
from smp_check.report.overhead import Overhead

SECTIONS = (
    "failures",
    "metrics",
    "remarks",
    "advice",
    "overhead",
    "certainty",
    "compared",
    "conformance",
    "mismatches",
    "details",
    "chart",
    "policy",
    "environment",
    "findings",
)
"""What a budget may leave out goes from the end of this list."""
ESSENTIAL = 5
"""The first of them stay, with fewer rows if need be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One metric of one client."""

    client: str
    metric: str
    base: str
    head: str
    change: str
    interval: str
    verdict: str
    symbol: str
    tone: str
    """``bad``, ``warn``, ``good`` or ``calm``: how it should look."""
    reason: str
    gating: bool
    fails: bool
    """Whether this metric by itself fails the gate."""
    tolerance: str
    detectable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One remark on the validity of the measurement."""

    severity: str
    symbol: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceView:
    """The result of validating the run document."""

    conformant: bool
    symbol: str
    sentence: str
    findings: tuple[Mapping[str, str], ...] = ()
    """id, severity, pointer, message, fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One comparison, ready to be put into a template."""

    title: str
    symbol: str
    tone: str
    verdict: str
    outcome: str
    """``failed`` or ``passed``: the gate."""
    state: str
    """The outcome in a word or two: ``failed``, ``no change``, ``inconclusive``..."""
    leniency: str
    """Why the gate passes although nothing was shown to be well; else empty."""
    headline: str
    failures: tuple[str, ...]
    causes: tuple[str, ...]
    """The failures that neither the headline nor a note tells already."""
    rows: tuple[Row, ...]
    """All metrics, the ones that need attention first."""
    notable: tuple[Row, ...]
    """The rows that need attention."""
    table: tuple[Row, ...]
    """The rows of the first table: what gates or needs attention, while that is few."""
    told: tuple[tuple[str, str], ...]
    """Metrics and the reason of their verdict, where a reader wants to know it: names, reason."""
    unresolved: tuple[Row, ...]
    """The rows that say what they could have seen."""
    several_clients: bool
    notes: tuple[Note, ...]
    advice: tuple[str, ...]
    certainty: tuple[str, ...]
    compared: tuple[tuple[str, str], ...]
    """What was compared with what: label and value."""
    conformance: ConformanceView | None
    mismatches: tuple[tuple[str, str, str], ...]
    environment: tuple[tuple[str, str, str], ...]
    """Machine: field, baseline, head."""
    commands: tuple[tuple[str, str], ...]
    """By client, the load generator's command line."""
    policy: tuple[tuple[str, str], ...]
    gates: tuple[tuple[str, str], ...]
    charts: tuple[Percentiles, ...]
    forest: Forest | None
    overhead: Overhead | None
    base_name: str
    """``base`` where both sides were measured together, else ``baseline``."""
    created: str
    version: str
    folded: bool = True
    """Whether details are folded away."""
    limit: int = 1_000
    """Rows of any table that are shown."""
    shown: frozenset[str] = frozenset(SECTIONS)
    left_out: tuple[str, ...] = ()
    """Sections that the budget did not allow."""

    @property
    def calm(self) -> bool:
        """Nothing fails and nothing needs a person: the comment may be short."""
        faulty = any(note.severity == "error" for note in self.notes)
        conformant = self.conformance is None or self.conformance.conformant
        return self.outcome == "passed" and conformant and not self.notable and not faulty
