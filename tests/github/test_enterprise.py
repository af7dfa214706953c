"""GitHub Enterprise Server: the API below a path, GraphQL below another, and every page and file still found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.github.fake import FakeGitHub
from tests.github.jobs import ActionsJob, request
from tests.github.test_publish import compared, first_stage, second_stage


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    """In the place of the usual one."""
    with FakeGitHub(prefix="/api/v3") as running:
        yield running
    assert running.violations == []


def test_comments_are_found_over_all_pages(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """The links between pages have the path, too; the identity comes from the other one."""
    path, shop = compared(tool, runs), fake.repositories["mesh/shop"]
    assert job("publish", path, event="pull_request", payload=request(), token="writer").code == 0
    shop.comments[7][:0] = [{"id": n, "body": f"talk {n}", "user": {"login": "ada"}} for n in range(1, 251)]
    job.run_id = 2
    ended = job("publish", path, "--check-run", event="pull_request", payload=request(), token="writer")
    assert ended.code == 0, ended.err
    assert len(shop.comments[7]) == 251
    assert ended.outputs["comment_url"].startswith(f"{fake.url}/mesh/shop/pull/7")
    assert shop.check_runs
    assert fake.calls("POST", "^/api/graphql$") == 2


def test_both_stages_and_the_store(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """A run joins the branch; a fork's document is fetched from another host, without the token, and judged."""
    payload = first_stage(job, fake, json.dumps(runs["slow"]).encode())
    known = json.loads(json.dumps(runs["quick"]))
    known["details"]["provenance"] = {"commit": fake.repositories["mesh/shop"].refs["refs/heads/main"]}
    tool.write("known.json", known)
    added = job("baseline", "add", "known.json", "--store", "git-branch", event="push", payload={}, token="writer")
    assert added.code == 0, added.err
    ended = second_stage(job, fake, payload)
    assert ended.outputs["verdict"] == "regressed", ended.err
    assert not any(e.authorised for e in fake.exchanges if e.path.startswith("storage"))
