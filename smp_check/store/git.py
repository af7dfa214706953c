"""A branch of any git remote, through git's own plumbing in a private repository: no checkout is touched."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.errors import StoreError
from smp_check.store.branch import UnconfirmedError
from smp_check.store.gitprocess import Git, GitFailedError
from smp_check.store.gitremote import find_remote, forwarded_settings, public

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.store.branch import Change

TRACKED = "refs/smp-check/tip"
OVERTAKEN = (
    "non-fast-forward",
    "fetch first",
    "stale info",
    "cannot lock ref",
    "failed to update ref",
    "failed to lock",
    "incorrect old value",
    "reference already exists",
)
"""What git says when another writer moved the branch, or is about to."""
FORBIDDEN = (
    "authentication failed",
    "permission denied",
    "could not read username",
    "could not read password",
    "access denied",
    "not authorized",
    "returned error: 401",
    "returned error: 403",
    "does not appear to be a git repository",
    "not found",
    "no such device or address",
)
COMMITTER = "smp-check <smp-check@localhost>"


class GitBackend:
    """A ``BranchBackend`` over the ``git`` command; everything stays in a temporary bare repository."""

    def __init__(self, branch: str, *, remote: str | None, cwd: Path, environ: Mapping[str, str]) -> None:
        """``remote`` is anything that ``git push`` takes; ``None`` is the remote of the repository at ``cwd``."""
        self._ref = f"refs/heads/{branch}"
        self._branch = branch
        self._git = Git(environ, cwd)
        self._remote = find_remote(self._git, cwd, remote)
        self._settings = forwarded_settings(self._git)
        self._private: Git | None = None

    @property
    def location(self) -> str:
        """Remote and branch, without what may be secret in the address."""
        return f"{public(self._remote)}#{self._branch}"

    def tip(self) -> str | None:
        """Fetch the branch and say where it points."""
        git = self._repository()
        arguments = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"]
        try:
            git.run(*arguments, self._remote, f"+{self._ref}:{TRACKED}")
        except GitFailedError as fault:
            if "couldn't find remote ref" in fault.text:
                return None
            raise self._refused("read", fault) from fault
        return git.run("rev-parse", "--verify", TRACKED).decode().strip()

    def tree(self, commit: str) -> dict[str, str]:
        """All files of a commit."""
        listed = self._repository().run("ls-tree", "-r", "-z", commit).decode("utf-8", "surrogateescape")
        pairs = (line.split("\t", 1) for line in listed.split("\0") if line)
        return {path: head.split(" ")[2] for head, path in pairs if head.split(" ")[1] == "blob"}

    def blobs(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The contents of these blobs, from one process."""
        answer = self._repository().run("cat-file", "--batch", stdin="".join(f"{i}\n" for i in ids).encode())
        found: dict[str, bytes] = {}
        position = 0
        while position < len(answer):
            end = answer.index(b"\n", position)
            name, kind, *size = answer[position:end].decode().split(" ")
            position = end + 1
            if kind == "blob":
                length = int(size[0])
                found[name] = answer[position : position + length]
                position += length + 1
        return found

    def commit(self, change: Change) -> str:
        """Make blobs, trees and the commit in one process, under a private name."""
        name = f"refs/smp-check/new-{uuid.uuid4().hex}"
        git = self._repository()
        git.run("fast-import", "--quiet", "--date-format=now", stdin=_import_stream(name, change))
        return git.run("rev-parse", "--verify", name).decode().strip()

    def move(self, old: str | None, new: str) -> bool:  # noqa: ARG002 - git compares with the new commit's parent
        """Push without force: the remote takes the commit only where the branch is its ancestor, or absent."""
        try:
            self._repository().run("push", "--porcelain", "--no-verify", "--quiet", self._remote, f"{new}:{self._ref}")
        except GitFailedError as fault:
            text = fault.text.lower()
            if any(sign in text for sign in OVERTAKEN):
                return False
            if "rejected" in text or any(sign in text for sign in FORBIDDEN):
                raise self._refused("write", fault) from fault
            raise UnconfirmedError(fault.text) from fault
        return True

    def _repository(self) -> Git:
        if self._private is None:
            folder = Path(tempfile.mkdtemp(prefix="smp-check-store-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._git.run("init", "--quiet", "--bare", "--template=", str(folder))
            self._private = self._git.at(folder, self._settings)
        return self._private

    def _refused(self, verb: str, fault: GitFailedError) -> StoreError:
        return StoreError(
            f"cannot {verb} the baselines in {self.location}: {public(fault.last_line)}",
            hint="see that the remote exists, that this machine may push there, and that no rule protects the branch",
        )


def _import_stream(name: str, change: Change) -> bytes:
    """Git's fast-import language (https://git-scm.com/docs/git-fast-import)."""
    message = change.message.encode()
    parts = [f"commit {name}\ncommitter {COMMITTER} now\ndata {len(message)}\n".encode(), message, b"\n"]
    if change.parent:
        parts.append(f"from {change.parent}\n".encode())
    parts += [f'D "{path}"\n'.encode() for path in change.remove]
    for path, content in change.add.items():
        parts += [f'M 100644 inline "{path}"\ndata {len(content)}\n'.encode(), content, b"\n"]
    return b"".join([*parts, b"done\n"])
