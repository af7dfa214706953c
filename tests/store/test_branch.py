"""The branch store against a backend that races, reads stale and loses answers: no record lost, none doubled."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.errors import StoreError
from smp_check.store.branch import ATTEMPTS, LONGEST_PAUSE, SHORTEST_PAUSE, BranchStore, Change, UnconfirmedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smp_check.spec.run import RunDocument

    Make = Callable[..., RunDocument]


class Branch:
    """One branch, shared by many backends: commits with their trees, and the history of where it pointed."""

    def __init__(self) -> None:
        self.trees: dict[str, dict[str, bytes]] = {}
        self.parents: dict[str, str | None] = {}
        self.tips: list[str | None] = [None]

    def descends(self, commit: str | None, ancestor: str | None) -> bool:
        while commit is not None:
            if commit == ancestor:
                return True
            commit = self.parents[commit]
        return ancestor is None


class Backend:
    """A ``BranchBackend`` with a fast-forward check, that may read stale, lose races and lose answers."""

    location = "memory#b"

    def __init__(
        self,
        branch: Branch,
        *,
        stale: float = 0,
        lossy: float = 0,
        rival: Callable[[], None] | None = None,
        seed: int = 0,
    ) -> None:
        self.branch = branch
        self.stale, self.lossy, self.rival = stale, lossy, rival
        self.rng = random.Random(seed)
        self.requests: list[str] = []

    def tip(self) -> str | None:
        self.requests.append("tip")
        back = self.rng.randint(1, 3) if self.rng.random() < self.stale else 1
        return self.branch.tips[max(-back, -len(self.branch.tips))]

    def tree(self, commit: str) -> Mapping[str, str]:
        self.requests.append("tree")
        return {path: content.decode("latin-1") for path, content in self.branch.trees[commit].items()}

    def blobs(self, ids: Sequence[str]) -> Mapping[str, bytes]:
        self.requests.append("blobs")
        return {each: each.encode("latin-1") for each in ids}

    def commit(self, change: Change) -> str:
        tree = dict(self.branch.trees.get(change.parent or "", {}))
        for path in change.remove:
            del tree[path]
        name = f"c{len(self.branch.trees)}"
        self.branch.trees[name] = tree | dict(change.add)
        self.branch.parents[name] = change.parent
        return name

    def move(self, old: str | None, new: str) -> bool:
        if self.rival is not None:
            self.rival()
        now = self.branch.tips[-1]
        allowed = now is None if old is None else self.branch.descends(new, now)
        if allowed:
            self.branch.tips.append(new)
        if self.rng.random() < self.lossy:
            raise UnconfirmedError("502")
        return allowed


def quiet(_: float) -> None:
    return None


def names(branch: Branch) -> list[str]:
    tip = branch.tips[-1]
    return [] if tip is None else [path for path in branch.trees[tip] if "_" in path]


def test_a_window_of_thirty_takes_four_requests(a_run: Make) -> None:
    branch = Branch()
    writer = BranchStore(Backend(branch), pytest.fail, sleep=quiet)
    for number in range(40):
        writer.append(a_run(number, rounds=1))
    backend = Backend(branch)
    reader = BranchStore(backend, pytest.fail, sleep=quiet)
    records = reader.records(writer.records()[0].series.family)
    assert len(reader.read(records[-30:])) == 30
    assert backend.requests == ["tip", "tree", "blobs", "blobs"]


def test_our_own_appends_chain_without_reading_back(a_run: Make) -> None:
    backend = Backend(Branch(), stale=1.0)
    store = BranchStore(backend, pytest.fail, sleep=quiet)
    for number in range(5):
        store.append(a_run(number, rounds=1))
    assert len(names(backend.branch)) == 5


def test_overtaken_again_and_again(a_run: Make) -> None:
    """A rival gets in first ten times; pauses are random within their bounds, and both have all their records."""
    branch = Branch()
    rival = BranchStore(Backend(branch), pytest.fail, sleep=quiet)
    waiting = iter(range(100, 110))

    def overtake() -> None:
        number = next(waiting, None)
        if number is not None:
            rival.append(a_run(number, rounds=1))

    pauses: list[float] = []
    store = BranchStore(Backend(branch, rival=overtake), pytest.fail, sleep=pauses.append)
    store.append(a_run(1, rounds=1))
    assert len(names(branch)) == 11
    assert all(SHORTEST_PAUSE <= pause <= LONGEST_PAUSE for pause in pauses)
    assert len(set(pauses)) == len(pauses)


def test_giving_up_says_why(a_run: Make) -> None:
    class Hopeless(Backend):
        tries = 0

        def move(self, old: str | None, new: str) -> bool:
            self.tries += 1
            return False

    backend = Hopeless(Branch())
    with pytest.raises(StoreError, match="overtaken"):
        BranchStore(backend, pytest.fail, sleep=quiet).append(a_run(1, rounds=1))
    assert backend.tries == ATTEMPTS


def test_first_writers_meet(a_run: Make) -> None:
    """Two writers make the branch at once: one makes it, the other goes on from there."""
    branch = Branch()
    rival = BranchStore(Backend(branch), pytest.fail, sleep=quiet)
    once = iter([1])

    def meet() -> None:
        if next(once, None) is not None:
            rival.append(a_run(1))

    BranchStore(Backend(branch, rival=meet), pytest.fail, sleep=quiet).append(a_run(2))
    assert len(names(branch)) == 2


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 8), st.booleans()), max_size=30),
    st.sampled_from([0.0, 0.2, 0.6]),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.integers(0, 1000),
)
def test_always(a_run: Make, moves: list[tuple[int, int, bool]], stale: float, lossy: float, seed: int) -> None:
    """Five writers append and prune in any order over stale reads and lost answers: what should be there is, once.

    Only a run that was removed just now is not added again: a read from before would show it as still there.
    """
    branch = Branch()
    stores = [
        BranchStore(Backend(branch, stale=stale, lossy=lossy, seed=seed + n), pytest.fail, sleep=quiet)
        for n in range(5)
    ]
    expected: set[str] = set()
    removed: set[int] = set()
    for writer, number, prune in moves:
        if number in removed:
            continue
        record = stores[writer].append(a_run(number, rounds=1))
        expected.add(record.path)
        if prune:
            stores[writer].remove([record])
            expected.discard(record.path)
            removed.add(number)
    held = names(branch)
    assert len(held) == len(set(held))
    assert set(held) == expected
    for earlier, later in zip(branch.tips, branch.tips[1:], strict=False):
        assert branch.descends(later, earlier), "never moved by force"
