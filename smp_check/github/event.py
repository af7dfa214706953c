"""What to do is a pure function of the event that started the workflow: context in, plan out.

The event names and the shape of their payloads are GitHub's
(https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from smp_check.errors import InputError

ZERO_SHA = "0" * 40
ACCEPT_LABEL = "smp-check:accept"
"""A pull request that carries this label fails for no regression: somebody with triage rights meant the change."""
READ_ONLY_ACTORS = ("dependabot[bot]",)
"""GitHub runs their pull requests as it runs those of forks: with a token that can only read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One job of one workflow run, as GitHub describes it to the job."""

    event: str
    repository: str
    """``owner/name``."""
    sha: str
    ref: str
    run_id: int = 0
    attempt: int = 1
    workflow: str = ""
    """Path of the workflow file, or its name where the path is not known."""
    job: str = ""
    actor: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def default_branch(self) -> str | None:
        """The repository's default branch, where the event names it."""
        name = _at(self.payload, "repository", "default_branch")
        return str(name) if name else None

    @property
    def on_default_branch(self) -> bool:
        """Whether the job runs for the default branch."""
        return self.default_branch is not None and self.ref == f"refs/heads/{self.default_branch}"


def context_from(environ: Mapping[str, str], payload: Mapping[str, Any]) -> Context:
    """The context from the runner's default variables and the event's payload."""
    reference = environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    path = reference.split("/", 2)[2] if reference.count("/") >= 2 else environ.get("GITHUB_WORKFLOW", "")
    return Context(
        event=environ.get("GITHUB_EVENT_NAME", ""),
        repository=environ.get("GITHUB_REPOSITORY", ""),
        sha=environ.get("GITHUB_SHA", ""),
        ref=environ.get("GITHUB_REF", ""),
        run_id=_number(environ.get("GITHUB_RUN_ID")),
        attempt=_number(environ.get("GITHUB_RUN_ATTEMPT")) or 1,
        workflow=path,
        job=environ.get("GITHUB_JOB", ""),
        actor=environ.get("GITHUB_ACTOR", ""),
        payload=payload,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """The pull request that a run belongs to."""

    number: int
    head_sha: str
    head_repository: str | None
    """``None`` when the fork is gone."""
    base_sha: str
    """Tip of the base branch when the event was made; not the merge base."""
    base_ref: str = ""
    labels: tuple[str, ...] = ()


Comment = Literal["here", "second-stage", "nowhere"]
Rule = Literal["first-parent", "given", "itself"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What this run does."""

    measure: bool
    comment: Comment
    record: bool
    """Whether ``update_baseline: auto`` adds the run to the baseline."""
    rule: Rule
    """Where the baseline is anchored: at the parent of the measured commit, at ``given``, or at the commit itself."""
    reason: str
    """One sentence for the log and the job summary."""
    given: str | None = None
    may_record: bool = True
    """Whether ``update_baseline: always`` is allowed to add the run."""
    pull_request: PullRequest | None = None


def plan(context: Context) -> Plan:
    """Decide what to do. Raises ``InputError`` for ``pull_request_target``, with the reason."""
    decide = _PLANS.get(context.event)
    if decide is not None:
        return decide(context)
    return Plan(
        measure=True,
        comment="nowhere",
        record=False,
        rule="first-parent",
        reason=f"a {context.event or 'nameless'} event has no pull request: the report goes to the job summary",
    )


def _pull_request(context: Context) -> Plan:
    found = pull_request_of(context.payload)
    foreign = found is not None and found.head_repository != context.repository
    if foreign:
        comment: Comment = "second-stage"
        reason = "a pull request from a fork has a read-only token: the second workflow comments"
    elif context.actor in READ_ONLY_ACTORS:
        comment, reason = "second-stage", "Dependabot has a read-only token: the second workflow comments"
    elif found is None:
        comment, reason = "nowhere", "the event names no pull request: the report goes to the job summary"
    else:
        comment, reason = "here", f"the report goes to pull request #{found.number}"
    return Plan(
        measure=True,
        comment=comment,
        record=False,
        may_record=False,
        rule="first-parent",
        given=found.base_sha if found else None,
        reason=reason,
        pull_request=found,
    )


def pull_request_of(payload: Mapping[str, Any]) -> PullRequest | None:
    """The pull request that an event's payload, or GitHub's answer about one, describes."""
    value = payload.get("pull_request", payload)
    number, head = _at(value, "number"), _at(value, "head", "sha")
    if not isinstance(number, int) or not isinstance(head, str):
        return None
    return PullRequest(
        number=number,
        head_sha=head,
        head_repository=_at(value, "head", "repo", "full_name"),
        base_sha=str(_at(value, "base", "sha") or ""),
        base_ref=str(_at(value, "base", "ref") or ""),
        labels=tuple(str(_at(each, "name")) for each in _at(value, "labels") or ()),
    )


def _push(context: Context) -> Plan:
    default = context.on_default_branch
    where = "the default branch" if default else "a branch that is not the default one"
    return Plan(
        measure=True,
        comment="nowhere",
        record=default,
        rule="first-parent",
        reason=f"a push to {where}: {'the run joins' if default else 'the run does not join'} the baseline",
    )


def _again(context: Context) -> Plan:
    """The same commit as earlier, measured once more: by a schedule or by hand."""
    default = context.event == "schedule" or context.on_default_branch
    joins = "the run joins the baseline" if default else "not the default branch: the run does not join the baseline"
    return Plan(measure=True, comment="nowhere", record=default, rule="itself", reason=f"{context.event}: {joins}")


def _merge_group(context: Context) -> Plan:
    base = _at(context.payload, "merge_group", "base_sha")
    return Plan(
        measure=True,
        comment="nowhere",
        record=False,
        may_record=False,
        rule="given" if base else "first-parent",
        given=str(base) if base else None,
        reason="a merge queue may hold several pull requests: the report goes to the job summary",
    )


def _workflow_run(_context: Context) -> Plan:
    return Plan(
        measure=False,
        comment="here",
        record=False,
        may_record=False,
        rule="given",
        reason="the second stage of a pull request from a fork: judge what the first stage measured, and comment",
    )


def _refuse(_context: Context) -> Plan:
    raise InputError(
        "smp-check does not run on pull_request_target: it would run the code of a pull request next to a token that"
        " may write to this repository",
        hint="use `on: pull_request`, and for forks a second workflow `on: workflow_run` (smp-check init writes both)",
    )


_PLANS = {
    "pull_request": _pull_request,
    "pull_request_target": _refuse,
    "push": _push,
    "schedule": _again,
    "workflow_dispatch": _again,
    "merge_group": _merge_group,
    "workflow_run": _workflow_run,
}


def records(planned: Plan, update_baseline: str) -> bool:
    """Whether the run joins the baseline under ``update_baseline`` (auto, always, never).

    Raises ``InputError`` where ``always`` would let a change become its own baseline.
    """
    if update_baseline == "always" and not planned.may_record:
        raise InputError(
            "update_baseline: always would make a change that is not merged yet part of its own baseline",
            hint="leave it at auto: runs of the default branch are added, those of pull requests are not",
        )
    return update_baseline == "always" or (update_baseline == "auto" and planned.record)
