"""From what the user calls the store to the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.errors import StoreError
from smp_check.store.directory import DirectoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smp_check.store.branch import BranchBackend
    from smp_check.store.port import BaselineStore, OnWarning

DIRECTORY = "directory"
GIT_BRANCH = "git-branch"
DEFAULT_DIRECTORY = Path(".smp-check/baselines")


def open_store(
    where: str | None,
    *,
    branch: str,
    cwd: Path,
    environ: Mapping[str, str],
    on_warning: OnWarning,
    branch_backend: Callable[[str], BranchBackend | None] | None = None,
) -> BaselineStore:
    """Open ``directory``, ``git-branch``, ``git-branch:REMOTE``, a path, or a URL.

    ``None`` is ``git-branch`` in GitHub Actions and ``.smp-check/baselines`` elsewhere. ``REMOTE`` is anything that
    ``git push`` takes; without it the remote of the repository at ``cwd`` is meant. ``branch_backend`` may offer a
    better way than plain git to reach a branch of that remote. Raises ``StoreError`` for what cannot be opened.
    """
    chosen = where or (GIT_BRANCH if environ.get("GITHUB_ACTIONS") == "true" else DIRECTORY)
    if chosen == DIRECTORY:
        return DirectoryStore(DEFAULT_DIRECTORY, on_warning)
    if chosen == GIT_BRANCH or chosen.startswith(f"{GIT_BRANCH}:"):
        return _on_branch(chosen.partition(":")[2], branch, cwd, environ, on_warning, branch_backend)
    if "://" in chosen and not chosen.startswith("file://"):
        from smp_check.store.url import url_store

        return url_store(chosen, on_warning)
    return DirectoryStore(_path(chosen), on_warning)


def _path(text: str) -> Path:
    path = Path(text.removeprefix("file://")).expanduser()
    if text.count("/") == 0 and text.startswith("git"):
        raise StoreError(
            f"{text!r} is no store that is known",
            hint=f"write {GIT_BRANCH} for a branch, or ./{text} for a directory of that name",
        )
    return path


def _on_branch(
    remote: str,
    branch: str,
    cwd: Path,
    environ: Mapping[str, str],
    on_warning: OnWarning,
    offer: Callable[[str], BranchBackend | None] | None,
) -> BaselineStore:
    from smp_check.store.branch import BranchStore
    from smp_check.store.git import GitBackend

    better = offer(branch) if offer is not None and not remote else None
    return BranchStore(better or GitBackend(branch, remote=remote or None, cwd=cwd, environ=environ), on_warning)
