"""A run's file name says what it must, whatever names, commits and verdicts a document holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.store import layout
from smp_check.store.port import series_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.spec.run import RunDocument

    Make = Callable[..., RunDocument]

WORDS = ("regressed", "failed", "non-conformant", "accepted", "not-comparable", "no-baseline", "unchanged")


anything = st.text(st.characters(), max_size=300) | st.just("half a pair: \ud83d")


@settings(deadline=None)
@given(anything, st.text(max_size=80), st.text(max_size=80))
def test_names_are_safe_and_read_back(a_run: Make, name: str, commit: str, verdict: str) -> None:
    """Of any text: a short path of plain characters, that reads back as the record it was made of."""
    run = a_run(1, rounds=1)
    provenance = replace(run.details.provenance, commit=commit)
    details = replace(run.details, provenance=provenance, verdict=verdict)
    entry = layout.entry_of(replace(run, test={**run.test, "name": name}, details=details))
    path = entry.record.path
    assert path.isascii()
    assert ".." not in path
    assert not set(path) & set(' \\:*?"<>|\n\0')
    assert all(len(part) < 200 for part in path.split("/"))
    assert path.startswith(layout.folder_of(entry.record.series.family))
    key = series_of(layout.decode(entry.content))
    assert layout.record_at(path, (key.name, key.mesh), "") == entry.record
    spelled = layout.series_names("x", layout.series_content(key))
    assert spelled == (key.name, key.mesh)


@pytest.mark.parametrize("word", WORDS)
def test_our_own_verdicts_stand_as_they_are(a_run: Make, word: str) -> None:
    assert layout.entry_of(a_run(1, rounds=1, verdict=word)).record.verdict == word


@settings(deadline=None)
@given(st.text(max_size=120))
def test_other_names_are_no_records(name: str) -> None:
    assert layout.record_at(f"v1/x/2026-01/{name}", ("x", "y"), "") is None


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_other_contents_are_no_runs(content: bytes) -> None:
    with pytest.raises(ValueError, match="no "):
        layout.decode(content)
