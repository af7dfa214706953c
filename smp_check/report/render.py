"""Comparison -> text, in every format."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError
from smp_check.report.budget import COMMENT, SUMMARY, fitted
from smp_check.report.build import build_view
from smp_check.report.escape import quiet_json
from smp_check.report.templating import Context, fill
from smp_check.spec.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.report.view import View
    from smp_check.verdict.model import Comparison

FORMATS = ("markdown", "summary", "html", "json", "junit", "text")
_TEMPLATES: dict[str, tuple[str, Context]] = {
    "markdown": ("comment.md.j2", "markdown"),
    "summary": ("comment.md.j2", "markdown"),
    "html": ("report.html.j2", "html"),
}
OWN_TEMPLATES = (*_TEMPLATES, "text")


def render(
    comparison: Comparison,
    format: str,  # noqa: A002 - what users call it, too
    *,
    template: str | None = None,
    color: bool = False,
    budget: int | None = None,
) -> str:
    """One comparison as ``markdown`` (the comment), ``summary``, ``html``, ``json``, ``junit`` or ``text``.

    ``template`` is the source of a Jinja template that is used instead of ours (all but json and junit).
    ``color`` is for text. ``budget`` is in characters for markdown (60,000 unless told), in bytes for summary
    (900,000); the other formats are as long as they are. Raises ``InputError`` for an unknown format, a faulty
    template and a budget that is too small.
    """
    if format not in FORMATS:
        raise InputError(f"there is no report format {format!r}", hint=f"choose one of {', '.join(FORMATS)}")
    if template is not None and format not in OWN_TEMPLATES:
        raise InputError(f"a template of your own cannot make {format}", hint=f"it can make {', '.join(OWN_TEMPLATES)}")
    if format == "json":
        return comparison_json(comparison)
    if format == "junit":
        from smp_check.report.junit import junit

        return junit([("", comparison)])
    view = build_view(comparison, folded=format == "markdown")
    if format == "text":
        return _text(view, comparison, template, color)
    return _document(view, comparison, format, template, budget)


def render_many(
    legs: Sequence[tuple[str, Comparison]],
    format: str = "markdown",  # noqa: A002
    *,
    template: str | None = None,
    color: bool = False,
    budget: int | None = None,
) -> str:
    """Several comparisons (the legs of a matrix) in one report: an overview, then a section for each.

    ``legs`` are (label, comparison); an empty label becomes the test's name. The rest is as with ``render``; a leg
    that the budget has no room for keeps its line in the overview. No leg raises ``InputError``.
    """
    from smp_check.report.legs import render_legs

    if not legs:
        raise InputError("nothing to report: no comparison was given")
    if len(legs) == 1 and not legs[0][0]:
        return render(legs[0][1], format, template=template, color=color, budget=budget)
    return render_legs(legs, format, template=template, color=color, budget=budget)


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


def _text(view: View, comparison: Comparison, template: str | None, color: bool) -> str:
    if template is not None:
        return fill("", _values(view, comparison), "text", template)
    from smp_check.report.text import text

    return text(view, color=color)


def _document(view: View, comparison: Comparison, format_: str, template: str | None, budget: int | None) -> str:
    name, context = _TEMPLATES[format_]
    limits = {"markdown": COMMENT, "summary": SUMMARY}
    if budget is None:
        budget = limits.get(format_)
    if format_ == "html":
        view = replace(view, limit=100_000)
    values = _values(view, comparison) if template is not None else {}
    return fitted(
        view,
        lambda shown: fill(name, {**values, "view": shown}, context, template),
        budget,
        len if format_ == "markdown" else lambda text: len(text.encode()),
    )


def _values(view: View, comparison: Comparison) -> dict[str, Any]:
    """What a template of the user's own can use."""
    return {"view": view, "comparison": plain_json(comparison)}
