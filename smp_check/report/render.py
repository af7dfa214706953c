"""Comparison -> text, in every format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError
from smp_check.report.budget import COMMENT, SUMMARY, fitted
from smp_check.report.build import build_view
from smp_check.report.document import comparison_json, plain_json
from smp_check.report.templating import Context, fill

if TYPE_CHECKING:
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
