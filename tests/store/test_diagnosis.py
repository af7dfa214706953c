"""What `doctor` says of stores and of this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smp_check import diagnosis
from smp_check.store.directory import DirectoryStore
from smp_check.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.spec.run import RunDocument

    Make = Callable[..., RunDocument]


def test_a_store_that_works(tmp_path: Path, a_run: Make) -> None:
    store = DirectoryStore(tmp_path / "b", pytest.fail)
    assert diagnosis.diagnose_store(lambda: store).detail == f"0 runs in {tmp_path / 'b'}"
    store.append(a_run(1, rounds=1))
    found = diagnosis.diagnose_store(lambda: store)
    assert (found.state, found.detail) == ("ok", f"1 run in {tmp_path / 'b'}")


@pytest.mark.parametrize("where", ["s3://bucket/x", "git-branch:/nowhere/x.git", "gitbranch"])
def test_a_store_that_does_not(tmp_path: Path, where: str) -> None:
    """Opening or reading: a finding with advice, never an exception."""
    found = diagnosis.diagnose_store(
        lambda: open_store(where, branch="b", cwd=tmp_path, environ=os.environ, on_warning=pytest.fail)
    )
    assert found.state == "failed"
    assert found.detail
    assert found.advice


def test_git(monkeypatch: pytest.MonkeyPatch, real: Callable[[str], str]) -> None:
    real("git")
    assert diagnosis.diagnose_git().detail[0].isdigit()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    missing = diagnosis.diagnose_git()
    assert (missing.state, bool(missing.advice)) == ("missing", True)


def test_this_machine() -> None:
    assert "cores" in diagnosis.diagnose_kind({}).detail
    noise = diagnosis.diagnose_machine(seconds=0.2)
    assert noise.state in {"ok", "limited"}
    assert bool(noise.advice) == (noise.state == "limited")
    assert "longest stall" in noise.detail
