"""A branch of a real bare remote: nothing lost, nothing twice, nobody's checkout touched, whoever dies half way."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smp_check.errors import StoreError
from smp_check.store.branch import BranchStore
from smp_check.store.export import export, prune
from smp_check.store.git import GitBackend
from smp_check.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.spec.run import RunDocument

    Make = Callable[..., RunDocument]

BRANCH = "smp-baselines"
AUTHOR = ["-c", "user.name=a", "-c", "user.email=a@example.com"]


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *AUTHOR, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers that are killed leave their temporary repository behind: here, not in /tmp."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


@pytest.fixture
def remote(tmp_path: Path, real: Callable[[str], str]) -> Path:
    """A bare repository with a main branch."""
    real("git")
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    return bare


@pytest.fixture
def clone(remote: Path, tmp_path: Path) -> Path:
    """A clone with one commit pushed and one file changed since."""
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(remote), str(folder))
    git(folder, "checkout", "-q", "-B", "main")
    (folder / "code.txt").write_text("one\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "code")
    git(folder, "push", "-q", "origin", "main")
    (folder / "code.txt").write_text("two\n")
    return folder


def never(_: float) -> None:
    pytest.fail("nobody waits here for another try")


def opened(remote: Path | str | None, cwd: Path, on_warning: Callable[[str], None] = pytest.fail) -> BranchStore:
    backend = GitBackend(BRANCH, remote=None if remote is None else str(remote), cwd=cwd, environ=os.environ)
    return BranchStore(backend, on_warning)


def test_an_append_makes_the_branch(remote: Path, tmp_path: Path, a_run: Make) -> None:
    store = opened(remote, tmp_path)
    assert store.records() == []
    record = store.append(a_run(1, commit="a" * 40, verdict="unchanged"))
    assert record.location == f"{remote}#{BRANCH}:{record.path}"
    for reader in (store, opened(remote, tmp_path)):
        assert reader.records() == [record]
        assert [run.id for run in reader.read([record])] == ["run-1"]
    files = git(remote, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert len(files) == 3
    assert {"v1/README.md", record.path} < set(files)
    assert "[skip ci]" in git(remote, "log", "-1", "--format=%B", BRANCH)


def test_history_grows_by_one_commit_each(remote: Path, tmp_path: Path, a_run: Make) -> None:
    store = opened(remote, tmp_path)
    for number in range(3):
        store.append(a_run(number))
        store.append(a_run(number, verdict="regressed"))
    assert git(remote, "rev-list", "--count", BRANCH) == "3"
    assert [r.id for r in store.records()] == [r.id for r in opened(remote, tmp_path).records()]


def test_the_checkout_is_not_touched(clone: Path, remote: Path, a_run: Make) -> None:
    """Neither files, index, refs, configuration nor objects of the user's clone change."""
    before = {path: path.stat().st_mtime_ns for path in sorted(clone.rglob("*"))}
    refs, status = git(clone, "for-each-ref"), git(clone, "status", "--porcelain")
    store = opened(None, clone)
    store.append(a_run(1))
    assert len(store.records()) == 1
    assert git(clone, "for-each-ref") == refs
    assert git(clone, "status", "--porcelain") == status
    after = {path: path.stat().st_mtime_ns for path in sorted(clone.rglob("*"))}
    changed = [p for p in before.keys() | after.keys() if before.get(p) != after.get(p)]
    assert [p for p in changed if p.name not in {"index", ".git"}] == [], "git status itself refreshes the index"
    assert BRANCH in git(remote, "branch", "--list", BRANCH)


def test_a_repository_without_a_remote_keeps_its_own(clone: Path, a_run: Make) -> None:
    git(clone, "remote", "remove", "origin")
    opened(None, clone).append(a_run(1))
    assert git(clone, "rev-list", "--count", BRANCH) == "1"
    assert (clone / "code.txt").read_text() == "two\n"


def test_a_relative_remote(clone: Path, a_run: Make) -> None:
    git(clone, "remote", "set-url", "origin", "../remote.git")
    (clone / "deep").mkdir()
    assert opened(None, clone / "deep").append(a_run(1)).path
    assert len(opened("origin", clone).records()) == 1


def test_settings_of_the_clone_are_used(clone: Path, remote: Path, a_run: Make) -> None:
    """The clone alone knows how its remote is reached, as after actions/checkout."""
    git(clone, "remote", "set-url", "origin", "https://git.example.invalid/shop.git")
    git(clone, "config", f"url.file://{remote.parent}/.insteadOf", "https://git.example.invalid/")
    git(remote, "config", "core.bare", "true")
    remote.rename(remote.with_name("shop.git"))
    opened(None, clone).append(a_run(1))
    assert len(opened(None, clone).records()) == 1


def test_prune_commits_on_top(remote: Path, tmp_path: Path, a_run: Make) -> None:
    store = opened(remote, tmp_path)
    for number in range(4):
        store.append(a_run(number))
    assert prune(store, keep=1) == 3
    assert [r.id[:11] for r in opened(remote, tmp_path).records()] == ["20260131T15"]
    assert git(remote, "rev-list", "--count", BRANCH) == "5", "no history is rewritten"
    store.append(a_run(9))
    assert len(store.records()) == 2
    assert export(store, tmp_path / "copy") == 2


def test_a_corrupt_record_is_skipped_and_kept(remote: Path, tmp_path: Path, a_run: Make) -> None:
    warnings: list[str] = []
    store = opened(remote, tmp_path, warnings.append)
    bad, _ = store.append(a_run(1)), store.append(a_run(2))
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", "-b", BRANCH, str(remote), str(work))
    (work / bad.path).write_text("{ half")
    git(work, "commit", "-q", "-a", "-m", "damage")
    git(work, "push", "-q")
    assert [run.id for run in store.read(store.records())] == ["run-2"]
    assert len(warnings) == 1
    store.append(a_run(3))
    assert git(remote, "show", f"{BRANCH}:{bad.path}") == "{ half"


def test_a_branch_with_other_files_is_refused(clone: Path, a_run: Make) -> None:
    backend = GitBackend("main", remote=None, cwd=clone, environ=os.environ)
    with pytest.raises(StoreError, match=r"code\.txt"):
        BranchStore(backend, pytest.fail).append(a_run(1))


def test_a_remote_that_is_not_there(tmp_path: Path, a_run: Make) -> None:
    store = opened(tmp_path / "nowhere.git", tmp_path)
    with pytest.raises(StoreError, match=r"nowhere\.git"):
        store.records()
    with pytest.raises(StoreError, match=r"nowhere\.git"):
        store.append(a_run(1))


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="git repository"):
        opened(None, tmp_path)


def test_a_protected_branch_is_an_error_not_a_race(remote: Path, tmp_path: Path, a_run: Make) -> None:
    hook = remote / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH013: rule violations'\nexit 1\n")
    hook.chmod(0o755)
    backend = GitBackend(BRANCH, remote=str(remote), cwd=tmp_path, environ=os.environ)
    with pytest.raises(StoreError, match="declined"):
        BranchStore(backend, pytest.fail, sleep=never).append(a_run(1))


def test_secrets_in_addresses_are_not_shown(tmp_path: Path) -> None:
    store = opened("https://me:secret@127.0.0.1:9/shop.git", tmp_path)
    assert store.location == f"https://127.0.0.1:9/shop.git#{BRANCH}"
    with pytest.raises(StoreError) as caught:
        store.records()
    assert "secret" not in str(caught.value)


def test_opened_by_name(clone: Path, a_run: Make) -> None:
    for where in ("git-branch", "git-branch:origin", "git-branch:../remote.git"):
        store = open_store(where, branch=BRANCH, cwd=clone, environ=os.environ, on_warning=pytest.fail)
        store.append(a_run(1))
        assert len(store.records()) == 1


def _append(remote: Path, make: Make, number: int) -> None:
    os.setsid()
    opened(remote, remote.parent, print).append(make(number, rounds=1))


def test_fifty_writers_at_once(remote: Path, tmp_path: Path, a_run: Make) -> None:
    """Fifty processes append together to a branch that does not exist yet: fifty records, none twice, none lost."""
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_append, args=(remote, a_run, number)) for number in range(50)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(250)
        assert writer.exitcode == 0
    store = opened(remote, tmp_path)
    assert sorted(run.id for run in store.read(store.records())) == sorted(f"run-{n}" for n in range(50))
    assert git(remote, "rev-list", "--count", BRANCH) == "50"


def test_writers_killed_half_way(remote: Path, tmp_path: Path, a_run: Make) -> None:
    """Killed with -9 at random points, git children included: the branch is whole, and goes on growing."""
    opened(remote, tmp_path).append(a_run(100))
    rng = random.Random(7)
    context = multiprocessing.get_context("fork")
    for number in range(20):
        writer = context.Process(target=_append, args=(remote, a_run, number))
        writer.start()
        time.sleep(rng.uniform(0.02, 0.35))
        if writer.pid is not None and writer.is_alive():
            os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        git(remote, "fsck", "--strict", "--connectivity-only")
    store = opened(remote, tmp_path)
    kept = store.records()
    assert len(store.read(kept)) == len(kept) >= 1, "every record on the branch is readable"
    for number in range(20):
        store.append(a_run(number, rounds=1))
    assert len(opened(remote, tmp_path).records()) == 21
