"""docs/generators.md, `doctor` and the capabilities say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smp_check.cli.imports import SOURCES
from smp_check.load.capabilities import CAPABILITIES
from smp_check.load.capability_table import HEADINGS, rows, updated
from smp_check.load.imported.sources import NAMES
from smp_check.load.registry import generator_for
from smp_check.spec.generators import GENERATORS, PROGRAMS

PAGE = Path(__file__).resolve().parents[3] / "docs/generators.md"


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert updated(text) == text, "run `make docs`"


def test_a_page_without_marks_is_said() -> None:
    with pytest.raises(ValueError, match="no marks"):
        updated("# nothing\n")


def test_every_row_has_every_cell() -> None:
    assert [row[0] for row in rows()] == list(CAPABILITIES)
    assert all(len(row) == len(HEADINGS) and all(row) for row in rows())


def test_the_embedded_generator_is_what_its_row_says() -> None:
    info, known = generator_for("embedded").probe(), CAPABILITIES["embedded"]
    assert (info.open_loop, info.percentile_method, info.resolution) == (
        known.open_loop,
        known.percentile_method,
        known.resolution,
    )


def test_the_names_are_the_same_everywhere() -> None:
    """What a configuration may name is what can be run; what is read needs no more than the program's output."""
    assert set(GENERATORS) == set(CAPABILITIES)
    assert set(PROGRAMS) <= set(NAMES)


def test_every_format_is_in_the_help_and_on_the_page() -> None:
    assert set(SOURCES) == set(NAMES)
    text = PAGE.read_text(encoding="utf-8")
    assert not [
        name for name in NAMES if f"| {name} |" not in text and f"{name}, wrk2 |" not in text and name != "wrk2"
    ]


def test_doctor_tells_what_is_here_and_what_each_can_do(tool: Any) -> None:
    text = tool("doctor")
    assert text.code == 0, text.err
    for name in CAPABILITIES:
        assert text.out.count(name) >= 2
    assert "latency from" in text.out
    found = json.loads(tool("doctor", "--format", "json").out)
    assert {each["generator"] for each in found["generators"]} == set(CAPABILITIES)
    assert {each["subject"] for each in found["found"] if each["area"] == "generator"} == set(CAPABILITIES)
