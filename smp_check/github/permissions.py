"""What a job's token may do, found by asking: reads that should succeed, and writes that cannot succeed.

GitHub does not tell a token's permissions. A reference to a commit of zeros and an empty comment are refused for
their content where the permission is there, and for the permission where it is not; nothing is ever written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.errors import GitHubError
from smp_check.github.answers import RefusedError
from smp_check.github.comment import is_locked
from smp_check.github.event import ZERO_SHA

if TYPE_CHECKING:
    from smp_check.github.client import GitHub
    from smp_check.github.event import Context, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One permission, whether the token has it, and the line of YAML that grants it."""

    name: str
    """As a job spells it: ``contents: write``."""
    purpose: str
    granted: bool
    detail: str = ""

    @property
    def line(self) -> str:
        """What to put on the job."""
        return f"permissions: {{{self.name}}}"


def examine(github: GitHub, context: Context, planned: Plan) -> list[Right]:
    """The permissions that this event needs, each tried. Raises ``GitHubError`` if GitHub does not answer at all."""
    here = f"repos/{context.repository}"

    def read() -> None:
        """The repository itself is shown to every token; its commits are not, where it is private."""
        github.get(f"{here}/commits", "list the commits", params={"per_page": 1})

    def write() -> None:
        body = {"ref": "refs/heads/smp-check-doctor", "sha": ZERO_SHA}
        github.send("POST", f"{here}/git/refs", "make a reference to nothing", body)

    def comment() -> None:
        number = planned.pull_request.number if planned.pull_request else 0
        github.send("POST", f"{here}/issues/{number}/comments", "post an empty comment", {"body": ""})

    def artifacts() -> None:
        github.get(f"{here}/actions/runs/{_first_run(context)}", "show the first stage's run")

    comments = planned.comment == "here" and planned.pull_request is not None
    wanted: list[tuple[bool, str, str, Callable[[], None]]] = [
        (True, "contents: read", "the earlier runs", read),
        (planned.record, "contents: write", "adding this run to the earlier ones", write),
        (comments, "pull-requests: write", "the comment", comment),
        (not planned.measure, "actions: read", "what the first stage measured", artifacts),
    ]
    return [_tried(name, purpose, attempt) for needed, name, purpose, attempt in wanted if needed]


def _first_run(context: Context) -> int:
    run = context.payload.get("workflow_run")
    return int(run.get("id") or 0) if isinstance(run, dict) else 0


def _tried(name: str, purpose: str, attempt: Callable[[], None]) -> Right:
    try:
        attempt()
    except RefusedError as fault:
        refused = fault.status in {401, 403, 404} and not is_locked(fault)
        return Right(name=name, purpose=purpose, granted=not refused, detail=fault.reason if refused else "")
    except GitHubError as fault:
        return Right(name=name, purpose=purpose, granted=False, detail=fault.message)
    return Right(name=name, purpose=purpose, granted=True)
