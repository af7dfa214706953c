"""The report for a terminal: terse, at most 100 columns, in colour where asked."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from smp_check.report.escape import terminal
from smp_check.report.values import ABSENT, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smp_check.report.overhead import Added
    from smp_check.report.view import Row, View

WIDTH = 100
COLORS = {"bad": "31", "warn": "33", "good": "32", "calm": "0"}
BOLD = "1"
DIM = "2"
LONGEST_NAME = 40
SHORTEST_NAME = 12
REASONS = 20
"""Metrics whose reasons are spelled out."""


def text(view: View, *, color: bool = False) -> str:
    """The whole report."""
    paint = _Paint(color)
    lines = [
        *_headline(view, paint),
        "",
        *_table(view, paint),
        *_reasons(view),
        *_notes(view, paint),
        *_foot(view, paint),
    ]
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


class _Paint:
    """Text in colour, or as it is."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._wanted and style != "0" else text


def _headline(view: View, paint: _Paint) -> Iterator[str]:
    word = view.outcome.upper()
    color = COLORS["good" if view.outcome == "passed" else "bad"]
    yield f"{paint(word, f'{BOLD};{color}')}  {paint(terminal(view.title, WIDTH - len(word) - 2), BOLD)}"
    yield from _wrapped(view.headline, "")
    if view.leniency:
        yield from _wrapped(view.leniency, "")
    for cause in view.causes[:REASONS]:
        yield from _wrapped(cause, "  - ")


def _table(view: View, paint: _Paint) -> list[str]:
    if not view.rows:
        return []
    lines = _tabulated(view, paint, LONGEST_NAME)
    over = max(len(unstyle(line)) for line in lines) - WIDTH
    if over <= 0:
        return lines
    longest = max(len(_name(row, view, LONGEST_NAME)) for row in view.rows)
    return _tabulated(view, paint, max(longest - over, SHORTEST_NAME))


def _tabulated(view: View, paint: _Paint, longest_name: int) -> list[str]:
    from tabulate import tabulate

    headers = ["metric", view.base_name, "head", "change", "interval", "verdict"]
    rows = [_cells(row, view, paint, longest_name) for row in view.rows]
    made: str = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True, colalign=_ALIGN)
    return made.splitlines()


_ALIGN = ("left", "right", "right", "right", "right", "left")


def unstyle(text: str) -> str:
    """Text without the colours that this module puts in."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _cells(row: Row, view: View, paint: _Paint, longest_name: int) -> list[str]:
    verdict = paint(row.verdict, COLORS[row.tone])
    metric = _name(row, view, longest_name)
    return [metric, row.base, row.head, row.change, row.interval or ABSENT, verdict if row.gating else f"{verdict} *"]


def _name(row: Row, view: View, longest: int) -> str:
    return terminal(f"{row.client} {row.metric}" if view.several_clients else row.metric, longest)


def _reasons(view: View) -> Iterator[str]:
    if any(not row.gating for row in view.rows):
        yield "* reported only, never fails the gate"
    if view.told:
        yield ""
    for names, reason in view.told[:REASONS]:
        yield from _wrapped(f"{names.replace('`', '')}: {reason}", "- ")


def _notes(view: View, paint: _Paint) -> Iterator[str]:
    blocks: list[tuple[str, Sequence[str]]] = [
        ("measurement", [f"{note.severity}: {note.message}" for note in view.notes]),
        (
            "differs",
            [f"{field}: {base} in the {view.base_name}, {head} in the head" for field, base, head in view.mismatches],
        ),
        ("what the head adds", [_addition(added, view) for added in view.overhead.rows] if view.overhead else []),
        ("next", view.advice),
        ("how sure", view.certainty),
    ]
    for title, lines in blocks:
        if lines:
            yield ""
            yield paint(title, BOLD)
        for line in lines[:REASONS]:
            yield from _wrapped(line.replace("`", ""), "- ")


def _addition(added: Added, view: View) -> str:
    name = f"{added.client} {added.metric}" if view.several_clients else added.metric
    known = added.base not in {ABSENT, ""}
    return f"{name}: {added.added}, from {added.base} to {added.head}" if known else f"{name}: {added.added}"


def _foot(view: View, paint: _Paint) -> Iterator[str]:
    yield ""
    rows = list(view.compared)
    if view.conformance is not None:
        rows.append(("conformance", view.conformance.sentence))
    for label, value in rows:
        lead = f"{label:<12}"
        for line in _wrapped(value.replace("`", ""), lead):
            yield paint(line, DIM)


def _wrapped(text: str, lead: str) -> list[str]:
    """Lines of at most ``WIDTH`` columns; a number and its unit stay together."""
    indent = " " * len(lead)
    lines = textwrap.wrap(
        together(terminal(text)), WIDTH, initial_indent=lead, subsequent_indent=indent, break_on_hyphens=False
    )
    return [line.replace("\u00a0", " ") for line in lines]
