"""`smp-check baseline` as users run it, on every kind of store that needs no network."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.spec.result import document_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from smp_check.spec.run import RunDocument

    Make = Callable[..., RunDocument]

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def runs(tool: Any, a_run: Make) -> list[Path]:
    """Three run documents on disk, as `smp-check run` leaves them."""
    return [tool.write(f"run-{n}.json", document_json(a_run(n, commit=SHA))) for n in range(3)]


@pytest.fixture(params=["directory", "git-branch", "kept/here"])
def store(request: pytest.FixtureRequest, tool: Any) -> tuple[str, str]:
    """Options that name a store; a git one in a fresh repository."""
    if request.param == "git-branch":
        subprocess.run(["git", "init", "-q", str(tool.folder)], check=True)
    return ("--store", request.param)


def test_the_life_of_a_store(tool: Any, runs: list[Path], store: tuple[str, str]) -> None:
    """Nothing there; three added, one twice; listed, shown, exported, pruned."""
    empty = tool("baseline", "ls", *store)
    assert (empty.code, empty.out) == (0, "")
    assert "no runs in" in empty.err
    for path in (*runs, runs[0]):
        added = tool("baseline", "add", path, *store)
        assert added.code == 0, added.err
        assert "added: " in added.err
    listed = tool("baseline", "ls", *store)
    assert listed.code == 0
    assert listed.out.count("checkout") == 3
    assert SHA[:12] in listed.out
    assert "3 runs in" in listed.err

    records = json.loads(tool("baseline", "ls", "--format", "json", *store).out)
    assert [each["series"]["name"] for each in records] == ["checkout"] * 3
    shown = tool("baseline", "show", records[1]["id"], *store)
    assert json.loads(shown.out)["result"]["id"] == "run-1"
    assert tool("validate", tool.write("shown.json", shown.out)).code == 0

    exported = tool("baseline", "export", "-o", "copy", *store)
    assert "copied 3 runs" in exported.err
    assert tool("baseline", "ls", "--store", "copy").out == listed.out
    assert "removed 2 runs" in tool("baseline", "prune", "--keep", "1", *store).err
    left = json.loads(tool("baseline", "ls", "--format", "json", *store).out)
    assert [each["id"] for each in left] == [records[2]["id"]]


def test_show_needs_one_run(tool: Any, runs: list[Path]) -> None:
    for path in runs:
        tool("baseline", "add", path)
    for prefix, said in (("2026", "3 runs begin"), ("1999", "no run begins")):
        finished = tool("baseline", "show", prefix)
        assert finished.code == 2
        assert said in finished.err
        assert "baseline ls" in finished.err


def test_series_are_found_by_name(tool: Any, a_run: Make) -> None:
    for number, name in enumerate(("Checkout", "search")):
        tool("baseline", "add", tool.write("r.json", document_json(a_run(number, name=name))))
    assert tool("baseline", "ls", "--series", "check").out.count("2026") == 1


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("s3://bucket/x", "s3fs"),
        ("gitbranch", "git-branch"),
        ("git-branch", "git repository"),
        ("git-branch:/nowhere/x.git", "/nowhere/x.git"),
        ("file", "not a directory"),
        ("http://127.0.0.1:9/x", "127.0.0.1:9"),
    ],
)
def test_stores_that_cannot_be_opened(tool: Any, where: str, said: str) -> None:
    """Exit 4, one message, what to do about it, no traceback."""
    tool.write("file", "")
    finished = tool("baseline", "ls", "--store", where)
    assert finished.code == 4, finished.err
    assert said in finished.err
    assert "hint: " in finished.err
    assert "Traceback" not in finished.err


def test_what_is_no_run_is_refused(tool: Any) -> None:
    tool.write("x.json", "{}")
    finished = tool("baseline", "add", "x.json")
    assert finished.code == 2
    assert "x.json" in finished.err
