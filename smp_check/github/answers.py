"""What GitHub answered, and its refusals as errors that say what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smp_check.errors import GitHubError


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that GitHub meant."""

    status: int
    value: Any
    """The JSON of its body, or ``None``."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in lower case."""

    @property
    def next_page(self) -> str | None:
        """The URL of the next page of a list (RFC 8288 ``Link``)."""
        for part in self.headers.get("link", "").split(","):
            url, _, rest = part.partition(";")
            if 'rel="next"' in rest:
                return url.strip().removeprefix("<").removesuffix(">")
        return None


class RefusedError(GitHubError):
    """GitHub answered with an error status."""

    def __init__(self, what: str, status: int, message: str, *, hint: str | None = None, request_id: str = "") -> None:
        trace = f" (request {request_id})" if request_id else ""
        super().__init__(f"GitHub refused to {what}: {status} {message}{trace}", hint=hint)
        self.status = status
        self.reason = message


class UnreachableError(GitHubError):
    """GitHub did not answer, or kept saying that it is busy."""


class AmbiguousError(GitHubError):
    """A write got no clear answer: it may have happened."""


def refusal(what: str, answer: Answer) -> RefusedError:
    """The error that an answer with an error status is."""
    message = message_of(answer.value)
    return RefusedError(
        what,
        answer.status,
        message,
        hint=_hint(answer, message),
        request_id=answer.headers.get("x-github-request-id", ""),
    )


def message_of(value: Any) -> str:
    """GitHub's own words for what is wrong, details included."""
    if not isinstance(value, Mapping):
        return "without a reason"
    parts = [str(value.get("message") or "without a reason")]
    errors = value.get("errors")
    for error in errors if isinstance(errors, list) else []:
        parts.append(str(error.get("message") or error.get("code")) if isinstance(error, Mapping) else str(error))
    return "; ".join(part for part in parts if part)[:500]


def _hint(answer: Answer, message: str) -> str | None:
    if answer.status == 401:
        return "the token is wrong, expired, or of another host; in the Action leave `github_token` at its default"
    if answer.status == 403 and "not accessible by integration" in message:
        wanted = answer.headers.get("x-accepted-github-permissions", "")
        return f"the job's token may not do this; give the job {permission_lines(wanted)}"
    if answer.status == 404:
        return "it does not exist, or the token may not see it: check the name and the job's `permissions:`"
    if "rule violations" in message.lower() or "protected branch" in message.lower():
        return "a ruleset or branch protection covers this branch; exempt it, or name another with baseline_branch"
    return None


def permission_lines(accepted: str) -> str:
    """The YAML that grants what ``X-Accepted-GitHub-Permissions`` asks for: ``permissions: {issues: write}``."""
    first = accepted.split(";", maxsplit=1)[0]
    granted = [part.strip().replace("_", "-").replace("=", ": ") for part in first.split(",") if "=" in part]
    return f"`permissions: {{{', '.join(granted) or 'contents: read, pull-requests: write'}}}`"
