"""The client against the fake: pages, limits, retries, ambiguous writes, and where the token goes."""

from __future__ import annotations

from typing import Any

import pytest

from smp_check.errors import GitHubError
from smp_check.github.answers import AmbiguousError, RefusedError, UnreachableError, permission_lines
from smp_check.github.client import GitHub
from smp_check.github.place import Clock, Place
from smp_check.github.retry import Signal, decide

ISSUE = "repos/mesh/shop/issues/7/comments"


class Sleeper:
    """A clock that only writes down how long it was told to wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def clock(self) -> Clock:
        return Clock(sleep=self.waits.append, now=lambda: 1000.0, chance=lambda: 0.5)


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def github(fake: Any, sleeper: Sleeper) -> Any:
    repository = fake.repository()
    repository.add_pull(7, base="a" * 40, head="b" * 40)
    token = fake.token("secret-token", pull_requests="write", contents="write", actions="read")
    with GitHub(Place.of(fake.environment(token)), clock=sleeper.clock()) as session:
        yield session


def test_lists_are_read_to_their_last_page(fake: Any, github: GitHub) -> None:
    """250 comments are three pages of 100."""
    for number in range(250):
        fake.repositories["mesh/shop"].comments[7].append({"id": number + 1, "body": str(number), "user": None})
    found = list(github.pages(ISSUE, "list comments"))
    assert [each["body"] for each in found] == [str(number) for number in range(250)]
    assert github.requests_made == 3


@pytest.mark.parametrize(
    ("how", "waits"), [("retry-after", [7.0]), ("secondary", [60.0]), ("primary", [31.0]), ("502", [0.375])]
)
def test_limits_and_passing_faults_are_waited_out(
    fake: Any, github: GitHub, sleeper: Sleeper, how: str, waits: list[float]
) -> None:
    """As long as GitHub says, or a growing while when it says nothing."""
    fake.fail("GET .*/comments", how)
    assert github.get(ISSUE, "list comments").value == []
    assert sleeper.waits == waits


def test_a_busy_github_is_given_up_in_the_end(fake: Any, github: GitHub, sleeper: Sleeper) -> None:
    """Five tries, then an error that says so."""
    fake.fail("GET", "502", times=100)
    with pytest.raises(UnreachableError, match="keeps answering 502"):
        github.get(ISSUE, "list comments")
    assert len(sleeper.waits) == 4


def test_the_client_does_not_wait_for_an_hour(fake: Any, sleeper: Sleeper) -> None:
    """A wait beyond the patience of the session is an error at once."""
    fake.repository()
    fake.fail("GET", "secondary", times=9)
    place = Place.of(fake.environment())
    with (
        GitHub(place, clock=sleeper.clock(), patience=30) as github,
        pytest.raises(UnreachableError, match="rate limit"),
    ):
        github.get("repos/mesh/shop", "look")
    assert sleeper.waits == []


@pytest.mark.parametrize("how", ["502-after", "drop-after", "502", "drop"])
def test_a_write_without_a_clear_answer_is_never_repeated_blindly(fake: Any, github: GitHub, how: str) -> None:
    """It may have happened: the caller looks."""
    fake.fail("POST", how)
    with pytest.raises(AmbiguousError):
        github.send("POST", ISSUE, "comment", {"body": "x"})
    assert len(fake.repositories["mesh/shop"].comments[7]) == (1 if how.endswith("after") else 0)


def test_a_write_that_was_limited_is_repeated(fake: Any, github: GitHub, sleeper: Sleeper) -> None:
    """A limit means that nothing happened."""
    fake.fail("POST", "retry-after")
    assert github.send("POST", ISSUE, "comment", {"body": "x"}).status == 201
    assert sleeper.waits == [7.0]


def test_nobody_listens(sleeper: Sleeper) -> None:
    """A dead host is named, and the token is not."""
    place = Place(api_url="http://127.0.0.1:9", graphql_url="http://127.0.0.1:9/graphql", token="secret-token")
    with GitHub(place, clock=sleeper.clock()) as github, pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9") as at:
        github.get("repos/mesh/shop", "look")
    assert "secret-token" not in str(at.value)
    assert "secret-token" not in repr(place)


def test_a_missing_permission_is_named_as_yaml(fake: Any, sleeper: Sleeper) -> None:
    """What GitHub's header asks for becomes the line to write into the workflow; no retry."""
    fake.repository().add_pull(7, base="a" * 40, head="b" * 40)
    token = fake.token("read-only", contents="read")
    with (
        GitHub(Place.of(fake.environment(token)), clock=sleeper.clock()) as github,
        pytest.raises(RefusedError, match="not accessible by integration") as refused,
    ):
        github.send("POST", ISSUE, "comment", {"body": "x"})
    assert refused.value.hint is not None
    assert "`permissions: {issues: write}`" in refused.value.hint
    assert "FAKE:1" in refused.value.message
    assert github.requests_made == 1
    assert permission_lines("contents=write, pull_requests=read") == (
        "`permissions: {contents: write, pull-requests: read}`"
    )


def test_a_wrong_token_is_told_from_a_missing_repository(fake: Any, github: GitHub) -> None:
    """401 and 404 have different advice; `find` takes 404 for an answer."""
    assert github.find("repos/mesh/nothing", "look") is None
    with GitHub(Place.of(fake.environment("forged"))) as other, pytest.raises(RefusedError) as refused:
        other.get("repos/mesh/shop", "look")
    assert refused.value.status == 401
    assert "expired" in (refused.value.hint or "")


def test_the_token_stays_at_its_origin(fake: Any, github: GitHub) -> None:
    """An archive comes from another host, which sees no token; an address elsewhere is refused."""
    number = fake.repositories["mesh/shop"].add_artifact(5, "data", {"run.json": b"{}"})
    path = f"repos/mesh/shop/actions/artifacts/{number}/zip"
    assert github.download(path, "read the artifact", limit=10_000)[:2] == b"PK"
    by_kind = {e.path.startswith("storage"): e.authorised for e in fake.exchanges}
    assert by_kind == {False: True, True: False}
    with pytest.raises(GitHubError, match="larger than 10 bytes"):
        github.download(path, "read the artifact", limit=10)
    with pytest.raises(GitHubError, match="another host"):
        github.get("https://evil.example/repos", "look")


def test_enterprise_server_has_its_own_addresses() -> None:
    """Everything follows from the runner's variables."""
    place = Place.of({"GITHUB_API_URL": "https://ghe.example/api/v3", "GITHUB_TOKEN": "t"})
    assert place.graphql_url == "https://ghe.example/api/graphql"
    assert Place.of({}).graphql_url == "https://api.github.com/graphql"
    assert Place.of({"SMP_TOKEN": "mine", "GITHUB_TOKEN": "other"}).token == "mine"


@pytest.mark.parametrize(
    ("signal", "step"),
    [
        (Signal(status=200, write=False, attempt=1), "take"),
        (Signal(status=404, write=False, attempt=1), "take"),
        (Signal(status=403, write=True, attempt=1, message="Resource not accessible by integration"), "take"),
        (Signal(status=422, write=True, attempt=1), "take"),
        (Signal(status=429, write=True, attempt=1), "wait"),
        (Signal(status=429, write=True, attempt=4), "give-up"),
        (Signal(status=None, write=True, attempt=1), "ambiguous"),
        (Signal(status=None, write=True, attempt=1, delivered=False), "wait"),
        (Signal(status=503, write=False, attempt=4), "wait"),
        (Signal(status=503, write=False, attempt=5), "give-up"),
    ],
)
def test_the_retry_table(signal: Signal, step: str) -> None:
    """One row per kind of answer."""
    assert decide(signal).step == step
