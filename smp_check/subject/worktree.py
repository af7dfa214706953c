"""The code of another commit beside the user's own: a git worktree in a temporary folder, gone at the end.

Nothing of the user's is touched: no branch, no index, no file; hooks don't run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from smp_check.errors import InputError

OnWarning = Callable[[str], None]

_NAME = re.compile(r"smp-check-base-(\d+)-")
"""Folder names say which process uses them, so that what a killed one left can be cleared away."""
_GIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """Another commit's files."""

    folder: Path
    """The place in the worktree that corresponds to the folder the user is in."""
    commit: str


@contextmanager
def checked_out(ref: str, here: Path, on_warning: OnWarning) -> Iterator[Checkout]:
    """Check ``ref`` out beside the repository that ``here`` is in.

    Raises ``InputError`` when there is no repository or it does not have the ref, which a shallow clone often
    lacks.
    """
    top = Path(_git(here, "rev-parse", "--show-toplevel"))
    commit = _commit(top, ref)
    clear_stale(top)
    root = Path(tempfile.mkdtemp(prefix=f"smp-check-base-{os.getpid()}-")).resolve()
    tree = root / top.name
    try:
        _git(top, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        folder = tree / here.resolve().relative_to(top.resolve())
        if not folder.is_dir():
            raise InputError(
                f"{ref} has no folder {folder.relative_to(tree)}",
                hint="call smp-check in a folder that both sides have, such as the repository's root",
            )
        if (tree / ".gitmodules").exists():
            on_warning("submodules of the base are not checked out; `git submodule update --init` in the command does")
        yield Checkout(folder=folder, commit=commit)
    finally:
        _remove(top, root, tree)


def clear_stale(top: Path) -> None:
    """Remove worktrees that killed runs of smp-check left behind on this machine."""
    for line in _git(top, "worktree", "list", "--porcelain").splitlines():
        path = Path(line.removeprefix("worktree "))
        owner = _NAME.match(path.parent.name)
        if owner and path.is_dir() and not psutil.pid_exists(int(owner[1])):
            _remove(top, path.parent, path)


def _remove(top: Path, root: Path, tree: Path) -> None:
    """Folder first, then git's note of it, which needs no folder; other worktrees are not looked at."""
    try:
        shutil.rmtree(root)
    except OSError:
        # Build tools leave read-only folders behind (Go's module cache does).
        for folder, _, _ in os.walk(root):
            with suppress(OSError):
                Path(folder).chmod(0o700)
        shutil.rmtree(root, ignore_errors=True)
    _git(top, "worktree", "remove", "--force", "--force", str(tree), check=False)


def _commit(top: Path, ref: str) -> str:
    for name in (ref, f"origin/{ref}"):
        found = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", check=False)
        if found:
            return found
    shallow = _git(top, "rev-parse", "--is-shallow-repository", check=False) == "true"
    if shallow:
        raise InputError(
            f"the base {ref!r} is not in this shallow clone",
            hint="give actions/checkout `fetch-depth: 0` (or 2, with --base-ref HEAD^1, on pull requests), "
            f"or fetch it: git fetch --depth=1 origin {ref} && smp-check ab --base-ref FETCH_HEAD",
        )
    raise InputError(f"there is no commit {ref!r} in {top}", hint="a branch, tag or commit: see git branch --all")


def _git(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run git without the user's hooks and without the variables that a calling hook may have set."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        finished = subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *arguments],  # noqa: S607 - the git that the user has
            cwd=folder,
            env=environment | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError as fault:
        raise InputError("git is missing: --base-ref needs it", hint="install git, or give --base-start") from fault
    except subprocess.TimeoutExpired as fault:
        raise InputError(f"git {arguments[0]} was not done after {_GIT_SECONDS:g} s") from fault
    if finished.returncode and check:
        raise InputError(f"git {arguments[0]}: {finished.stderr.strip()}", hint="--base-ref works in a git repository")
    return finished.stdout.strip()
