"""A branch through GitHub's Git data API: no clone, no push, nothing of the user's checkout touched.

Reading a window of runs takes four requests: the reference, its whole tree, and the contents of the files that
describe the series and of those that hold the runs, each lot in one GraphQL query. Moving the reference without
``force`` is a compare-and-swap, since the new commit descends from the one that was read.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from smp_check.errors import GitHubError, StoreError
from smp_check.github.answers import AmbiguousError, RefusedError
from smp_check.store.branch import Change, UnconfirmedError

if TYPE_CHECKING:
    from smp_check.github.client import GitHub

TRIES = 4
PER_QUERY = 60
"""Blobs asked for in one GraphQL query."""
_LOST = ("not a fast forward", "reference does not exist", "reference already exists", "is at")


class RestBranch:
    """One branch of one repository. A ``BranchBackend``."""

    def __init__(self, github: GitHub, repository: str, branch: str) -> None:
        self._github = github
        self._repository = repository
        self._branch = branch
        self._git = f"repos/{repository}/git"
        self._ref = f"heads/{quote(branch, safe='/')}"

    @property
    def location(self) -> str:
        """Repository and branch."""
        return f"{self._repository}@{self._branch}"

    def tip(self) -> str | None:
        """The commit that the branch points to; ``None`` only in a repository that can be seen."""
        what = f"read the branch {self._branch}"
        with _as_store_error():
            found = self._github.find(f"{self._git}/ref/{self._ref}", what)
            if found is None:
                self._github.get(f"repos/{self._repository}", f"show the repository {self._repository}")
                return None
            return str(found.value["object"]["sha"])

    def tree(self, commit: str) -> dict[str, str]:
        """All files of a commit; where they are too many for one answer, folder by folder."""
        with _as_store_error():
            return dict(self._files(commit, ""))

    def _files(self, tree: str, prefix: str) -> Iterator[tuple[str, str]]:
        what = f"list the branch {self._branch}"
        answer = self._github.get(f"{self._git}/trees/{tree}", what, params={"recursive": "1"}).value
        if answer.get("truncated"):
            answer = self._github.get(f"{self._git}/trees/{tree}", what).value
            for entry in answer["tree"]:
                if entry["type"] == "tree":
                    yield from self._files(entry["sha"], f"{prefix}{entry['path']}/")
        for entry in answer["tree"]:
            if entry["type"] == "blob":
                yield f"{prefix}{entry['path']}", entry["sha"]

    def blobs(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Contents in as few requests as can be; what GraphQL can't show whole comes one by one."""
        found: dict[str, bytes] = {}
        with _as_store_error():
            for start in range(0, len(ids), PER_QUERY):
                found |= self._texts(ids[start : start + PER_QUERY])
            for missing in (each for each in ids if each not in found):
                answer = self._github.find(f"{self._git}/blobs/{missing}", f"read the branch {self._branch}")
                if answer is not None:
                    found[missing] = base64.b64decode(answer.value["content"])
        return found

    def _texts(self, ids: Sequence[str]) -> dict[str, bytes]:
        owner, _, name = self._repository.partition("/")
        names = {f"b{index}": each for index, each in enumerate(ids)}
        wanted = " ".join(f'{alias}: object(oid: "{each}") {{ ...content }}' for alias, each in names.items())
        query = (
            f"query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {wanted} }} }} "
            "fragment content on Blob { text isTruncated isBinary }"
        )
        try:
            what = f"read the branch {self._branch}"
            answered = self._github.graphql(query, what, {"owner": owner, "name": name})
        except RefusedError:
            return {}  # one by one, then
        shown: Mapping[str, Any] = answered.get("repository") or {}
        return {
            names[alias]: blob["text"].encode()
            for alias, blob in shown.items()
            if blob and blob.get("text") is not None and not blob.get("isTruncated") and not blob.get("isBinary")
        }

    def commit(self, change: Change) -> str:
        """Make a tree and a commit; both are harmless however often they are made."""
        with _as_store_error():
            entries: list[dict[str, Any]] = [
                {"path": path, "mode": "100644", "type": "blob", "content": content.decode()}
                for path, content in change.add.items()
            ]
            entries += [{"path": path, "mode": "100644", "type": "blob", "sha": None} for path in change.remove]
            tree: dict[str, Any] = {"tree": entries}
            if change.parent is not None:
                parent = self._github.get(f"{self._git}/commits/{change.parent}", f"read the branch {self._branch}")
                tree["base_tree"] = parent.value["tree"]["sha"]
            made = self._make("trees", tree)
            parents = [change.parent] if change.parent else []
            return self._make("commits", {"message": change.message, "tree": made, "parents": parents})

    def _make(self, kind: str, body: Mapping[str, Any]) -> str:
        for attempt in range(TRIES):
            try:
                answer = self._github.send("POST", f"{self._git}/{kind}", f"write to the branch {self._branch}", body)
                return str(answer.value["sha"])
            except AmbiguousError:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def move(self, old: str | None, new: str) -> bool:
        """Create the reference, or move it if it still stands at an ancestor of ``new``."""
        what = f"move the branch {self._branch}"
        try:
            if old is None:
                body = {"ref": f"refs/heads/{self._branch}", "sha": new}
                self._github.send("POST", f"{self._git}/refs", what, body)
            else:
                self._github.send("PATCH", f"{self._git}/refs/{self._ref}", what, {"sha": new, "force": False})
        except AmbiguousError as fault:
            raise UnconfirmedError(str(fault)) from fault
        except RefusedError as fault:
            if fault.status == 409 or (fault.status == 422 and any(text in fault.reason.lower() for text in _LOST)):
                return False
            raise _store_error(fault) from fault
        except GitHubError as fault:
            raise _store_error(fault) from fault
        return True


@contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except GitHubError as fault:
        raise _store_error(fault) from fault


def _store_error(fault: GitHubError) -> StoreError:
    hint = fault.hint
    if isinstance(fault, RefusedError) and fault.status == 403 and "integration" in fault.reason:
        hint = "baselines on a branch need, on the job that adds to them: `permissions: {contents: write}`"
    return StoreError(fault.message, hint=hint)
