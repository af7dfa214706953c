"""What each operation does to the state: one function per operation, named by its template in the description."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.github.fake.objects import FILE, FOLDER
from tests.github.fake.state import Identity, Repository

LONGEST_COMMENT = 65_536
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Call:
    repository: Repository
    identity: Identity
    parameters: dict[str, str]
    query: dict[str, str]
    body: Any
    base_url: str
    stale: bool


Handler = Callable[[Call], Answer]
HANDLERS: dict[tuple[str, str], Handler] = {}
NEEDS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
"""Any one of these permissions is enough."""


def on(method: str, path: str, *needs: tuple[str, str]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        key = (method, f"/repos/{{owner}}/{{repo}}{path}")
        HANDLERS[key] = handler
        NEEDS[key] = needs
        return handler

    return register


def refused(status: int, message: str, *errors: dict[str, Any]) -> Answer:
    body: dict[str, Any] = {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
    return status, body | ({"errors": list(errors)} if errors else {})


NOT_FOUND = refused(404, "Not Found")
COMMENTING = (("issues", "write"), ("pull_requests", "write"))
CONTENTS = (("contents", "write"),)


@on("get", "")
def repository(call: Call) -> Answer:
    repo = call.repository
    owner, _, name = repo.full_name.partition("/")
    return 200, {
        "id": repo.id,
        "name": name,
        "full_name": repo.full_name,
        "owner": {"login": owner},
        "default_branch": repo.default_branch,
        "private": repo.private,
    }


# Issue comments


@on("get", "/issues/{issue_number}/comments")
def comments(call: Call) -> Answer:
    found = call.repository.comments.get(int(call.parameters["issue_number"]))
    if found is None:
        return NOT_FOUND
    return 200, found[:-1] if call.stale and found else found


@on("post", "/issues/{issue_number}/comments", *COMMENTING)
def add_comment(call: Call) -> Answer:
    number = int(call.parameters["issue_number"])
    if number in call.repository.locked:
        return refused(403, "Unable to create comment because issue is locked.")
    if number not in call.repository.comments:
        return NOT_FOUND
    if not call.body["body"].strip():
        return refused(422, "Validation Failed", {"resource": "IssueComment", "code": "missing_field", "field": "body"})
    if len(call.body["body"]) > LONGEST_COMMENT:
        return too_long()
    comment = {
        "id": next(call.repository.numbers),
        "body": call.body["body"],
        "user": {
            "login": call.identity.login,
            "type": "Bot" if call.identity.login.endswith("[bot]") else "User",
        },
        "html_url": f"{call.base_url}/{call.repository.full_name}/pull/{number}#issuecomment",
        "issue_url": f"{call.base_url}/repos/{call.repository.full_name}/issues/{number}",
        "created_at": "2026-01-31T12:00:00Z",
        "updated_at": "2026-01-31T12:00:00Z",
    }
    comment["html_url"] += f"-{comment['id']}"
    call.repository.comments[number].append(comment)
    return 201, comment


def too_long() -> Answer:
    message = f"Body is too long (maximum is {LONGEST_COMMENT} characters)"
    return refused(
        422,
        "Validation Failed",
        {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message},
    )


def _comment(call: Call) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
    for listed in call.repository.comments.values():
        for comment in listed:
            if str(comment["id"]) == call.parameters["comment_id"]:
                return listed, comment
    return None


@on("patch", "/issues/comments/{comment_id}", *COMMENTING)
def change_comment(call: Call) -> Answer:
    found = _comment(call)
    if found is None:
        return NOT_FOUND
    if len(call.body["body"]) > LONGEST_COMMENT:
        return too_long()
    found[1]["body"] = call.body["body"]
    return 200, found[1]


@on("delete", "/issues/comments/{comment_id}", *COMMENTING)
def delete_comment(call: Call) -> Answer:
    found = _comment(call)
    if found is None:
        return NOT_FOUND
    found[0].remove(found[1])
    return 204, None


# Git data


def _object(kind: str, sha: str) -> dict[str, str]:
    return {"type": kind, "sha": sha, "url": f"https://example.com/{sha}"}


@on("get", "/git/ref/{ref}")
def reference(call: Call) -> Answer:
    name = f"refs/{call.parameters['ref']}"
    now = call.repository.refs.get(name)
    sha = call.repository.earlier.get(name) if call.stale and now else now
    return (200, {"ref": name, "object": _object("commit", sha)}) if sha else NOT_FOUND


@on("post", "/git/refs", *CONTENTS)
def add_reference(call: Call) -> Answer:
    name = call.body["ref"]
    if name in call.repository.refs:
        return refused(422, "Reference already exists")
    return _moved(call, name, call.body["sha"], 201)


@on("patch", "/git/refs/{ref}", *CONTENTS)
def move_reference(call: Call) -> Answer:
    name = f"refs/{call.parameters['ref']}"
    old = call.repository.refs.get(name)
    if old is None:
        return refused(422, "Reference does not exist")
    if name in call.repository.protected:
        return refused(422, "Repository rule violations found\n\nChanges must be made through a pull request.\n\n")
    if call.body["sha"] not in call.repository.objects.commits:
        return refused(422, "Object does not exist")
    if not call.body.get("force") and old not in call.repository.objects.ancestors(call.body["sha"]):
        return refused(422, "Update is not a fast forward")
    return _moved(call, name, call.body["sha"], 200)


def _moved(call: Call, name: str, sha: str, status: int) -> Answer:
    if sha not in call.repository.objects.commits:
        return refused(422, "Object does not exist")
    call.repository.move(name, sha)
    return status, {"ref": name, "object": _object("commit", sha)}


@on("get", "/git/commits/{commit_sha}")
def git_commit(call: Call) -> Answer:
    found = call.repository.objects.commits.get(call.parameters["commit_sha"])
    return (200, _git_commit(call.parameters["commit_sha"], found)) if found else NOT_FOUND


def _git_commit(sha: str, commit: Any) -> dict[str, Any]:
    return {
        "sha": sha,
        "message": commit.message,
        "tree": {"sha": commit.tree, "url": "https://example.com/t"},
        "parents": [{"sha": parent, "url": "https://example.com/p"} for parent in commit.parents],
    }


@on("post", "/git/commits", *CONTENTS)
def add_git_commit(call: Call) -> Answer:
    repo, parents = call.repository, call.body.get("parents", [])
    if call.body["tree"] not in repo.objects.trees or any(p not in repo.objects.commits for p in parents):
        return refused(422, "Tree SHA does not exist")
    sha = repo.objects.commit(call.body["tree"], parents, call.body["message"], next(repo.seconds))
    return 201, _git_commit(sha, repo.objects.commits[sha])


def _tree(call: Call, name: str) -> str | None:
    """The tree that a tree's or commit's hash, or a branch's name, leads to."""
    repo = call.repository
    commit = repo.objects.commits.get(repo.refs.get(f"refs/heads/{name}", name))
    return commit.tree if commit else name if name in repo.objects.trees else None


@on("get", "/git/trees/{tree_sha}")
def git_tree(call: Call) -> Answer:
    objects, asked = call.repository.objects, call.parameters["tree_sha"]
    tree = _tree(call, asked)
    if tree is None:
        return NOT_FOUND
    entries = []
    if "recursive" in call.query:
        entries = [_entry(path, FILE, sha) for path, sha in objects.files(tree).items()]
    else:
        entries = [_entry(name, mode, sha) for name, (mode, sha) in objects.trees[tree].items()]
    truncated = len(entries) > call.repository.tree_limit
    shown = entries[: call.repository.tree_limit]
    return 200, {"sha": asked, "url": "https://example.com/t", "tree": shown, "truncated": truncated}


def _entry(path: str, mode: str, sha: str) -> dict[str, Any]:
    kind = "tree" if mode == FOLDER else "blob"
    return {"path": path, "mode": mode.rjust(6, "0"), "type": kind, "sha": sha, "url": "https://example.com/o"}


@on("post", "/git/trees", *CONTENTS)
def add_tree(call: Call) -> Answer:
    objects, base = call.repository.objects, call.body.get("base_tree")
    if base is not None and base not in objects.trees:
        return refused(422, "base_tree is not a valid tree")
    tree = base or objects.tree({})
    for entry in call.body["tree"]:
        sha = entry.get("sha")
        if "content" in entry:
            sha = objects.blob(entry["content"].encode())
        if sha is not None and sha not in objects.raw:
            return refused(422, "tree.sha is not a valid object")
        if sha is None and entry["path"] not in objects.files(tree):
            return refused(422, "GitRPC::BadObjectState")
        tree = objects.changed(tree, entry["path"], (entry["mode"], sha) if sha else None)
    entries = [_entry(name, mode, sha) for name, (mode, sha) in objects.trees[tree].items()]
    return 201, {"sha": tree, "url": "https://example.com/t", "tree": entries, "truncated": False}


@on("get", "/git/blobs/{file_sha}")
def git_blob(call: Call) -> Answer:
    found = call.repository.objects.raw.get(call.parameters["file_sha"])
    if found is None or found[0] != "blob":
        return NOT_FOUND
    content = base64.encodebytes(found[1]).decode()
    sha = call.parameters["file_sha"]
    return 200, {"sha": sha, "content": content, "encoding": "base64", "size": len(found[1])}


# Commits and contents


@on("get", "/commits")
def commits(call: Call) -> Answer:
    repo = call.repository
    if not repo.refs and not repo.objects.commits:
        return refused(409, "Git Repository is empty.")
    start = call.query.get("sha", repo.default_branch)
    listed = repo.objects.ancestors(repo.refs.get(f"refs/heads/{start}", start))
    if not listed:
        return NOT_FOUND
    people = {"author": {"login": "ada"}, "committer": {"login": "ada"}}
    return 200, [{"sha": sha, "commit": {"message": repo.objects.commits[sha].message}, **people} for sha in listed]


@on("get", "/compare/{basehead}")
def compare(call: Call) -> Answer:
    repo = call.repository
    ends = [repo.refs.get(f"refs/heads/{end}", end) for end in call.parameters["basehead"].split("...")]
    base, head = (repo.objects.ancestors(end) for end in ends)
    shared = next((sha for sha in head if sha in base), None)
    if shared is None:
        return NOT_FOUND
    ahead, behind = [s for s in head if s not in base], [s for s in base if s not in head]
    state = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    return 200, {
        "merge_base_commit": {"sha": shared},
        "base_commit": {"sha": ends[0]},
        "status": state,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [{"sha": sha} for sha in reversed(ahead)],
        "files": [],
    }


@on("get", "/contents/{path}")
def contents(call: Call) -> Answer:
    repo = call.repository
    tree = _tree(call, call.query.get("ref", repo.default_branch))
    sha = repo.objects.files(tree).get(call.parameters["path"]) if tree else None
    if sha is None:
        return NOT_FOUND
    content = repo.objects.raw[sha][1]
    path = call.parameters["path"]
    return 200, {
        "type": "file",
        "encoding": "base64",
        "size": len(content),
        "name": path.rpartition("/")[2],
        "path": path,
        "content": base64.encodebytes(content).decode(),
        "sha": sha,
    }


# Pull requests, runs, artifacts, checks


@on("get", "/pulls/{pull_number}")
def pull(call: Call) -> Answer:
    found = call.repository.pulls.get(int(call.parameters["pull_number"]))
    return (200, found) if found else NOT_FOUND


@on("get", "/pulls")
def pulls(call: Call) -> Answer:
    wanted, state = call.query.get("head"), call.query.get("state", "open")
    found = [p for p in call.repository.pulls.values() if state in (p["state"], "all")]
    return 200, [p for p in found if wanted in (None, p["head"]["label"])]


@on("get", "/actions/runs/{run_id}", ("actions", "read"))
def workflow_run(call: Call) -> Answer:
    found = call.repository.runs.get(int(call.parameters["run_id"]))
    return (200, found) if found else NOT_FOUND


@on("get", "/actions/runs/{run_id}/artifacts", ("actions", "read"))
def artifacts(call: Call) -> Answer:
    run_id, name = int(call.parameters["run_id"]), call.query.get("name")
    found = [a for a in call.repository.artifacts.values() if a["workflow_run"]["id"] == run_id]
    found = [a for a in found if name in (None, a["name"])]
    return 200, {"total_count": len(found), "artifacts": found}


@on("get", "/actions/artifacts/{artifact_id}/{archive_format}", ("actions", "read"))
def artifact(call: Call) -> Answer:
    found = call.repository.artifacts.get(int(call.parameters["artifact_id"]))
    if found is None:
        return NOT_FOUND
    return (410, refused(410, "Artifact has expired")[1]) if found["expired"] else (302, None)


@on("post", "/check-runs", ("checks", "write"))
def add_check_run(call: Call) -> Answer:
    number = next(call.repository.numbers)
    call.repository.check_runs[number] = {
        **call.body,
        "id": number,
        "html_url": f"{call.base_url}/{call.repository.full_name}/runs/{number}",
    }
    return 201, _check_run(call.repository.check_runs[number])


@on("patch", "/check-runs/{check_run_id}", ("checks", "write"))
def change_check_run(call: Call) -> Answer:
    found = call.repository.check_runs.get(int(call.parameters["check_run_id"]))
    if found is None:
        return NOT_FOUND
    found.update(call.body)
    return 200, _check_run(found)


@on("get", "/commits/{ref}/check-runs")
def check_runs(call: Call) -> Answer:
    wanted = call.query.get("check_name")
    found = [c for c in call.repository.check_runs.values() if c["head_sha"] == call.parameters["ref"]]
    found = [_check_run(c) for c in found if wanted in (None, c["name"])]
    return 200, {"total_count": len(found), "check_runs": found}


def _check_run(check: dict[str, Any]) -> dict[str, Any]:
    output = check.get("output", {})
    shown = {"title": output.get("title"), "summary": output.get("summary"), "text": output.get("text")}
    shown |= {"annotations_count": len(output.get("annotations", [])), "annotations_url": "https://example.com/a"}
    kept = {k: v for k, v in check.items() if k not in {"output", "actions"}}
    return kept | {"output": shown, "status": check.get("status", "completed")}
