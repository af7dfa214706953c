"""docs/report.md names everything that a template of the user's own can use."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

from smp_check.report.overhead import Added
from smp_check.report.render import FORMATS
from smp_check.report.rows import SYMBOLS
from smp_check.report.view import ConformanceView, Note, Row, View

PAGE = (Path(__file__).resolve().parents[2] / "docs/report.md").read_text(encoding="utf-8")


def test_every_field_is_named() -> None:
    for kind in (View, Row, Note, ConformanceView, Added):
        assert not [field.name for field in fields(kind) if f"`{field.name}`" not in PAGE], kind


def test_every_block_is_named() -> None:
    source = (files("smp_check.templates") / "comment.md.j2").read_text(encoding="utf-8")
    blocks = re.findall(r"{% block (\w+) %}", source)
    listed = re.search(r"Blocks of `comment.md.j2`: ([^.]*)\.", PAGE)
    assert listed is not None
    assert re.findall(r"`(\w+)`", listed[1]) == blocks


def test_every_format_and_symbol_is_named() -> None:
    assert not [name for name in FORMATS if f"| `{name}` |" not in PAGE]
    assert not [symbol for symbol in SYMBOLS.values() if symbol not in PAGE]


def test_the_examples_work() -> None:
    from smp_check.report.render import render
    from tests.report.situations import SITUATIONS

    for example in re.findall(r"```jinja\n(.*?)```", PAGE, re.DOTALL):
        assert "checkout" in render(SITUATIONS["regressed"](), "markdown", template=example)
