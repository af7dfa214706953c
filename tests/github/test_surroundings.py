"""The commit that a baseline is anchored at, in real git repositories, deep and shallow."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from smp_check.cli.surroundings import surroundings


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, name: str) -> str:
    (folder / name).write_text(name)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", name)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def history(tmp_path: Path) -> dict[str, Any]:
    """main: one - two - three; topic: two - change; merge: GitHub's merge of three and change."""
    folder = tmp_path / "full"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    made = {name: commit(folder, name) for name in ("one", "two")}
    git(folder, "checkout", "-q", "-b", "topic")
    made["change"] = commit(folder, "change")
    git(folder, "checkout", "-q", "main")
    made["three"] = commit(folder, "three")
    git(folder, "checkout", "-q", "--detach")
    git(folder, "merge", "-q", "--no-ff", "-m", "merge", "topic")
    made["merge"] = git(folder, "rev-parse", "HEAD")
    return {"folder": folder, **made}


def actions(tmp_path: Path, event: str, payload: dict[str, Any], **more: str) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"repository": {"default_branch": "main"}, **payload}))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": "mesh/shop",
        "GITHUB_REF": "refs/heads/main",
        **more,
    }


def request(history: dict[str, Any]) -> dict[str, Any]:
    head = {"sha": history["change"], "repo": {"full_name": "mesh/shop"}}
    return {"pull_request": {"number": 7, "head": head, "base": {"sha": history["three"], "ref": "main"}}}


def test_a_pull_request_is_compared_with_the_first_parent_of_its_merge(history: Any, tmp_path: Path) -> None:
    """Not with the tip of main that day, and not with its own earlier push."""
    environ = actions(tmp_path, "pull_request", request(history), GITHUB_SHA=history["merge"])
    found = surroundings("auto", folder=history["folder"], environ=environ)
    assert found.commit == history["three"]
    assert found.ancestors == (history["two"], history["one"])
    assert not found.add_to_baseline


def test_a_shallow_clone_is_enough_to_know_the_parent(history: Any, tmp_path: Path) -> None:
    """actions/checkout fetches one commit; the raw object still names its parents."""
    shallow = tmp_path / "shallow"
    git(history["folder"], "branch", "merged", history["merge"])
    source = history["folder"].as_uri()
    subprocess.run(["git", "clone", "-q", "--depth", "1", "-b", "merged", source, str(shallow)], check=True)
    environ = actions(tmp_path, "pull_request", request(history), GITHUB_SHA=history["merge"])
    found = surroundings("auto", folder=shallow, environ=environ)
    assert found.commit == history["three"]
    assert found.ancestors == ()


def test_a_checked_out_head_is_compared_with_the_merge_base(history: Any, tmp_path: Path) -> None:
    """Whoever checks out the change itself gets the commit that it forked from."""
    git(history["folder"], "checkout", "-q", history["change"])
    environ = actions(tmp_path, "pull_request", request(history), GITHUB_SHA=history["merge"])
    found = surroundings("auto", folder=history["folder"], environ=environ)
    assert found.commit == history["two"]


def test_pushes_look_back_and_join(history: Any, tmp_path: Path) -> None:
    """A push to the default branch is compared with its parent; a schedule with the commit itself."""
    git(history["folder"], "checkout", "-q", "main")
    pushed = surroundings(
        "auto", folder=history["folder"], environ=actions(tmp_path, "push", {}, GITHUB_SHA=history["three"])
    )
    assert (pushed.commit, pushed.add_to_baseline) == (history["two"], True)
    nightly = surroundings(
        "auto", folder=history["folder"], environ=actions(tmp_path, "schedule", {}, GITHUB_SHA=history["three"])
    )
    assert (nightly.commit, nightly.add_to_baseline) == (history["three"], True)
    queue = {"merge_group": {"base_sha": history["two"]}}
    queued = surroundings(
        "auto", folder=history["folder"], environ=actions(tmp_path, "merge_group", queue, GITHUB_SHA=history["three"])
    )
    assert (queued.commit, queued.add_to_baseline) == (history["two"], False)


def test_a_laptop_compares_with_what_is_checked_out(history: Any, tmp_path: Path) -> None:
    """Every run joins, on any branch; without git there is no commit to anchor at."""
    git(history["folder"], "checkout", "-q", "topic")
    found = surroundings("auto", folder=history["folder"], environ={})
    assert (found.commit, found.add_to_baseline) == (history["change"], True)
    assert found.ancestors[0] == history["two"]
    assert not surroundings("never", folder=history["folder"], environ={}).add_to_baseline
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    assert surroundings("auto", folder=nowhere, environ={}).commit is None


def test_other_ci_systems_add_only_their_default_branch(history: Any) -> None:
    """GitLab says which branch it runs for; where nothing is known, the run joins."""
    gitlab = {"CI": "true", "CI_COMMIT_BRANCH": "topic", "CI_DEFAULT_BRANCH": "main"}
    assert not surroundings("auto", folder=history["folder"], environ=gitlab).add_to_baseline
    assert surroundings("auto", folder=history["folder"], environ=gitlab | {"CI_COMMIT_BRANCH": "main"}).add_to_baseline
    assert not surroundings(
        "auto", folder=history["folder"], environ={"CI": "true", "CI_MERGE_REQUEST_IID": "3"}
    ).add_to_baseline
    assert surroundings("auto", folder=history["folder"], environ={"CI": "true"}).add_to_baseline
