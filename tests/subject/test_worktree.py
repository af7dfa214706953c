"""The base's code beside the user's: nothing of the user's is touched, nothing is left."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.errors import InputError
from smp_check.subject.worktree import checked_out, clear_stale

if TYPE_CHECKING:
    from collections.abc import Callable


def git(folder: Path, *arguments: str) -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    return subprocess.check_output(command, cwd=folder, env={**os.environ, **who}, text=True, stderr=-1).strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits on main, a change in the index and one in the working tree."""
    folder = tmp_path / "shop"
    (folder / "service").mkdir(parents=True)
    git(folder, "init", "-q")
    for text in ("old", "new"):
        (folder / "service/code").write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", text)
    (folder / "staged").write_text("staged")
    git(folder, "add", "staged")
    (folder / "service/code").write_text("newest")
    return folder


def state(folder: Path) -> tuple[str, ...]:
    asked = (("status", "--porcelain"), ("branch", "--all"), ("stash", "list"), ("worktree", "list"), ("diff", "HEAD"))
    return tuple(git(folder, *each) for each in asked)


def test_the_base_beside_the_head(repository: Path) -> None:
    before = state(repository)
    with checked_out("HEAD^1", repository / "service", print) as base:
        assert (base.folder / "code").read_text() == "old"
        assert base.folder.name == "service"
        assert base.commit == git(repository, "rev-parse", "HEAD^1")
        assert (repository / "service/code").read_text() == "newest"
        assert git(base.folder, "branch", "--show-current") == ""
    assert not base.folder.exists()
    assert state(repository) == before


def test_it_goes_whatever_happens(repository: Path) -> None:
    """Read-only folders, as package managers leave them, and an exception do not keep it."""
    before = state(repository)
    seen = []

    def build(folder: Path) -> None:
        seen.append(folder)
        (folder / "cache").mkdir()
        (folder / "cache/file").write_text("")
        (folder / "cache").chmod(0o500)
        raise ValueError("out of luck")

    with pytest.raises(ValueError, match="out of luck"), checked_out("HEAD^1", repository, print) as base:
        build(base.folder)
    assert not seen[0].parent.exists()
    assert state(repository) == before


def test_hooks_do_not_run_and_a_hook_may_call(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = repository / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    with checked_out("HEAD", repository, print) as base:
        assert not (base.folder / "ran").exists()


def test_what_a_killed_run_left_is_cleared(repository: Path, tmp_path: Path) -> None:
    """Only our own, and only if the process is no more."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    stale = tmp_path / f"smp-check-base-{dead.pid}-x/shop"
    alive = tmp_path / f"smp-check-base-{os.getpid()}-x/shop"
    foreign = tmp_path / "mine/shop"
    for path in (stale, alive, foreign):
        git(repository, "worktree", "add", "-q", "--detach", str(path))
    clear_stale(repository)
    listed = git(repository, "worktree", "list")
    assert str(stale) not in listed
    assert not stale.parent.exists()
    assert str(alive) in listed
    assert str(foreign) in listed


def test_a_branch_that_only_the_remote_has(repository: Path, tmp_path: Path) -> None:
    git(repository, "branch", "release", "HEAD^1")
    git(tmp_path, "clone", "-q", str(repository), "clone")
    with checked_out("release", tmp_path / "clone", print) as base:
        assert (base.folder / "service/code").read_text() == "old"


def shallow(folder: Path, here: Path) -> tuple[str, Path]:
    git(here, "clone", "-q", "--depth=1", f"file://{folder}", "shallow")
    return "HEAD^1", here / "shallow"


def unknown(folder: Path, here: Path) -> tuple[str, Path]:
    return "mian", folder


def no_repository(folder: Path, here: Path) -> tuple[str, Path]:
    return "main", here


def an_option(folder: Path, here: Path) -> tuple[str, Path]:
    return "--exec=touch x", folder


def no_such_folder(folder: Path, here: Path) -> tuple[str, Path]:
    (folder / "added").mkdir()
    return "HEAD", folder / "added"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (shallow, ("shallow", "fetch-depth: 0", "git fetch")),
        (unknown, ("mian", "git branch")),
        (no_repository, ("not a git repository",)),
        (an_option, ("--exec",)),
        (no_such_folder, ("added",)),
    ],
)
def test_what_cannot_be_checked_out(repository: Path, tmp_path: Path, make: Callable[..., Any], words: Any) -> None:
    ref, here = make(repository, tmp_path)
    with pytest.raises(InputError) as caught, checked_out(ref, here, print):
        pytest.fail("not reached")
    for word in words:
        assert word in f"{caught.value.message} {caught.value.hint}"
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_git_is_missing(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(InputError, match="git is missing"), checked_out("HEAD", repository, print):
        pytest.fail("not reached")


def test_submodules_are_pointed_out(repository: Path) -> None:
    (repository / ".gitmodules").write_text("")
    git(repository, "add", ".gitmodules")
    git(repository, "commit", "-q", "-m", "modules")
    said: list[str] = []
    with checked_out("HEAD", repository, said.append):
        assert "submodules" in said[0]
