"""The commits that a baseline may come from, asked of GitHub where the clone is too shallow to know them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.errors import GitHubError
from smp_check.github.checkout import WALK

if TYPE_CHECKING:
    from smp_check.github.client import GitHub


def commits_before(github: GitHub, repository: str, commit: str) -> list[str]:
    """``commit`` and those before it, newest first; it alone when GitHub does not say."""
    try:
        listed = github.get(
            f"repos/{repository}/commits", "list the commits", params={"sha": commit, "per_page": WALK}
        ).value
    except GitHubError:
        return [commit]
    found = [str(each["sha"]) for each in listed]
    return found if found[:1] == [commit] else [commit, *found]


def merge_base(github: GitHub, repository: str, base: str, head: str) -> str | None:
    """The commit that ``head`` forked from ``base`` at; ``None`` when GitHub does not say."""
    try:
        answer = github.get(
            f"repos/{repository}/compare/{base}...{head}", "compare two commits", params={"per_page": 1}
        ).value
    except GitHubError:
        return None
    return str(answer["merge_base_commit"]["sha"])
