"""Which remote is meant, and the user's settings for reaching it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.errors import StoreError
from smp_check.store.gitprocess import GitFailedError

if TYPE_CHECKING:
    from smp_check.store.gitprocess import Git

REACHING = r"^(http|credential|url|core\.(sshcommand|askpass)|ssh|remote\..*\.proxy)"
"""Settings that say how remotes are reached; they may be local to the user's repository (actions/checkout)."""


def find_remote(git: Git, cwd: Path, wanted: str | None) -> str:
    """An address that git can push to from anywhere.

    ``wanted`` may be an address or the name of a remote. ``None`` is ``origin``, else the only remote, else the
    repository itself. Raises ``StoreError`` outside a repository.
    """
    if wanted and ":" in wanted:
        return wanted
    if wanted and ("/" in wanted or (cwd / wanted).exists()):
        return str((cwd / wanted).resolve())
    try:
        names = git.run("remote").decode().split()
        if wanted and wanted not in names:
            raise StoreError(f"there is no remote {wanted!r}", hint=f"git remote knows: {', '.join(names) or 'none'}")
        name = wanted or ("origin" if "origin" in names or len(names) != 1 else names[0])
        if name not in names:
            return str((cwd / git.run("rev-parse", "--git-common-dir").decode().strip()).resolve())
        address = git.run("remote", "get-url", "--push", name).decode().strip()
    except GitFailedError as fault:
        raise StoreError(
            f"baselines on a branch need a git repository: {fault.last_line}",
            hint="run inside a clone, name a remote (--store git-branch:URL), or use --store directory",
        ) from fault
    local = "://" not in address and not re.match(r"^[^/]+:", address)
    return str((_top(git, cwd) / address).resolve()) if local else address


def _top(git: Git, cwd: Path) -> Path:
    """Relative addresses of remotes count from the top of the work tree."""
    try:
        return Path(git.run("rev-parse", "--show-toplevel").decode().strip() or cwd)
    except GitFailedError:
        return cwd


def forwarded_settings(git: Git) -> list[tuple[str, str]]:
    """Settings of the user's repository alone for reaching remotes; global ones hold everywhere by themselves."""
    try:
        listed = git.run("config", "-z", "--show-scope", "--includes", "--get-regexp", REACHING)
    except GitFailedError:
        return []
    fields = listed.decode("utf-8", "replace").split("\0")
    found = []
    for scope, entry in zip(fields[::2], fields[1::2], strict=False):
        name, _, value = entry.partition("\n")
        if scope in {"local", "worktree"}:
            found.append((name, value))
    return found


def public(address: str) -> str:
    """The address without user name, password and query, any of which may be secret."""
    return re.sub(r"(://[^\s?]*)\?\S*", r"\1", re.sub(r"(?<=://)[^/@\s]*@", "", address))
