"""Where this run happens: which commits its baseline may come from, and whether it joins the baseline."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smp_check.github.event import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the place says about a run."""

    commit: str | None
    """The commit that the head is to be compared with; ``None`` where none is known."""
    ancestors: tuple[str, ...]
    """The commits before ``commit``, newest first."""
    add_to_baseline: bool
    reason: str


def surroundings(
    update_baseline: str, *, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Surroundings:
    """Look at the workflow event in GitHub Actions, at git elsewhere.

    Raises ``InputError`` for events that smp-check refuses.
    """
    environ = os.environ if environ is None else environ
    folder = folder or Path.cwd()
    if environ.get("GITHUB_ACTIONS") == "true":
        return _in_actions(update_baseline, folder, environ)
    return _elsewhere(update_baseline, folder, environ)


def _in_actions(update_baseline: str, folder: Path, environ: Mapping[str, str]) -> Surroundings:
    from smp_check.github.checkout import ancestors
    from smp_check.github.event import context_from, plan, records

    context = context_from(environ, read_event(environ))
    planned = plan(context)
    commit = anchor(planned, context.sha, folder)
    return Surroundings(
        commit=commit,
        ancestors=ancestors(folder, commit) if commit else (),
        add_to_baseline=records(planned, update_baseline),
        reason=planned.reason,
    )


def read_event(environ: Mapping[str, str]) -> dict[str, Any]:
    """The payload that started the workflow; empty where there is none to read."""
    try:
        payload = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    except (KeyError, OSError, ValueError):
        return {}
    return payload if isinstance(payload, dict) else {}


def anchor(planned: Plan, sha: str, folder: Path) -> str | None:
    """The commit whose runs are the baseline, from the plan and what the clone knows.

    On a pull request the checkout is GitHub's merge of base and change, whose first parent is the base that was
    measured; where the change itself was checked out it is the merge base.
    """
    from smp_check.github.checkout import head, merge_base, parents

    measured = head(folder) or sha or None
    if planned.rule == "itself" or measured is None:
        return measured or planned.given
    if planned.rule == "given":
        return planned.given
    request = planned.pull_request
    if request is not None and measured == request.head_sha:
        return merge_base(folder, request.base_sha, request.head_sha) or planned.given
    before = parents(folder, measured)
    return before[0] if before else planned.given


def _elsewhere(update_baseline: str, folder: Path, environ: Mapping[str, str]) -> Surroundings:
    from smp_check.github.checkout import ancestors, head

    commit = head(folder)
    joins = update_baseline == "always" or (update_baseline == "auto" and not _other_branch(folder, environ))
    return Surroundings(
        commit=commit,
        ancestors=ancestors(folder, commit) if commit else (),
        add_to_baseline=joins,
        reason="on this machine every run joins the baseline" if joins else "this run does not join the baseline",
    )


def _other_branch(folder: Path, environ: Mapping[str, str]) -> bool:
    """Whether a CI system runs for another branch than the default one; a laptop never does."""
    from smp_check.github.checkout import branch, default_branch

    if environ.get("CI", "").lower() not in {"true", "1"}:
        return False
    if environ.get("CI_MERGE_REQUEST_IID"):  # GitLab
        return True
    here = environ.get("CI_COMMIT_BRANCH") or branch(folder)
    default = environ.get("CI_DEFAULT_BRANCH") or default_branch(folder)
    return here is not None and default is not None and here != default
