"""Several comparisons in one report: an overview with a line for each, then a section for each, failing ones first."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smp_check.errors import InputError
from smp_check.report.budget import COMMENT, SUMMARY, BudgetError, fitted
from smp_check.report.build import build_view
from smp_check.report.document import comparison_json, plain_json
from smp_check.report.escape import LONGEST_NAME, plain, quiet_json, terminal
from smp_check.report.render import render
from smp_check.report.templating import fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.report.view import View
    from smp_check.verdict.model import Comparison

_RANK = {"bad": 0, "warn": 1, "good": 2, "calm": 2}
LINE = 700
"""Characters that a leg's line in the overview may take, whatever it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One comparison of several."""

    label: str
    view: View
    body: str | None = None
    """Its own report; ``None`` where there was no room for it."""


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
    if not legs:
        raise InputError("nothing to report: no comparison was given")
    if len(legs) == 1 and not legs[0][0]:
        return render(legs[0][1], format, template=template, color=color, budget=budget)
    return _together(legs, format, template=template, color=color, budget=budget)


def _together(
    legs: Sequence[tuple[str, Comparison]], format_: str, *, template: str | None, color: bool, budget: int | None
) -> str:
    if format_ == "json":
        return _json(legs)
    if format_ == "junit":
        from smp_check.report.junit import junit

        return junit(legs)
    if format_ == "text":
        return "\n".join(_text(label, comparison, template, color) for label, comparison in legs)
    if format_ == "html":
        raise InputError("an HTML page holds one comparison", hint="render one page for each")
    return _markdown(legs, format_, template, budget)


def _json(legs: Sequence[tuple[str, Comparison]]) -> str:
    """JSON Lines would lose the labels: an object per leg in a list."""
    document = [{"label": label, "comparison": json.loads(comparison_json(each))} for label, each in legs]
    return quiet_json(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)) + "\n"


def _text(label: str, comparison: Comparison, template: str | None, color: bool) -> str:
    body = render(comparison, "text", template=template, color=color)
    return f"== {terminal(label, LONGEST_NAME)} ==\n{body}" if label else body


def _markdown(legs: Sequence[tuple[str, Comparison]], format_: str, template: str | None, budget: int | None) -> str:
    size = len if format_ == "markdown" else _bytes
    budget = budget or (COMMENT if format_ == "markdown" else SUMMARY)
    made = [(_leg(label, each, format_), each) for label, each in legs]
    made.sort(key=lambda pair: _RANK[pair[0].view.tone])
    listed = min(len(made), max(1, budget // (2 * LINE)))
    left = budget - size(_overview([leg for leg, _ in made], listed))
    bodies = []
    for place, (leg, comparison) in enumerate(made):
        body = _body(leg, comparison, template, left // (len(made) - place) - LINE, format_)
        left -= size(body) + LINE if body else 0
        bodies.append(replace(leg, body=body))
    return _overview(bodies, listed)


def _bytes(text: str) -> int:
    return len(text.encode())


def _leg(label: str, comparison: Comparison, format_: str) -> Leg:
    view = build_view(comparison, folded=format_ == "markdown")
    return Leg(label=plain(label, LONGEST_NAME) or view.title, view=view)


def _body(leg: Leg, comparison: Comparison, template: str | None, budget: int, format_: str) -> str | None:
    values = {"comparison": plain_json(comparison)} if template is not None else {}
    size = len if format_ == "markdown" else _bytes
    try:
        return fitted(
            leg.view, lambda view: fill("comment.md.j2", {**values, "view": view}, "markdown", template), budget, size
        )
    except BudgetError:
        return None


def _overview(legs: Sequence[Leg], listed: int) -> str:
    from markupsafe import Markup

    ready = [replace(leg, body=Markup(leg.body)) if leg.body else leg for leg in legs]  # noqa: S704 - rendered by us
    failed = sum(leg.view.outcome == "failed" for leg in legs)
    return fill("legs.md.j2", {"legs": ready, "listed": listed, "failed": failed}, "markdown")
