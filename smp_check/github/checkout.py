"""What the checked-out repository knows of its own history, shallow or not; all of it may be unknown."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WALK = 50
"""How many commits back a baseline is looked for."""
_SECONDS = 20.0


def git(folder: Path, *arguments: str) -> str | None:
    """What git answers, or ``None`` where there is no git, no repository or no answer."""
    path = shutil.which("git")
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, "-C", str(folder), *arguments], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def head(folder: Path) -> str | None:
    """The commit that is checked out."""
    return git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")


def parents(folder: Path, commit: str) -> tuple[str, ...]:
    """The parents that the commit names, also where a shallow clone does not hold them."""
    raw = git(folder, "cat-file", "commit", commit)
    lines = (raw or "").partition("\n\n")[0].splitlines()
    return tuple(line.removeprefix("parent ") for line in lines if line.startswith("parent "))


def merge_base(folder: Path, one: str, other: str) -> str | None:
    """The merge base of two commits, where the clone reaches back to it."""
    return git(folder, "merge-base", one, other)


def ancestors(folder: Path, commit: str) -> tuple[str, ...]:
    """The commits before ``commit``, newest first, as far as the clone goes back."""
    listed = git(folder, "rev-list", "--topo-order", f"--max-count={WALK + 1}", commit)
    return tuple(listed.split()[1:]) if listed else ()


def branch(folder: Path) -> str | None:
    """The branch that is checked out; ``None`` for a detached head."""
    return git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")


def default_branch(folder: Path) -> str | None:
    """The default branch of ``origin``, where the clone knows it."""
    name = git(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    return name.removeprefix("origin/") if name else None
