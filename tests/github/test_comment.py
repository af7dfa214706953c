"""One comment per key: found on any page, by marker and author, through races, reruns, deletions and lost answers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from smp_check.errors import GitHubError
from smp_check.github.client import GitHub
from smp_check.github.comment import LIMIT, Marker, Order, StickyComment, comment_key, marker_of
from smp_check.github.place import Clock, Place

KEY = comment_key(".github/workflows/perf.yml", "bench", "shop")
HEAD = "b" * 12


@pytest.fixture
def shop(fake: Any) -> Any:
    repository = fake.repository()
    repository.add_pull(7, base="a" * 40, head="b" * 40)
    fake.token("bot", pull_requests="write")
    return repository


def sticky(fake: Any, token: str = "bot") -> StickyComment:
    place = Place.of(fake.environment(token))
    return StickyComment(GitHub(place, clock=Clock(sleep=lambda _: None)), "mesh/shop", 7)


def marker(run: int = 1, attempt: int = 1, key: str = KEY, head: str = HEAD) -> Marker:
    return Marker(key=key, order=Order(run_id=run, attempt=attempt), head=head)


def test_created_then_updated_then_unchanged(fake: Any, shop: Any) -> None:
    """The second run updates the first run's comment; the same words again write nothing."""
    first = sticky(fake).post(marker(1), "slower")
    assert first.state == "created"
    second = sticky(fake).post(marker(2, head="c" * 12), "fine again")
    assert (second.state, second.url) == ("updated", first.url)
    assert [marker_of(c["body"]) for c in shop.comments[7]] == [marker(2, head="c" * 12)]
    before = fake.calls("PATCH")
    assert sticky(fake).post(marker(3, head="c" * 12), "fine again").state == "unchanged"
    assert fake.calls("PATCH") == before


def test_it_is_found_on_the_third_page(fake: Any, shop: Any) -> None:
    """Busy pull requests have hundreds of comments, ours among the first or the last."""
    sticky(fake).post(marker(1), "one")
    ours = shop.comments[7].pop()
    others = [{"id": n, "body": f"talk {n}", "user": {"login": "ada"}} for n in range(1, 251)]
    shop.comments[7] += [*others, ours]
    assert sticky(fake).post(marker(2), "two").state == "updated"
    assert len(shop.comments[7]) == 251


def test_a_planted_marker_is_left_alone(fake: Any, shop: Any) -> None:
    """Anybody can write our marker; their comment is neither edited nor deleted."""
    planted: dict[str, Any] = {"id": 1, "body": f"{marker(999_999)}\nme", "user": {"login": "eve"}}
    shop.comments[7].append(planted)
    assert sticky(fake).post(marker(1), "real").state == "created"
    assert planted["body"].endswith("me")
    assert len(shop.comments[7]) == 2


@pytest.mark.parametrize("allowed", [True, False])
def test_who_we_are(fake: Any, shop: Any, allowed: bool) -> None:
    """The token's own login where GitHub tells it, the Actions bot where not."""
    fake.viewer_allowed = allowed
    sticky(fake).post(marker(1), "one")
    assert sticky(fake).post(marker(2), "two").state == "updated"


def test_another_identity_gets_its_own_comment(fake: Any, shop: Any) -> None:
    """A repository that moves to a GitHub App keeps working."""
    sticky(fake).post(marker(1), "one")
    fake.token("app", login="perf-app[bot]", issues="write")
    assert sticky(fake, "app").post(marker(2), "two").state == "created"


def test_a_late_run_does_not_overwrite_a_newer_one(fake: Any, shop: Any) -> None:
    """By run id, then by attempt."""
    sticky(fake).post(marker(20, 2), "new")
    assert sticky(fake).post(marker(19, 9), "old").state == "superseded"
    assert sticky(fake).post(marker(20, 1), "old").state == "superseded"
    assert shop.comments[7][0]["body"].endswith("new")
    assert sticky(fake).post(marker(20, 3), "rerun").state == "updated"


def test_a_deleted_comment_comes_back(fake: Any, shop: Any) -> None:
    """Deleted between finding and writing."""
    sticky(fake).post(marker(1), "one")
    gone = shop.comments[7][0]
    fake.fail("PATCH", "502")  # the first try finds GitHub busy; by the second somebody has deleted the comment
    comment = sticky(fake)
    original = comment._github.send

    def send(method: str, *rest: Any) -> Any:
        if method == "PATCH" and gone in shop.comments[7] and not fake.faults[0].times:
            shop.comments[7].remove(gone)
        return original(method, *rest)

    comment._github.send = send  # type: ignore[method-assign, assignment]
    assert comment.post(marker(2), "two").state == "created"
    assert len(shop.comments[7]) == 1


def test_only_update_makes_none(fake: Any, shop: Any) -> None:
    """`comment: on-change` stays silent until there is something, and keeps up what is there."""
    assert sticky(fake).post(marker(1), "fine", only_update=True).state == "skipped"
    assert shop.comments[7] == []
    sticky(fake).post(marker(2), "slower")
    assert sticky(fake).post(marker(3), "fine", only_update=True).state == "updated"


def test_a_comment_that_was_deleted_for_good(fake: Any, shop: Any) -> None:
    """`comment: on-change` without news does not bring back what somebody deleted between finding and writing."""
    sticky(fake).post(marker(1), "slower")
    comment = sticky(fake)
    original = comment._github.send

    def send(method: str, *rest: Any) -> Any:
        if method == "PATCH":
            shop.comments[7].clear()
        return original(method, *rest)

    comment._github.send = send  # type: ignore[method-assign, assignment]
    assert comment.post(marker(2), "fine", only_update=True).state == "skipped"
    assert shop.comments[7] == []


def test_a_locked_conversation_is_left_alone(fake: Any, shop: Any) -> None:
    """No error and no comment, but the reason; unlocked, the next run comments. What is there can still be updated."""
    shop.locked.add(7)
    posted = sticky(fake).post(marker(1), "one")
    assert (posted.state, posted.url) == ("locked", "")
    assert "#7 is locked" in posted.detail
    shop.locked.clear()
    assert sticky(fake).post(marker(2), "two").state == "created"
    shop.locked.add(7)
    assert sticky(fake).post(marker(3), "three").state == "updated"


def test_a_closed_pull_request_keeps_its_comment_up_to_date(fake: Any, shop: Any) -> None:
    """Closed while it was measured: the numbers are still wanted by whoever opens it again."""
    shop.pulls[7]["state"] = "closed"
    assert sticky(fake).post(marker(1), "one").state == "created"
    assert sticky(fake).post(marker(2), "two").state == "updated"


@pytest.mark.parametrize("told", ["perf-app[bot]", "perf-app"])
def test_a_person_with_an_apps_name_is_somebody_else(fake: Any, shop: Any, told: str) -> None:
    """GraphQL may tell an app's login without its suffix; a person's comment with our marker is not ours even then."""
    theirs: dict[str, Any] = {"id": 1, "body": f"{marker(999)}\nmine", "user": {"login": "perf-app", "type": "User"}}
    fake.token("app", login="perf-app[bot]", issues="write")
    if told.endswith("[bot]"):
        shop.comments[7].append(theirs)
    first = sticky(fake, "app")
    first._me = told
    assert first.post(marker(1), "one").state == "created"
    second = sticky(fake, "app")
    second._me = told
    assert second.post(marker(2), "two").state == "updated"
    assert theirs["body"].endswith("mine")


@pytest.mark.parametrize("how", ["502-after", "drop-after", "502", "drop", "retry-after"])
def test_lost_answers_make_no_second_comment(fake: Any, shop: Any, how: str) -> None:
    """A create whose answer was lost is looked for before it is repeated."""
    fake.fail("POST .*/comments", how)
    assert sticky(fake).post(marker(1), "one").state == "created"
    assert len(shop.comments[7]) == 1
    fake.fail("PATCH", how)
    assert sticky(fake).post(marker(2), "two").state == "updated"
    assert shop.comments[7][0]["body"].endswith("two")


def test_a_list_that_lags_behind(fake: Any, shop: Any) -> None:
    """Reads may be seconds old; doubles are mended by the next run."""
    fake.stale_reads = 1.0
    sticky(fake).post(marker(1), "one")
    sticky(fake).post(marker(2), "two")
    fake.stale_reads = 0.0
    sticky(fake).post(marker(3), "three")
    assert [c["body"].rpartition("\n")[2] for c in shop.comments[7]] == ["three"]


def test_eight_at_once_leave_one_comment(fake: Any, shop: Any) -> None:
    """Legs without keys of their own, started together: the oldest comment stays, with the latest run's text."""
    fake.delay = 0.01
    threads = [
        threading.Thread(target=lambda run=run: sticky(fake).post(marker(run), f"run {run}")) for run in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fake.delay = 0.0
    sticky(fake).post(marker(9), "run 9")
    assert [c["body"].rpartition("\n")[2] for c in shop.comments[7]] == ["run 9"]


def test_refusals_say_what_to_change(fake: Any, shop: Any) -> None:
    """No permission, a body that is too long."""
    fake.token("reader", contents="read")
    with pytest.raises(GitHubError, match="not accessible") as refused:
        sticky(fake, "reader").post(marker(1), "x")
    assert "issues: write" in (refused.value.hint or "")
    with pytest.raises(GitHubError, match="characters"):
        sticky(fake).post(marker(1), "x" * LIMIT)


def test_markers_survive_only_at_the_very_beginning() -> None:
    """Text before it, or in another form, is no marker."""
    text = str(marker(3, 2))
    assert marker_of(f"{text}\nrest") == marker(3, 2)
    assert marker_of(f"x{text}") is None
    assert marker_of(text.replace("v1", "v2")) is None
    assert comment_key("a", "b", "c") != comment_key("a", "b", "d")
