"""The comparison document as text: what `report --format json` writes, and what templates of one's own can use."""

from __future__ import annotations

import json
import math
from enum import Enum
from typing import TYPE_CHECKING, Any

from smp_check.report.escape import quiet_json
from smp_check.spec.codec import to_json

if TYPE_CHECKING:
    from smp_check.verdict.model import Comparison


def comparison_json(comparison: Comparison) -> str:
    """The comparison document, format version first; numbers that are none are ``null``."""
    document = {"smp_check_comparison": comparison.smp_check_comparison, **plain_json(comparison)}
    return quiet_json(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)) + "\n"


def plain_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain JSON values."""
    document: dict[str, Any] = _finite(to_json(comparison))
    return document


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return None if isinstance(value, float) and not math.isfinite(value) else value
