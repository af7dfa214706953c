"""What the fake remembers: who has which token, and for each repository its objects, pulls, comments and runs."""

from __future__ import annotations

import io
import itertools
import zipfile
from dataclasses import dataclass, field
from typing import Any

from tests.github.fake.objects import FILE, Objects


@dataclass(frozen=True)
class Identity:
    """Whose token a request carries, and what a job's ``permissions:`` gave it."""

    login: str = "github-actions[bot]"
    permissions: dict[str, str] = field(default_factory=dict)

    def may(self, permission: str, level: str) -> bool:
        given = self.permissions.get(permission, "none")
        return given == "write" or given == level


@dataclass
class Repository:
    full_name: str
    id: int
    default_branch: str = "main"
    private: bool = False
    objects: Objects = field(default_factory=Objects)
    refs: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, str | None] = field(default_factory=dict)
    """What each reference was before its last move, for stale reads."""
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    artifacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    archives: dict[int, bytes] = field(default_factory=dict)
    check_runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    locked: set[int] = field(default_factory=set)
    protected: set[str] = field(default_factory=set)
    tree_limit: int = 100_000
    numbers: Any = field(default_factory=lambda: itertools.count(1000))
    seconds: Any = field(default_factory=lambda: itertools.count(1_767_225_600))

    def move(self, name: str, sha: str) -> None:
        self.earlier[name] = self.refs.get(name)
        self.refs[name] = sha

    def add_commit(self, files: dict[str, str], *, parents: tuple[str, ...] = (), branch: str | None = None) -> str:
        tree = self.objects.commits[parents[0]].tree if parents else self.objects.tree({})
        for path, text in files.items():
            tree = self.objects.changed(tree, path, (FILE, self.objects.blob(text.encode())))
        sha = self.objects.commit(tree, list(parents), f"commit {len(self.objects.commits)}", next(self.seconds))
        if branch is not None:
            self.move(f"refs/heads/{branch}", sha)
        return sha

    def files(self, branch: str) -> dict[str, bytes]:
        commit = self.refs.get(f"refs/heads/{branch}")
        if commit is None:
            return {}
        listed = self.objects.files(self.objects.commits[commit].tree)
        return {path: self.objects.raw[sha][1] for path, sha in listed.items()}

    def add_pull(
        self, number: int, *, base: str, head: str, head_repository: Repository | None = None, branch: str = "topic"
    ) -> dict[str, Any]:
        source = head_repository or self
        owner = source.full_name.partition("/")[0]
        pull = {
            "number": number,
            "state": "open",
            "locked": False,
            "merged": False,
            "merge_commit_sha": None,
            "base": self._side(self, self.default_branch, base),
            "head": self._side(source, branch, head) | {"label": f"{owner}:{branch}"},
        }
        self.pulls[number] = pull
        self.comments.setdefault(number, [])
        return pull

    @staticmethod
    def _side(repository: Repository, branch: str, sha: str) -> dict[str, Any]:
        repo = {"id": repository.id, "full_name": repository.full_name, "name": repository.full_name.split("/")[1]}
        return {"ref": branch, "sha": sha, "repo": repo}

    def add_run(self, run_id: int, *, head: str, head_repository: Repository, branch: str, **more: Any) -> None:
        self.runs[run_id] = {
            "id": run_id,
            "event": "pull_request",
            "path": ".github/workflows/performance.yml",
            "head_sha": head,
            "head_branch": branch,
            "run_attempt": 1,
            "status": "completed",
            "conclusion": "success",
            "repository": {"id": self.id, "full_name": self.full_name},
            "head_repository": {"id": head_repository.id, "full_name": head_repository.full_name},
            "pull_requests": [],
            **more,
        }

    def add_artifact(self, run_id: int, name: str, files: dict[str, bytes]) -> int:
        number = int(next(self.numbers))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        self.archives[number] = packed.getvalue()
        self.artifacts[number] = {
            "id": number,
            "name": name,
            "size_in_bytes": len(packed.getvalue()),
            "expired": False,
            "workflow_run": {"id": run_id},
        }
        return number
