"""What the first stage of a pull request from a fork left behind, taken as data from somebody unknown.

The run is known by its id alone, its artifacts belong to that run, and the pull request is the one whose head
repository and commit are the run's: nothing that the artifact says decides where its contents go.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from smp_check.errors import GitHubError, InputError
from smp_check.github.event import PullRequest, pull_request_of

if TYPE_CHECKING:
    from smp_check.github.client import GitHub

PREFIX = "smp-check"
"""Artifacts of the first stage have names that begin with this."""
MOST_LEGS = 32
ARCHIVE_BYTES = 8 * 1024 * 1024
DOCUMENT_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStage:
    """One finished run of the measuring workflow, as GitHub itself describes it."""

    run_id: int
    attempt: int
    head_sha: str
    head_branch: str
    head_repository: str
    head_repository_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One document that the first stage uploaded."""

    label: str
    content: bytes


def first_stage(github: GitHub, repository: str, run_id: int) -> FirstStage:
    """The run, as GitHub knows it. Raises ``InputError`` if it is no pull request's run of this repository."""
    run = github.get(f"repos/{repository}/actions/runs/{run_id}", "show the first stage's run").value
    if run.get("event") != "pull_request":
        raise InputError(
            f"run {run_id} was started by {run.get('event')}, not by a pull request: there is nothing to publish",
            hint="add to the job: `if: github.event.workflow_run.event == 'pull_request'`",
        )
    head = run.get("head_repository") or {}
    if (run.get("repository") or {}).get("full_name") != repository or not head.get("id"):
        raise InputError(f"run {run_id} is not of {repository}, or its fork is gone")
    return FirstStage(
        run_id=run_id,
        attempt=int(run.get("run_attempt") or 1),
        head_sha=str(run["head_sha"]),
        head_branch=str(run.get("head_branch") or ""),
        head_repository=str(head.get("full_name") or ""),
        head_repository_id=int(head["id"]),
    )


def pull_request_for(github: GitHub, repository: str, stage: FirstStage) -> PullRequest | None:
    """The open pull request that the run belongs to; ``None`` when it has moved on or is closed.

    GitHub leaves ``pull_requests`` of a fork's run empty. A branch's name alone is not enough: it must be the
    same repository and the same commit.
    """
    owner = stage.head_repository.partition("/")[0]
    params = {"state": "open", "head": f"{owner}:{stage.head_branch}"}
    found = [
        pull
        for pull in github.pages(f"repos/{repository}/pulls", "list the pull requests", params=params)
        if _is_from(pull, stage)
    ]
    if len(found) > 1:
        numbers = ", ".join(f"#{pull['number']}" for pull in found)
        raise InputError(
            f"several open pull requests have this commit ({numbers}); which one was measured cannot be told"
        )
    return pull_request_of(found[0]) if found else None


def _is_from(pull: dict[str, Any], stage: FirstStage) -> bool:
    head = pull.get("head") or {}
    return head.get("sha") == stage.head_sha and (head.get("repo") or {}).get("id") == stage.head_repository_id


def legs(github: GitHub, repository: str, run_id: int) -> list[Leg]:
    """The documents that the run uploaded, within the limits above. Raises ``InputError`` where they are not."""
    path = f"repos/{repository}/actions/runs/{run_id}/artifacts"
    found = [
        artifact
        for artifact in github.pages(path, "list the first stage's artifacts", key="artifacts")
        if str(artifact.get("name", "")).startswith(PREFIX) and not artifact.get("expired")
    ]
    if len(found) > MOST_LEGS:
        raise InputError(f"the first stage left {len(found)} documents; at most {MOST_LEGS} are taken")
    ordered = sorted(found, key=lambda artifact: str(artifact["name"]))
    return _told_apart([_leg(github, repository, artifact) for artifact in ordered])


def _told_apart(found: list[Leg]) -> list[Leg]:
    """Legs whose names came to the same label get numbers."""
    seen: Counter[str] = Counter()
    apart = []
    for leg in found:
        seen[leg.label] += 1
        apart.append(leg if seen[leg.label] == 1 else replace(leg, label=f"{leg.label} {seen[leg.label]}".strip()))
    return apart


def _leg(github: GitHub, repository: str, artifact: dict[str, Any]) -> Leg:
    name = str(artifact["name"])
    if int(artifact.get("size_in_bytes") or 0) > ARCHIVE_BYTES:
        raise InputError(f"the first stage's artifact is larger than {ARCHIVE_BYTES} bytes")
    path = f"repos/{repository}/actions/artifacts/{int(artifact['id'])}/zip"
    archive = github.download(path, "read the first stage's artifact", limit=ARCHIVE_BYTES)
    return Leg(label=label_of(name), content=only_document(archive))


def label_of(name: str) -> str:
    """An artifact's name as a section's label: short, and of letters that mean nothing anywhere."""
    return re.sub(r"[^A-Za-z0-9._ -]+", "-", name.removeprefix(PREFIX)).strip("-. ")[:60]


def only_document(archive: bytes) -> bytes:
    """The one JSON file in an archive, read in memory; nothing is unpacked. Raises ``InputError`` otherwise."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            if len(members) != 1 or not members[0].filename.endswith(".json"):
                raise InputError("the first stage's artifact must hold one JSON file and nothing else")
            if members[0].file_size > DOCUMENT_BYTES:
                raise InputError(f"the first stage's document is larger than {DOCUMENT_BYTES} bytes")
            with opened.open(members[0]) as file:
                content = file.read(DOCUMENT_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as fault:
        raise InputError(
            f"the first stage's artifact is no archive that can be read: {type(fault).__name__}"
        ) from fault
    if len(content) > DOCUMENT_BYTES:
        raise InputError(f"the first stage's document is larger than {DOCUMENT_BYTES} bytes")
    return content


def base_of(github: GitHub, repository: str, request: PullRequest) -> str | None:
    """The commit that the change is to be compared with: its merge's first parent, else the merge base."""
    from smp_check.github.history import merge_base

    try:
        pull = github.get(f"repos/{repository}/pulls/{request.number}", "show the pull request").value
        merge = pull.get("merge_commit_sha")
        if merge:
            commit = github.find(f"repos/{repository}/git/commits/{merge}", "show the merge commit")
            parents = [str(parent["sha"]) for parent in commit.value["parents"]] if commit else []
            if len(parents) == 2 and parents[1] == request.head_sha:
                return parents[0]
    except GitHubError:
        pass
    return merge_base(github, repository, request.base_sha, request.head_sha)
