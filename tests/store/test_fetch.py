"""What is copied out of a store beforehand holds whatever the comparison may need."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.pipeline.fetch import fetch
from smp_check.spec.configuration import CheckOptions, Client, Configuration, Kubernetes
from smp_check.store.directory import DirectoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from smp_check.spec.run import RunDocument

    Make = Callable[..., RunDocument]


def configuration(mesh: dict[str, Any] | None = None, **check: Any) -> Configuration:
    options = CheckOptions(**check)
    return Configuration(name="checkout", duration=1, clients=(Client(name="c"),), mesh=mesh or {}, check=options)


@pytest.fixture
def stored(tmp_path: Path, a_run: Make) -> DirectoryStore:
    """Three runs each without a mesh and with Istio on the same machine, and one of another test."""
    store = DirectoryStore(tmp_path / "store", pytest.fail)
    for number in range(3):
        store.append(a_run(number))
        store.append(a_run(number + 10, mesh="ISTIO"))
    store.append(a_run(20, name="search"))
    return store


def fetched(stored: DirectoryStore, tmp_path: Path, wanted: Configuration) -> set[str]:
    copy = DirectoryStore(tmp_path / "copy", pytest.fail)
    count = fetch(wanted, stored, copy, anchor=None, ancestors=())
    assert count == len(copy.records())
    return {run.id for run in copy.read(copy.records())}


def test_of_the_declared_mesh(stored: DirectoryStore, tmp_path: Path) -> None:
    assert fetched(stored, tmp_path, configuration()) == {"run-0", "run-1", "run-2"}
    istio = configuration({"mesh_type": {"type": "ISTIO"}})
    assert fetched(stored, tmp_path / "2", istio) == {"run-10", "run-11", "run-12"}


def test_of_every_mesh_where_the_cluster_will_say_which(stored: DirectoryStore, tmp_path: Path) -> None:
    wanted = configuration(kubernetes=Kubernetes())
    assert fetched(stored, tmp_path, wanted) == {f"run-{n}" for n in (0, 1, 2, 10, 11, 12)}


def test_no_more_than_the_window_of_each(stored: DirectoryStore, tmp_path: Path) -> None:
    wanted = configuration(kubernetes=Kubernetes())
    narrow = replace(wanted.check.baseline, window=1)
    one_each = replace(wanted, check=replace(wanted.check, baseline=narrow))
    assert fetched(stored, tmp_path, one_each) == {"run-2", "run-12"}
