"""One comment per key on a pull request: found by marker and author, updated in place, never twice.

The marker is the first line of the comment and nothing that a report shows can look like it, since reports
are escaped. Finding and creating is no single step at GitHub, so after creating we look again, and of
several comments the oldest stays.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from smp_check.errors import GitHubError
from smp_check.github.answers import AmbiguousError, RefusedError

if TYPE_CHECKING:
    from smp_check.github.client import GitHub

LIMIT = 65_536
"""Characters that GitHub takes in one comment."""
ACTIONS_BOT = "github-actions[bot]"
TRIES = 3
_MARKER = re.compile(r"<!-- smp-check:v1 key=([0-9a-f]{12}) run=(\d+)\.(\d+) head=([0-9a-f]{0,12}) -->")
_LOCKED = re.compile(r"\block(ed)?\b", re.IGNORECASE)

State = Literal["created", "updated", "unchanged", "superseded", "skipped", "locked", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Order:
    """Which of two runs is the later one."""

    run_id: int = 0
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The hidden first line by which a comment is known again."""

    key: str
    order: Order
    head: str = ""
    """The first twelve digits of the commit that the report is about."""

    def __str__(self) -> str:
        return f"<!-- smp-check:v1 key={self.key} run={self.order.run_id}.{self.order.attempt} head={self.head} -->"


def marker_of(body: str) -> Marker | None:
    """The marker that a comment begins with."""
    found = _MARKER.match(body)
    if found is None:
        return None
    order = Order(run_id=int(found[2]), attempt=int(found[3]))
    return Marker(key=found[1], order=order, head=found[4])


def comment_key(workflow: str, job: str, leg: str) -> str:
    """Twelve hex digits for one job of one workflow, and one leg of its matrix."""
    return hashlib.sha256("|".join((workflow, job, leg)).encode()).hexdigest()[:12]


def is_locked(fault: RefusedError) -> bool:
    """Whether GitHub refused because somebody locked the conversation, whatever the token may do."""
    return fault.status == 403 and _LOCKED.search(fault.reason) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of a comment."""

    state: State
    url: str = ""
    detail: str = ""
    """Why nothing was written, for people."""


class StickyComment:
    """The comment with one key on one pull request."""

    def __init__(self, github: GitHub, repository: str, number: int) -> None:
        self._github = github
        self._repository = repository
        self._number = number
        self._list = f"repos/{repository}/issues/{number}/comments"
        self._what = f"comment on pull request #{number}"
        self._me: str | None = None

    def post(self, marker: Marker, text: str, *, only_update: bool = False) -> Posted:
        """Create or update. With ``only_update`` a first comment is not made.

        A later run's comment is left as it is. Nothing is written into a conversation that was locked. Raises
        ``GitHubError`` when GitHub refuses anything else or does not answer.
        """
        body = f"{marker}\n{text}"
        if len(body) > LIMIT:
            raise GitHubError(f"the comment has {len(body)} characters, GitHub takes {LIMIT}")
        try:
            return self._post(marker, body, only_update)
        except RefusedError as fault:
            if is_locked(fault):
                return Posted(state="locked", detail=f"the conversation of pull request #{self._number} is locked")
            raise

    def _post(self, marker: Marker, body: str, only_update: bool) -> Posted:
        mine = self._mine(marker.key)
        if not mine:
            if only_update:
                return Posted(state="skipped", detail="nothing changed, and there is no comment to update")
            return self._create(marker, body)
        return self._update(mine, marker, body, created=False, again=not only_update)

    def _mine(self, key: str) -> list[dict[str, Any]]:
        """Our comments with this key, oldest first."""
        found = []
        for comment in self._github.pages(self._list, self._what):
            marker = marker_of(comment.get("body") or "")
            if marker is not None and marker.key == key and self._is_me(comment):
                found.append(comment)
        return sorted(found, key=lambda comment: int(comment["id"]))

    def _is_me(self, comment: dict[str, Any]) -> bool:
        """Anybody can write a marker; only our own comments are ours to change."""
        if self._me is None:
            self._me = self._viewer()
        user = comment.get("user") or {}
        login, bot = str(user.get("login", "")), str(user.get("type", "")) == "Bot"
        return login == self._me or (bot and login.removesuffix("[bot]") == self._me.removesuffix("[bot]"))

    def _viewer(self) -> str:
        """Our login; GraphQL may leave out an app's ``[bot]``, which no user's login can have."""
        try:
            data = self._github.graphql("query { viewer { login } }", "say whose token this is", {})
        except GitHubError:
            return ACTIONS_BOT
        return str((data.get("viewer") or {}).get("login") or ACTIONS_BOT)

    def _create(self, marker: Marker, body: str) -> Posted:
        url = ""
        for _ in range(TRIES):
            try:
                url = str(self._github.send("POST", self._list, self._what, {"body": body}).value["html_url"])
                break
            except AmbiguousError:
                if self._mine(marker.key):
                    break
        else:
            raise GitHubError(f"GitHub gave no clear answer when asked to {self._what}, {TRIES} times")
        mine = self._mine(marker.key)
        if not mine:  # a list may lag behind for some seconds
            return Posted(state="created", url=url)
        return self._update(mine, marker, body, created=True)

    def _update(
        self, mine: list[dict[str, Any]], marker: Marker, body: str, *, created: bool, again: bool = True
    ) -> Posted:
        """Bring the oldest up to date and remove the others; ``again``: one that was deleted meanwhile is made anew."""
        latest = max((found for each in mine if (found := marker_of(each["body"]))), key=lambda found: found.order)
        kept = mine[0]
        if latest.order > marker.order:
            newest = next(each["body"] for each in mine if marker_of(each["body"]) == latest)
            state: State = "superseded"
            detail = f"a later run ({latest.order.run_id}) has commented already"
            body = newest
        else:
            state, detail = "created" if created and len(mine) == 1 else "updated", ""
        if _same(kept["body"], body):
            state = state if state != "updated" else "unchanged"
        elif not self._change(kept, body):
            if again:
                return self._create(marker, body)
            return Posted(state="skipped", detail="nothing changed, and somebody deleted the comment")
        for other in mine[1:]:
            self._remove(other)
        return Posted(state=state, url=str(kept.get("html_url", "")), detail=detail)

    def _change(self, comment: dict[str, Any], body: str) -> bool:
        """Replace the text; ``False`` when somebody deleted the comment meanwhile."""
        path = f"repos/{self._repository}/issues/comments/{comment['id']}"
        for _ in range(TRIES):
            try:
                self._github.send("PATCH", path, self._what, {"body": body})
                return True
            except AmbiguousError:
                continue  # the same text again does no harm
            except RefusedError as fault:
                if fault.status == 404:
                    return False
                raise
        raise GitHubError(f"GitHub gave no clear answer when asked to {self._what}, {TRIES} times")

    def _remove(self, comment: dict[str, Any]) -> None:
        path = f"repos/{self._repository}/issues/comments/{comment['id']}"
        try:
            self._github.send("DELETE", path, "remove a doubled comment")
        except (RefusedError, AmbiguousError):
            return  # another run removes it, or the next one does


def _same(old: str, new: str) -> bool:
    """Whether two comments say the same of the same commit, whichever run wrote them."""
    before, after = marker_of(old), marker_of(new)
    return before is not None and after is not None and before.head == after.head and _rest(old) == _rest(new)


def _rest(body: str) -> str:
    return body.replace("\r\n", "\n").partition("\n")[2].strip()
