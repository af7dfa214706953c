"""A check run beside the comment, for repositories that want the verdict among the required checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.errors import GitHubError
from smp_check.github.answers import AmbiguousError
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.github.client import GitHub
    from smp_check.verdict.model import Comparison

SUMMARY_CHARACTERS = 60_000
"""GitHub takes 65,535."""


def conclusion(comparisons: Sequence[Comparison]) -> str:
    """GitHub's word for the outcome: nothing that the gate lets pass is a failure."""
    if any(comparison.failed for comparison in comparisons):
        return "failure"
    decided = {Verdict.UNCHANGED, Verdict.IMPROVED}
    return "success" if all(comparison.verdict in decided for comparison in comparisons) else "neutral"


def report_check(
    github: GitHub, repository: str, *, name: str, head: str, comparisons: Sequence[Comparison], text: str
) -> str:
    """Make the check run of this name on a commit, or bring it up to date; its address. Raises ``GitHubError``."""
    title = comparisons[0].headline if len(comparisons) == 1 else f"{len(comparisons)} comparisons"
    body = {
        "name": name,
        "head_sha": head,
        "status": "completed",
        "conclusion": conclusion(comparisons),
        "output": {"title": title[:200], "summary": text},
    }
    what = "report a check run"
    known = _known(github, repository, name, head)
    for _ in range(3):
        try:
            if known is not None:
                path = f"repos/{repository}/check-runs/{known}"
                return str(github.send("PATCH", path, what, body).value.get("html_url") or "")
            return str(github.send("POST", f"repos/{repository}/check-runs", what, body).value.get("html_url") or "")
        except AmbiguousError:
            known = known or _known(github, repository, name, head)
    raise GitHubError(f"GitHub gave no clear answer when asked to {what}")


def _known(github: GitHub, repository: str, name: str, head: str) -> int | None:
    listed = github.get(
        f"repos/{repository}/commits/{head}/check-runs", "list check runs", params={"check_name": name}
    ).value
    found = [int(each["id"]) for each in listed.get("check_runs", []) if each.get("name") == name]
    return max(found, default=None)
