"""What to do is a pure function of the event: one table for all of them."""

from __future__ import annotations

from typing import Any

import pytest

from smp_check.errors import InputError
from smp_check.github.event import Context, context_from, plan, records

REPOSITORY = {"default_branch": "main", "full_name": "mesh/shop"}


def pull_request(head_repository: str | None) -> dict[str, Any]:
    return {
        "repository": REPOSITORY,
        "pull_request": {
            "number": 7,
            "head": {"sha": "b" * 40, "repo": {"full_name": head_repository} if head_repository else None},
            "base": {"sha": "a" * 40, "ref": "main"},
        },
    }


def context(event: str, ref: str = "refs/heads/main", actor: str = "ada", **payload: Any) -> Context:
    return Context(
        event=event,
        repository="mesh/shop",
        sha="c" * 40,
        ref=ref,
        actor=actor,
        payload={"repository": REPOSITORY, **payload},
    )


#        name, context, measures, comments, joins the baseline (auto), anchored
TABLE = [
    ("own branch", context("pull_request", **pull_request("mesh/shop")), True, "here", False, "first-parent"),
    ("fork", context("pull_request", **pull_request("eve/shop")), True, "second-stage", False, "first-parent"),
    ("deleted fork", context("pull_request", **pull_request(None)), True, "second-stage", False, "first-parent"),
    (
        "Dependabot",
        context("pull_request", actor="dependabot[bot]", **pull_request("mesh/shop")),
        True,
        "second-stage",
        False,
        "first-parent",
    ),
    ("push to main", context("push"), True, "nowhere", True, "first-parent"),
    ("push to a branch", context("push", "refs/heads/topic"), True, "nowhere", False, "first-parent"),
    ("push of a tag", context("push", "refs/tags/main"), True, "nowhere", False, "first-parent"),
    ("schedule", context("schedule"), True, "nowhere", True, "itself"),
    ("by hand on main", context("workflow_dispatch"), True, "nowhere", True, "itself"),
    ("by hand on a branch", context("workflow_dispatch", "refs/heads/topic"), True, "nowhere", False, "itself"),
    (
        "merge queue",
        context("merge_group", "refs/heads/gh-readonly-queue/main/pr-7-abc", merge_group={"base_sha": "d" * 40}),
        True,
        "nowhere",
        False,
        "given",
    ),
    ("second stage", context("workflow_run"), False, "here", False, "given"),
    ("a release", context("release", "refs/tags/v1"), True, "nowhere", False, "first-parent"),
    ("a comment", context("issue_comment"), True, "nowhere", False, "first-parent"),
]


@pytest.mark.parametrize(("name", "given", "measures", "comments", "joins", "rule"), TABLE, ids=[r[0] for r in TABLE])
def test_the_table(name: str, given: Context, measures: bool, comments: str, joins: bool, rule: str) -> None:
    """Every event has its row."""
    planned = plan(given)
    assert planned.measure is measures
    assert planned.comment == comments
    assert records(planned, "auto") is joins
    assert records(planned, "never") is False
    assert planned.rule == rule
    assert planned.reason


def test_a_pull_request_target_is_refused_with_the_reason() -> None:
    """The one event under which a benchmark must not run."""
    with pytest.raises(InputError, match="next to a token") as refused:
        plan(context("pull_request_target", **pull_request("eve/shop")))
    assert "workflow_run" in (refused.value.hint or "")


@pytest.mark.parametrize("event", ["pull_request", "merge_group", "workflow_run"])
def test_a_change_never_becomes_its_own_baseline(event: str) -> None:
    """`update_baseline: always` is refused before the merge, and allowed elsewhere."""
    with pytest.raises(InputError, match="its own baseline"):
        records(plan(context(event, **pull_request("mesh/shop"))), "always")
    assert records(plan(context("release")), "always")


def test_the_context_is_read_from_the_runners_variables() -> None:
    """The workflow is known by its path; a missing or odd number is 0, not a crash."""
    environ = {
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REPOSITORY": "mesh/shop",
        "GITHUB_SHA": "c" * 40,
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_RUN_ID": "12",
        "GITHUB_RUN_ATTEMPT": "x",
        "GITHUB_WORKFLOW_REF": "mesh/shop/.github/workflows/perf.yml@refs/heads/main",
        "GITHUB_JOB": "bench",
    }
    found = context_from(environ, {})
    assert (found.run_id, found.attempt, found.workflow, found.job) == (12, 1, ".github/workflows/perf.yml", "bench")
    assert not found.on_default_branch, "an event that does not name the default branch is not taken for it"
