"""Which runs become the baseline: the norm, of the same kind, up to the commit the change was made upon."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.store.port import Record, SeriesKey
from smp_check.store.selection import select_baseline
from smp_check.verdict.comparability import OUTSIDE_THE_NORM

KEY = SeriesKey(name="t", mesh="none", fingerprint_class="aaaaaa111111")
OTHER_MACHINE = SeriesKey(name="t", mesh="none", fingerprint_class="aaaaaa222222")
OTHER_LOAD = SeriesKey(name="t", mesh="none", fingerprint_class="bbbbbb111111")


def record(
    number: int, commit: str | None = None, verdict: str | None = "unchanged", series: SeriesKey = KEY
) -> Record:
    start = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(hours=number)
    identity = f"{start:%Y%m%dT%H%M%S}.000Z-{number:010x}"
    return Record(id=identity, series=series, commit=commit, start=start, verdict=verdict, location=str(number))


def chosen(records: list[Record], **more: object) -> list[int]:
    options = {"anchor": None, "ancestors": (), "key": KEY, "window": 20} | more
    return [int(r.location) for r in select_baseline(records, **options).records]  # type: ignore[arg-type]


def test_nothing_stored() -> None:
    selection = select_baseline([], anchor="c9", ancestors=["c8"], key=KEY, window=20)
    assert selection.records == ()
    assert selection.anchor is not None
    assert (selection.anchor.wanted, selection.anchor.used) == ("c9", None)


def test_without_an_anchor_the_newest() -> None:
    assert chosen([record(n) for n in range(30)], window=5) == [25, 26, 27, 28, 29]


def test_regressed_and_failed_runs_never_become_the_norm() -> None:
    verdicts = ["unchanged", "regressed", "failed", "accepted", "no-baseline", "improved", "inconclusive", None]
    assert chosen([record(n, verdict=v) for n, v in enumerate(verdicts)]) == [0, 3, 4, 5, 6, 7]


def test_history_ends_at_the_anchor() -> None:
    """What was merged after the pull request forked is not charged to it."""
    records = [record(n, f"c{n}") for n in range(10)]
    selection = select_baseline(records, anchor="c6", ancestors=["c5", "c4", "c3", "c2"], key=KEY, window=4)
    assert [r.location for r in selection.records] == ["3", "4", "5", "6"]
    assert selection.anchor is not None
    assert (selection.anchor.used, selection.anchor.distance) == ("c6", 0)


def test_walking_back_to_the_nearest() -> None:
    """The anchor itself and its parent have no run, or one outside the norm, or of another machine."""
    records = [
        record(1, "c1"),
        record(2, "c2"),
        record(3, "c3", "regressed"),
        record(4, "c4", series=OTHER_MACHINE),
        record(9, "c9"),
    ]
    selection = select_baseline(records, anchor="c5", ancestors=["c4", "c3", "c2", "c1"], key=KEY, window=20)
    assert [r.location for r in selection.records] == ["1", "2"]
    assert selection.anchor is not None
    assert (selection.anchor.wanted, selection.anchor.used, selection.anchor.distance) == ("c5", "c2", 3)


def test_older_than_the_known_ancestors_is_history_too() -> None:
    records = [record(n, f"c{n}") for n in range(10)]
    assert chosen(records, anchor="c7", ancestors=["c6", "c5"]) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_late_rerun_of_an_old_commit_is_not_the_newest() -> None:
    records = [record(1, "c1"), record(2, "c2"), record(8, "c1")]
    assert chosen(records, anchor="c2", ancestors=["c1"]) == [1, 8, 2]


def test_an_unknown_anchor_takes_the_newest_and_says_so() -> None:
    selection = select_baseline([record(1, "c1"), record(2, None)], anchor="zz", ancestors=["yy"], key=KEY, window=9)
    assert [r.location for r in selection.records] == ["1", "2"]
    assert selection.anchor is not None
    assert selection.anchor.distance is None
    assert selection.comparable


def test_other_fingerprints_only_when_nothing_is_comparable() -> None:
    foreign = [record(1, series=OTHER_LOAD), record(2, series=OTHER_MACHINE), record(3, series=OTHER_LOAD)]
    assert chosen([*foreign, record(0)]) == [0]
    selection = select_baseline(foreign, anchor=None, ancestors=(), key=KEY, window=20)
    assert [r.location for r in selection.records] == ["2"], "the same load on another machine is nearest"
    assert not selection.comparable
    assert chosen([foreign[0], foreign[2]]) == [1, 3]


def test_any_machine() -> None:
    records = [record(1, series=OTHER_MACHINE), record(2), record(3, series=OTHER_LOAD)]
    assert chosen(records, any_machine=True) == [1, 2]


commits = st.one_of(st.none(), st.sampled_from([f"c{n}" for n in range(12)]))
series = st.sampled_from([KEY, OTHER_LOAD, OTHER_MACHINE])
verdicts = st.sampled_from(["unchanged", "regressed", "failed", "accepted", None])


@settings(deadline=None)
@given(
    st.lists(st.tuples(commits, verdicts, series), max_size=40),
    st.one_of(st.none(), st.sampled_from([f"c{n}" for n in range(14)])),
    st.integers(0, 12),
    st.integers(1, 25),
)
def test_always(
    stored: list[tuple[str | None, str | None, SeriesKey]], anchor: str | None, known: int, window: int
) -> None:
    """Whatever is stored: no more than the window, nobody twice, only the norm, one class while there is one."""
    records = [record(n, commit, verdict, key) for n, (commit, verdict, key) in enumerate(stored)]
    first = int(anchor[1:]) if anchor else 0
    ancestors = [f"c{n}" for n in range(first - 1, first - 1 - known, -1) if n >= 0]
    selection = select_baseline(records, anchor=anchor, ancestors=ancestors, key=KEY, window=window)
    assert len(selection.records) <= window
    assert len({r.id for r in selection.records}) == len(selection.records)
    assert not {r.verdict for r in selection.records} & OUTSIDE_THE_NORM
    same = [r for r in records if r.series == KEY and r.verdict not in OUTSIDE_THE_NORM]
    assert selection.comparable == bool(same)
    if same:
        assert selection.records
        assert {r.series for r in selection.records} == {KEY}
    placed = [r for r in same if anchor and r.commit in {anchor, *ancestors}]
    if placed:
        assert selection.anchor is not None
        assert selection.anchor.distance is not None
        assert selection.records[-1].commit == selection.anchor.used
        oldest = min(r.id for r in placed)
        assert all(r in placed or r.id < oldest for r in selection.records)
