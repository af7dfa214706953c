"""A report within a size: whole sections and whole rows are left out, nothing is ever cut in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.errors import InputError
from smp_check.report.view import ESSENTIAL, SECTIONS

if TYPE_CHECKING:
    from smp_check.report.view import View

COMMENT = 60_000
"""Characters of a pull-request comment; GitHub's limit is 65,536."""
SUMMARY = 900_000
"""Bytes of a job summary; GitHub's limit is 1 MiB for all steps of a job."""
LEAST = 16_000
"""A budget that the essential sections fit whatever they hold; ordinarily a tenth of it is enough."""
_ROWS = (1_000, 200, 50)
_FEW_ROWS = (20, 8, 3, 1)


class BudgetError(InputError):
    """Not even the shortest report fits."""


def fitted(view: View, fill: Callable[[View], str], budget: int | None, size: Callable[[str], int] = len) -> str:
    """The fullest rendering of ``view`` whose ``size`` is within ``budget``.

    Raises ``BudgetError`` when not even the shortest is: a budget below ``LEAST``, or a template of the user's own
    that does not look at what may be shown.
    """
    text = fill(view)
    if budget is None or size(text) <= budget:
        return text
    ladder = list(_shorter(view))
    texts = [fill(ladder[-1])]
    if size(texts[0]) > budget:
        raise BudgetError(
            f"the shortest report has {size(texts[0]):,} characters, {budget:,} are allowed",
            hint="a template of your own prints a section only `if 'NAME' in view.shown`, and rows up to `view.limit`",
        )
    low, high = 0, len(ladder) - 1
    while low < high:  # each step down is shorter than the one before
        middle = (low + high) // 2
        shorter = fill(ladder[middle])
        if size(shorter) <= budget:
            high = middle
            texts.append(shorter)
        else:
            low = middle + 1
    return texts[-1]


def _shorter(view: View) -> Iterator[View]:
    """First fewer rows, then fewer sections from the least important on, then fewer rows still."""
    for limit in _ROWS:
        if limit < view.limit:
            yield replace(view, limit=limit)
    limit = min(view.limit, _ROWS[-1])
    for kept in range(len(SECTIONS) - 1, ESSENTIAL - 1, -1):
        shown = view.shown & frozenset(SECTIONS[:kept])
        if shown != view.shown:
            yield _only(view, shown, limit)
    essential = view.shown & frozenset(SECTIONS[:ESSENTIAL])
    for few in _FEW_ROWS:
        yield _only(view, essential, few)


def _only(view: View, shown: frozenset[str], limit: int) -> View:
    left_out = tuple(name for name in SECTIONS if name in view.shown and name not in shown and _holds(view, name))
    return replace(view, shown=shown, limit=limit, left_out=left_out)


def _holds(view: View, name: str) -> bool:
    """Whether a section would have had anything to show."""
    held = {
        "failures": view.causes,
        "metrics": view.notable,
        "remarks": view.notes,
        "advice": view.advice,
        "overhead": view.overhead,
        "certainty": view.certainty,
        "mismatches": view.mismatches,
        "details": view.rows,
        "chart": view.charts,
        "environment": view.environment,
        "findings": view.conformance and view.conformance.findings,
        "conformance": view.conformance,
    }
    return bool(held.get(name, True))
