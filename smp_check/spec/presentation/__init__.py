"""Findings for people and for programs: text with the source line, JSON, SARIF, GitHub annotations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from smp_check.spec.presentation.annotations import as_annotations
from smp_check.spec.presentation.model import Checked
from smp_check.spec.presentation.plain import as_json
from smp_check.spec.presentation.sarif import as_sarif

if TYPE_CHECKING:
    Present = Callable[[Sequence[Checked]], str]

FORMATS: Mapping[str, Present] = {"json": as_json, "sarif": as_sarif, "github": as_annotations}
"""Formats for programs; text for people is `text.as_text`, which knows colours."""

__all__ = ["FORMATS", "Checked"]
