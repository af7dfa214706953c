"""Whether, where and how often to comment: decided from the plan, the user's wish and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from smp_check.errors import GitHubError
from smp_check.github.comment import Marker, Order, Posted, StickyComment, comment_key
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.github.client import GitHub
    from smp_check.github.event import Context, Plan
    from smp_check.verdict.model import Comparison

CommentMode = Literal["auto", "always", "on-change", "never"]
COMMENT_MODES: tuple[CommentMode, ...] = ("auto", "always", "on-change", "never")
_NEWS = frozenset({Verdict.REGRESSED, Verdict.IMPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """What is to be done about the comment."""

    post: bool
    only_update: bool = False
    """Whether a comment that is there is brought up to date, and none is made."""
    reason: str = ""
    """Why there will be none, for the log and the job summary."""


def intend(planned: Plan, mode: CommentMode, comparisons: Sequence[Comparison]) -> Intention:
    """What ``comment: mode`` means for this event and these findings."""
    if mode == "never":
        return Intention(post=False, reason="comment: never")
    if planned.pull_request is None:
        return Intention(post=False, reason=planned.reason)
    if planned.comment == "second-stage" and mode != "always":
        return Intention(post=False, reason=planned.reason)
    return Intention(post=True, only_update=mode == "on-change" and not is_news(comparisons))


def is_news(comparisons: Sequence[Comparison]) -> bool:
    """Whether there is anything that a reader of the pull request should be disturbed for."""
    return any(
        comparison.failed or any(metric.gating and metric.verdict in _NEWS for metric in comparison.metrics)
        for comparison in comparisons
    )


def leg_name(comparisons: Sequence[Comparison], given: str) -> str:
    """What tells this comment from the others of the same job: the user's key, else the tests' names and meshes."""
    return given or "|".join(sorted(f"{comparison.name}/{comparison.mesh}" for comparison in comparisons))


def post_comment(
    github: GitHub, context: Context, planned: Plan, intention: Intention, *, leg: str, text: str
) -> Posted:
    """Post as intended. Never raises for what GitHub does: a comment that cannot be posted is said, no more."""
    request = planned.pull_request
    if not intention.post or request is None:
        return Posted(state="skipped", detail=intention.reason)
    marker = Marker(
        key=comment_key(context.workflow, context.job, leg),
        order=Order(run_id=context.run_id, attempt=context.attempt),
        head=request.head_sha[:12],
    )
    try:
        return StickyComment(github, context.repository, request.number).post(
            marker, text, only_update=intention.only_update
        )
    except GitHubError as fault:
        hint = f" ({fault.hint})" if fault.hint else ""
        return Posted(state="refused", detail=f"{fault.message}{hint}")
