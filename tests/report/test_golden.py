"""What reports look like, byte by byte: a change of a template shows as a difference that a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.golden_files import FOLDER, golden

GOLDEN = dict(golden())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_as_it_was(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == GOLDEN[path], "run `make golden` and read the difference"


def test_nothing_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path in GOLDEN}
