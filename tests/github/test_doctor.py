"""`smp-check doctor` inside Actions: each missing permission with the line of YAML that grants it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smp_check.diagnosis import diagnose_actions

PULL_REQUEST = {
    "repository": {"default_branch": "main"},
    "pull_request": {
        "number": 7,
        "head": {"sha": "b" * 40, "repo": {"full_name": "mesh/shop"}},
        "base": {"sha": "a" * 40, "ref": "main"},
    },
}
PUSH = {"repository": {"default_branch": "main"}}


def diagnosed(fake: Any, event: str, payload: dict[str, Any], token: str) -> dict[str, tuple[str, str]]:
    environ = fake.environment(token) | {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": event,
        "GITHUB_REPOSITORY": "mesh/shop",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_STEP_SUMMARY": "x",
    }
    return {each.subject: (each.state, each.advice) for each in diagnose_actions(environ, payload)}


@pytest.fixture
def shop(fake: Any) -> Any:
    repository = fake.repository()
    repository.add_pull(7, base="a" * 40, head="b" * 40)
    fake.token("all", contents="write", pull_requests="write", actions="read")
    fake.token("reader", contents="read")
    return repository


def test_all_is_well(fake: Any, shop: Any) -> None:
    """Nothing is written by looking."""
    found = diagnosed(fake, "pull_request", PULL_REQUEST, "all")
    assert found["pull-requests: write"] == ("ok", "")
    assert diagnosed(fake, "push", PUSH, "all")["contents: write"] == ("ok", "")
    assert shop.comments[7] == []
    assert shop.refs == {}


@pytest.mark.parametrize(
    ("event", "payload", "right"),
    [
        ("pull_request", PULL_REQUEST, "pull-requests: write"),
        ("push", PUSH, "contents: write"),
        ("workflow_run", PUSH | {"workflow_run": {"id": 5}}, "actions: read"),
    ],
)
def test_a_missing_permission_is_named_with_its_line(
    fake: Any, shop: Any, event: str, payload: dict[str, Any], right: str
) -> None:
    """What each event needs, and no more."""
    found = diagnosed(fake, event, payload, "reader")
    assert found[right] == ("failed", f"permissions: {{{right}}}")
    assert found["contents: read"][0] == "ok"


def test_a_private_repository_is_not_read_by_every_token(fake: Any, shop: Any) -> None:
    """`permissions: {}` shows that the repository exists, and none of its commits."""
    fake.token("none")
    shop.private = True
    assert diagnosed(fake, "push", PUSH, "none")["contents: read"] == ("failed", "permissions: {contents: read}")
    assert diagnosed(fake, "push", PUSH, "reader")["contents: read"][0] == "ok"
    shop.private = False
    assert diagnosed(fake, "push", PUSH, "none")["contents: read"][0] == "ok"


def test_a_locked_conversation_is_no_missing_permission(fake: Any, shop: Any) -> None:
    """The token may comment; nobody may here."""
    shop.locked.add(7)
    assert diagnosed(fake, "pull_request", PULL_REQUEST, "all")["pull-requests: write"][0] == "ok"
    assert diagnosed(fake, "pull_request", PULL_REQUEST, "reader")["pull-requests: write"][0] == "failed"


def test_no_token_and_a_refused_event(fake: Any, shop: Any) -> None:
    """Both are said, and what to write instead."""
    assert "GITHUB_TOKEN" in diagnosed(fake, "push", PUSH, "")["token"][1]
    assert "workflow_run" in diagnosed(fake, "pull_request_target", PULL_REQUEST, "all")["event"][1]
    assert diagnose_actions({}, {}) == []


def test_the_command_shows_it(tool: Any) -> None:
    """As JSON for programs; the rest of the doctor is there as well."""
    done = tool("doctor", "--format", "json", "--store", "directory")
    areas = {each["area"] for each in json.loads(done.out)["found"]}
    assert {"runtime", "machine", "generator", "store"} <= areas
