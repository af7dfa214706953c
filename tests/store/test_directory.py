"""The directory store keeps what it is given, whole, once, whoever else writes."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.errors import InputError, StoreError
from smp_check.store.directory import DirectoryStore
from smp_check.store.export import export, prune, trim
from smp_check.store.port import series_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.spec.run import RunDocument

    Make = Callable[..., RunDocument]

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, warnings: list[str]) -> DirectoryStore:
    return DirectoryStore(tmp_path / "baselines", warnings.append)


def test_an_empty_store(store: DirectoryStore) -> None:
    assert store.records() == []
    assert store.read([]) == []


def test_what_goes_in_comes_out(store: DirectoryStore, a_run: Make, warnings: list[str]) -> None:
    run = a_run(1, commit=SHA, verdict="unchanged", name="Checkout / EU ☕", mesh="LINKERD")
    record = store.append(run)
    assert Path(record.location).is_file()
    [listed] = store.records()
    assert listed == record
    assert (listed.commit, listed.verdict, listed.series.name) == (SHA, "unchanged", "Checkout / EU ☕")
    assert listed.series == series_of(run)
    [back] = store.read([listed])
    assert back.result == run.result
    assert back.details.totals == run.details.totals
    assert [r.latency.percentiles for r in back.details.rounds] == [r.latency.percentiles for r in run.details.rounds]
    assert {r.latency.histogram for r in back.details.rounds} == {None}
    assert warnings == []


def test_stored_runs_are_small(store: DirectoryStore, a_run: Make) -> None:
    """A usual run of 20 rounds on two roles stays below 64 kB."""
    record = store.append(a_run(1, rounds=20))
    assert Path(record.location).stat().st_size < 64_000


def test_a_stored_run_conforms(store: DirectoryStore, a_run: Make) -> None:
    conformance = pytest.importorskip("smp_check.spec.conformance")
    kinds = pytest.importorskip("smp_check.spec.kinds")
    record = store.append(a_run(1))
    findings = conformance.check_value(json.loads(Path(record.location).read_text()), kinds.Kind.RUN)
    assert [f for f in findings if f.severity.value == "error"] == []


def test_adding_again_changes_nothing(store: DirectoryStore, a_run: Make) -> None:
    """The same run, judged or not, taken from the store or not, is one record."""
    first = store.append(a_run(1))
    again = [store.append(a_run(1)), store.append(a_run(1, verdict="regressed")), store.append(store.read([first])[0])]
    assert {each.location for each in again} == {first.location}
    assert len(store.records()) == 1


def test_records_come_oldest_first(store: DirectoryStore, a_run: Make) -> None:
    for number in (5, 1, 900, 3):
        store.append(a_run(number))
    assert [r.id for r in store.records()] == sorted(r.id for r in store.records())
    assert [run.id for run in store.read(store.records())] == ["run-1", "run-3", "run-5", "run-900"]


def test_families_are_listed_apart(store: DirectoryStore, a_run: Make) -> None:
    one, other = store.append(a_run(1)), store.append(a_run(2, name="search"))
    assert store.records(one.series.family) == [one]
    assert store.records(other.series.family) == [other]
    assert store.records("no-such-family") == []


def test_an_incomplete_run_counts_as_failed(store: DirectoryStore, a_run: Make) -> None:
    assert store.append(a_run(1, complete=False, verdict="unchanged")).verdict == "failed"


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[]", b'{"smp_check":"1"}', b"null", b"[" * 100_000])
def test_a_corrupt_record_is_skipped_and_kept(
    store: DirectoryStore, a_run: Make, warnings: list[str], damage: bytes
) -> None:
    bad, good = store.append(a_run(1)), store.append(a_run(2))
    Path(bad.location).write_bytes(damage)
    assert [run.id for run in store.read(store.records())] == ["run-2"]
    assert len(warnings) == 1
    assert bad.location in warnings[0]
    assert Path(bad.location).read_bytes() == damage
    assert good in store.records()


def test_strange_files_are_left_alone(store: DirectoryStore, a_run: Make, warnings: list[str]) -> None:
    record = store.append(a_run(1))
    for name in ("notes.json", "README.md", ".new-half", "20269931T990000.000Z-0123456789_0123456789ab_-_-.json"):
        Path(record.location).with_name(name).write_text("mine")
    assert store.records() == [record]
    assert len(warnings) == 2


def test_a_damaged_series_file_costs_only_the_name(store: DirectoryStore, a_run: Make) -> None:
    record = store.append(a_run(1))
    (Path(record.location).parents[1] / "series.json").write_text("{")
    [listed] = store.records(record.series.family)
    assert store.read([listed]), "found by its own place"
    assert listed.id == record.id


def test_prune_keeps_the_newest_of_each_series(store: DirectoryStore, a_run: Make) -> None:
    for number in range(6):
        store.append(a_run(number, machine="a" if number % 2 else "b"))
    assert prune(store, keep=2) == 2
    assert [run.id for run in store.read(store.records())] == ["run-2", "run-3", "run-4", "run-5"]
    assert prune(store, keep=2) == 0


def test_export_copies_everything(store: DirectoryStore, a_run: Make, tmp_path: Path) -> None:
    for number in range(3):
        store.append(a_run(number, commit=SHA))
    assert export(store, tmp_path / "copy") == 3
    copied = DirectoryStore(tmp_path / "copy", pytest.fail)
    assert [r.id for r in copied.records()] == [r.id for r in store.records()]
    assert copied.read(copied.records()) == store.read(store.records())


def test_a_file_where_the_store_should_be(tmp_path: Path, a_run: Make) -> None:
    (tmp_path / "file").write_text("")
    store = DirectoryStore(tmp_path / "file", pytest.fail)
    with pytest.raises(StoreError, match="file"):
        store.records()
    with pytest.raises(StoreError, match="file"):
        store.append(a_run(1))


def test_a_run_without_a_time_is_refused(store: DirectoryStore, a_run: Make) -> None:
    from dataclasses import replace

    run = a_run(1)
    result = {k: v for k, v in run.result.items() if k != "start_time"}
    timeless = replace(run, result=result, details=replace(run.details, rounds=()))
    with pytest.raises(InputError, match="began"):
        store.append(timeless)


def _write(path: Path, make: Any, numbers: list[int]) -> None:
    store = DirectoryStore(path, print)
    for number in numbers:
        store.append(make(number, rounds=1))


def _tidy(path: Path, make: Any) -> None:
    """Add and remove one run over and over: the folder of its month comes and goes."""
    store = DirectoryStore(path, print)
    for _ in range(100):
        store.remove([store.append(make(5000, rounds=1))])


def test_many_writers_lose_nothing(tmp_path: Path, a_run: Make) -> None:
    """Eight processes, each run written by two of them, while others remove runs and with them their folders."""
    path = tmp_path / "baselines"
    context = multiprocessing.get_context("fork")
    shares = [list(range(start, 40, 4)) for start in range(4)] * 2
    writers = [context.Process(target=_write, args=(path, a_run, share)) for share in shares]
    writers += [context.Process(target=_tidy, args=(path, a_run)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    store = DirectoryStore(path, pytest.fail)
    assert len(store.records()) == 40
    assert len(store.read(store.records())) == 40


def test_listing_opens_no_record(store: DirectoryStore, a_run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 runs in each of 10 series are listed from their names; only the window of 20 is read."""
    for number in range(200):
        for series in range(10):
            path = Path(store.location) / f"v1/s{series}-none-0a0a0a/2026-01"
            path.mkdir(parents=True, exist_ok=True)
            name = f"20260131T120000.{number:03}Z-{number:010x}_{'a' * 12}_{SHA}_unchanged.json"
            (path / name).write_text("not opened")
    for number in range(20):
        store.append(a_run(number, rounds=20))
    opened: list[str] = []
    read_bytes = Path.read_bytes

    def reading(path: Path) -> bytes:
        opened.append(path.name)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", reading)
    assert len(store.records()) == 2020
    records = store.records(series_of(a_run(0)).family)
    assert set(opened) == {"series.json"}
    opened.clear()
    assert len(store.read(records)) == 20
    assert len(opened) == 20


def test_a_series_is_trimmed_once_it_is_a_tenth_too_long(store: DirectoryStore, a_run: Make) -> None:
    other = store.append(a_run(0, machine="b"))
    for number in range(1, 12):
        series = store.append(a_run(number)).series
        trim(store, series, keep=10)
    assert len(store.records()) == 12, "eleven are no tenth too many"
    store.append(a_run(12))
    assert trim(store, series, keep=10) == 2
    assert [run.id for run in store.read(store.records())][:2] == ["run-0", "run-3"]
    assert other in store.records()
