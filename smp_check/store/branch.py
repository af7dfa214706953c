"""Baselines on a branch of their own: immutable files, and a branch that moves by compare-and-swap alone.

The branch shares no history with the code and is never checked out. An append builds one commit on the tip and
moves the branch only if it still stands there; whoever loses that race waits a random while and builds again.
A branch is never moved by force, so no writer can undo another.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from smp_check.errors import StoreError
from smp_check.store.layout import ROOT
from smp_check.store.records import RecordStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.store.port import OnWarning

ATTEMPTS = 30
SHORTEST_PAUSE = 0.2
FIRST_PAUSE = 0.4
LONGEST_PAUSE = 8.0
README = f"{ROOT}/README.md"
README_TEXT = b"""# Baselines of smp-check

Earlier benchmark runs, one small file each, written by `smp-check`. Files are added and, by
`smp-check baseline prune`, removed; they are never changed. `smp-check baseline ls` lists them.
"""


class UnconfirmedError(Exception):
    """The answer to a move got lost on the way: whether the branch moved must be read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One commit to be."""

    parent: str | None
    """The commit that it is built upon; ``None`` for the first of a branch."""
    add: Mapping[str, bytes] = field(default_factory=dict)
    """Path -> content."""
    remove: Sequence[str] = ()
    message: str


class BranchBackend(Interface):
    """A way to one branch of one repository. Ids of commits and blobs are opaque to the store.

    Every method may raise ``StoreError`` for what cannot succeed however often it is tried: no access, no such
    repository, a rule that forbids the write. What passes by itself (a lost connection, a rate limit) is retried
    inside.
    """

    @property
    def location(self) -> str:
        """Repository and branch, for people."""
        ...

    def tip(self) -> str | None:
        """The commit that the branch points to, ``None`` while there is no such branch. May be some seconds old."""
        ...

    def tree(self, commit: str) -> Mapping[str, str]:
        """All files of a commit, however deep: path -> blob id."""
        ...

    def blobs(self, ids: Sequence[str]) -> Mapping[str, bytes]:
        """The contents of these blobs, in as few requests as can be; a missing one is left out."""
        ...

    def commit(self, change: Change) -> str:
        """Make the commit (its parent's files, less ``remove``, with ``add``) and return its id; move nothing."""
        ...

    def move(self, old: str | None, new: str) -> bool:
        """Point the branch at ``new``, which descends from ``old``, if it still points at ``old``.

        ``old`` ``None`` makes the branch if there is none. False when somebody else was quicker. Raises
        ``UnconfirmedError`` when the answer was lost and nobody knows.
        """
        ...


class BranchStore(RecordStore):
    """A baseline store on a branch."""

    def __init__(
        self, backend: BranchBackend, on_warning: OnWarning, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(BranchFiles(backend, sleep), on_warning)


class BranchFiles:
    """Named files on a branch."""

    def __init__(self, backend: BranchBackend, sleep: Callable[[float], None] = time.sleep) -> None:
        self._backend = backend
        self._sleep = sleep
        self._seen: dict[str, Mapping[str, str]] = {}
        self._newest: str | None = None
        """The last commit that was read or acknowledged: reads may lag behind our own writes."""

    @property
    def location(self) -> str:
        """Repository and branch."""
        return self._backend.location

    def locate(self, name: str) -> str:
        """Where one file is."""
        return f"{self._backend.location}:{name}"

    def names(self, folder: str) -> list[str]:
        """All files below a folder, as the branch is now."""
        return [path for path in self._tree(self._look()) if path.startswith(folder)]

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        """The contents of these files, as the branch was when it was listed."""
        tree = self._tree(self._newest or self._look())
        ids = {name: tree[name] for name in names if name in tree}
        contents = self._backend.blobs(list(dict.fromkeys(ids.values()))) if ids else {}
        return {name: contents[blob] for name, blob in ids.items() if blob in contents}

    def add(self, files: Mapping[str, bytes], note: str) -> None:
        """Commit the files that are not there yet."""

        def change(parent: str | None, tree: Mapping[str, str]) -> Change | None:
            missing = {path: content for path, content in files.items() if path not in tree}
            if not missing:
                return None
            first = {} if parent else {README: README_TEXT}
            return Change(parent=parent, add=missing | first, message=f"smp-check: {note} [skip ci]")

        self._commit(change)

    def remove(self, names: Sequence[str], note: str) -> None:
        """Commit a tree without the files that are still there."""

        def change(parent: str | None, tree: Mapping[str, str]) -> Change | None:
            present = [path for path in names if path in tree]
            return Change(parent=parent, remove=present, message=f"smp-check: {note} [skip ci]") if present else None

        self._commit(change)

    def _commit(self, change: Callable[[str | None, Mapping[str, str]], Change | None]) -> None:
        """Build on the tip and move the branch, again and again until nothing is left to do."""
        tip = self._newest or self._look()
        for attempt in range(ATTEMPTS):
            tree = self._tree(tip)
            self._guard(tree)
            wanted = change(tip, tree)
            if wanted is None:
                return
            new = self._backend.commit(wanted)
            if self._moved(tip, new):
                self._newest = new
                return
            if attempt:  # the first loss may be due to an old tip alone
                self._sleep(random.uniform(SHORTEST_PAUSE, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))  # noqa: S311
            tip = self._look()
        raise StoreError(
            f"{self.location}: {ATTEMPTS} attempts to add to the branch were all overtaken by other writers",
            hint="collect the runs of a large matrix and add them from one job, or run this again",
        )

    def _moved(self, old: str | None, new: str) -> bool:
        try:
            return self._backend.move(old, new)
        except UnconfirmedError:
            return False  # the next lap reads the branch back, and finds the work done if it was

    def _look(self) -> str | None:
        self._newest = self._backend.tip()
        return self._newest

    def _tree(self, commit: str | None) -> Mapping[str, str]:
        if commit is None:
            return {}
        if commit not in self._seen:
            self._seen = {commit: self._backend.tree(commit)}
        return self._seen[commit]

    def _guard(self, tree: Mapping[str, str]) -> None:
        foreign = next((path for path in tree if not path.startswith(f"{ROOT}/")), None)
        if foreign is not None:
            raise StoreError(
                f"{self.location} holds files that are no baselines ({foreign}); nothing is written there",
                hint="name a branch that smp-check may have to itself: --branch, or check.baseline.branch",
            )
