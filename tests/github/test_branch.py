"""Baselines through the Git data API: concurrent writers, lost answers, stale reads, rules; and real git's opinion."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from smp_check.errors import StoreError
from smp_check.github.branch import RestBranch
from smp_check.github.client import GitHub
from smp_check.github.place import Clock, Place
from smp_check.store.branch import BranchFiles, Change

BRANCH = "smp-baselines"


@pytest.fixture
def shop(fake: Any) -> Any:
    repository = fake.repository()
    repository.add_commit({"README.md": "shop"}, branch="main")
    fake.token("writer", contents="write")
    fake.token("reader", contents="read")
    return repository


def backend(fake: Any, token: str = "writer", branch: str = BRANCH) -> RestBranch:
    return RestBranch(GitHub(Place.of(fake.environment(token)), clock=Clock(sleep=lambda _: None)), "mesh/shop", branch)


def files(fake: Any, token: str = "writer") -> BranchFiles:
    return BranchFiles(backend(fake, token), sleep=lambda _: None)


def fsck(repository: Any, folder: Path) -> list[str]:
    """Real git's judgement of the branch, and the files that it sees there."""
    repository.objects.write_out(folder, repository.refs)
    subprocess.run(["git", "-C", str(folder), "fsck", "--strict", "--no-dangling"], check=True, capture_output=True)
    listed = subprocess.run(
        ["git", "-C", str(folder), "ls-tree", "-r", "--name-only", f"refs/heads/{BRANCH}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return listed.stdout.split()


def test_the_first_record_makes_the_branch(fake: Any, shop: Any, tmp_path: Path) -> None:
    """An orphan: it shares nothing with the code, and main stays where it was."""
    main = shop.refs["refs/heads/main"]
    files(fake).add({"v1/a/1.json": b"{}"}, "a")
    assert fsck(shop, tmp_path / "git") == ["v1/README.md", "v1/a/1.json"]
    assert shop.refs["refs/heads/main"] == main
    assert shop.objects.commits[shop.refs[f"refs/heads/{BRANCH}"]].parents == []


def test_what_was_added_is_read_back_exactly(fake: Any, shop: Any) -> None:
    """Unicode, line ends and a large file, in one query where that is possible."""
    contents = {"v1/a/1.json": '{"ä": "€\\r\\n😀"}'.encode(), "v1/a/2.json": b"x" * 600_000, "v1/b/3.json": b"\n\n"}
    files(fake).add(contents, "many")
    again = files(fake)
    assert sorted(again.names("v1/a/")) == ["v1/a/1.json", "v1/a/2.json"]
    assert again.read([*contents, "v1/none.json"]) == contents
    assert fake.calls("GET", "/git/blobs/") == 1, "only the one that GraphQL cuts comes by itself"


def test_a_window_of_30_runs_takes_four_requests(fake: Any, shop: Any) -> None:
    """Reference, tree, series, runs."""
    names = [f"v1/a/{number}.json" for number in range(30)]
    files(fake).add(dict.fromkeys(names, b"{}") | {"v1/a/series.json": b"{}"}, "window")
    github = GitHub(Place.of(fake.environment("reader")))
    store = BranchFiles(RestBranch(github, "mesh/shop", BRANCH))
    store.names("v1/a/")
    store.read(["v1/a/series.json"])
    assert len(store.read(names)) == 30
    assert github.requests_made <= 4


def test_files_are_taken_away_on_top(fake: Any, shop: Any, tmp_path: Path) -> None:
    """Pruning is one more commit: nothing is rewritten."""
    store = files(fake)
    store.add({"v1/a/1.json": b"1", "v1/a/2.json": b"2"}, "two")
    before = shop.refs[f"refs/heads/{BRANCH}"]
    store.remove(["v1/a/1.json", "v1/a/gone.json"], "prune")
    assert fsck(shop, tmp_path / "git") == ["v1/README.md", "v1/a/2.json"]
    assert before in shop.objects.ancestors(shop.refs[f"refs/heads/{BRANCH}"])


@pytest.mark.parametrize("how", ["502-after", "drop-after", "502", "drop", "retry-after", "secondary"])
@pytest.mark.parametrize("step", ["POST .*/git/trees", "POST .*/git/commits", "PATCH", "POST .*/git/refs"])
def test_a_fault_at_any_step_loses_and_doubles_nothing(fake: Any, shop: Any, how: str, step: str) -> None:
    """Whether the step happened or not, the record is there once and the history has no empty commit."""
    if step == "PATCH":
        files(fake).add({"v1/a/0.json": b"0"}, "zero")
    fake.fail(step, how)
    files(fake).add({"v1/a/1.json": b"1"}, "one")
    assert shop.files(BRANCH)["v1/a/1.json"] == b"1"
    history = shop.objects.ancestors(shop.refs[f"refs/heads/{BRANCH}"])
    trees = [shop.objects.commits[sha].tree for sha in history]
    assert len(trees) == len(set(trees))


def test_fifty_writers_at_once(fake: Any, shop: Any, tmp_path: Path) -> None:
    """50 writers, with stale reads and lost answers: 50 records, none twice, none lost, a history that git accepts."""
    files(fake).add({"v1/a/start.json": b"0"}, "start")
    fake.stale_reads = 0.1
    fake.fail("PATCH", "502-after", times=5, chance=0.3)
    fake.fail("POST .*/git/commits", "drop-after", times=5, chance=0.3)
    faults: list[BaseException] = []

    def write(number: int) -> None:
        import time

        try:
            store = BranchFiles(backend(fake), sleep=lambda seconds: time.sleep(seconds / 4))
            store.add({f"v1/a/{number:02}.json": f"{number}".encode()}, str(number))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    expected = {f"v1/a/{number:02}.json": f"{number}".encode() for number in range(50)}
    there = shop.files(BRANCH)
    assert {name: there.get(name) for name in expected} == expected
    assert len(fsck(shop, tmp_path / "git")) == 52
    history = shop.objects.ancestors(shop.refs[f"refs/heads/{BRANCH}"])
    assert len(history) == 51, "one commit for each record: none was written twice"


def test_a_writer_without_permission_fails_loudly(fake: Any, shop: Any) -> None:
    """With the line of YAML that mends it."""
    with pytest.raises(StoreError, match="not accessible") as refused:
        files(fake, "reader").add({"v1/a/1.json": b"1"}, "one")
    assert "contents: write" in (refused.value.hint or "")


def test_a_protected_branch_says_so(fake: Any, shop: Any) -> None:
    """A ruleset's refusal is not taken for a lost race."""
    files(fake).add({"v1/a/1.json": b"1"}, "one")
    shop.protected.add(f"refs/heads/{BRANCH}")
    with pytest.raises(StoreError, match="rule violations") as refused:
        files(fake).add({"v1/a/2.json": b"2"}, "two")
    assert "ruleset" in (refused.value.hint or "")


def test_no_branch_is_told_from_no_repository(fake: Any, shop: Any) -> None:
    """A missing branch is an empty baseline; a repository that cannot be seen is an error."""
    assert files(fake).names("v1/") == []
    hidden = RestBranch(GitHub(Place.of(fake.environment("writer"))), "mesh/hidden", BRANCH)
    with pytest.raises(StoreError, match="mesh/hidden"):
        hidden.tip()


def test_a_tree_too_large_for_one_answer_is_walked(fake: Any, shop: Any) -> None:
    """GitHub cuts long listings and says so."""
    contents = {f"v1/{family}/{number}.json": b"1" for family in "abc" for number in range(3)}
    files(fake).add(contents, "many")
    shop.tree_limit = 4
    assert set(files(fake).names("v1/")) == {*contents, "v1/README.md"}


def test_code_is_never_written_over(fake: Any, shop: Any) -> None:
    """A branch that holds anything but baselines is refused."""
    store = BranchFiles(backend(fake, branch="main"))
    with pytest.raises(StoreError, match="no baselines"):
        store.add({"v1/a/1.json": b"1"}, "one")


def test_a_commit_alone_moves_nothing(fake: Any, shop: Any) -> None:
    """A writer that dies before the move leaves an object that nobody sees."""
    there = backend(fake)
    there.commit(Change(parent=None, add={"v1/a/1.json": b"1"}, message="never seen"))
    assert shop.files(BRANCH) == {}


WRITER = """
import sys
from smp_check.github.branch import RestBranch
from smp_check.github.client import GitHub
from smp_check.github.place import Place
from smp_check.store.branch import BranchFiles
url, number = sys.argv[1:]
place = Place(api_url=url, graphql_url=f"{url}/graphql", token="writer")
store = BranchFiles(RestBranch(GitHub(place), "mesh/shop", "smp-baselines"))
print("ready", flush=True)
store.add({f"v1/a/{number}.json": number.encode()}, number)
"""


def test_writers_killed_at_any_moment_break_nothing(fake: Any, shop: Any, tmp_path: Path) -> None:
    """12 writers at once, each killed at another point of its way: every record is there whole or not at all."""
    import random
    import sys
    import time

    files(fake).add({"v1/a/start.json": b"start"}, "start")
    fake.delay = 0.05
    command = [sys.executable, "-c", WRITER, fake.url]
    writers = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for number in range(12)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    for writer in random.sample(writers, len(writers)):
        time.sleep(random.uniform(0, 0.12))
        writer.kill()
    for writer in writers:
        writer.communicate(timeout=20)
    fake.delay = 0.0
    with fake.lock:  # what the dead have sent may still be on its way
        listed = fsck(shop, tmp_path / "git")
        there = shop.files(BRANCH)
    assert set(listed) == set(there)
    for number in range(12):
        assert there.get(f"v1/a/{number}.json", str(number).encode()) == str(number).encode()
    for number in range(12):
        files(fake).add({f"v1/a/{number}.json": str(number).encode()}, str(number))
    assert len(fsck(shop, tmp_path / "again")) == 14
