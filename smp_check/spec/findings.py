"""A finding: one thing that a document says wrongly, where it stands, and how to mend it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(str, enum.Enum):
    """How much a finding weighs: only errors make a document non-conformant."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a text file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One conformance finding."""

    id: str
    """Stable rule id, ``SMP101`` and so on."""
    severity: Severity
    pointer: str
    """JSON pointer (RFC 6901) of the value in its document."""
    message: str
    """What is wrong."""
    fix: str = ""
    """How to mend it."""
    position: Position | None = None
