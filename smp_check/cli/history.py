"""Many stored runs at once: from a baseline store, or from any directory of run documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from smp_check.cli.console import Console
    from smp_check.spec.run import RunDocument


def load_history(
    path: Path | None, store: str | None, branch: str | None, series: str | None, console: Console
) -> Sequence[RunDocument]:
    """All runs whose test's name contains ``series``, oldest first. Raises ``InputError`` or ``StoreError``."""
    from smp_check.cli.bench import store_for
    from smp_check.errors import InputError
    from smp_check.store.directory import DirectoryStore

    if path is not None and path.is_dir() and not (path / "v1").is_dir() and any(path.glob("*.json")):
        return _named(_documents(path), series)
    if path is not None and not path.is_dir():
        raise InputError(f"{path} is no directory", hint="name a directory of run documents, or a baseline store")
    opened = (
        DirectoryStore(path, console.warn) if path is not None else store_for(None, console, store=store, branch=branch)
    )
    records = [r for r in opened.records() if not series or series.lower() in r.series.name.lower()]
    if not records:
        console.say(f"no runs in {opened.location} yet; smp-check check adds one")
    return opened.read(records)


def _documents(folder: Path) -> list[RunDocument]:
    from smp_check.cli.runs import load_run

    found = [load_run(file) for file in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda run: str(run.result.get("start_time", "")))


def _named(runs: Sequence[RunDocument], series: str | None) -> list[RunDocument]:
    return [run for run in runs if not series or series.lower() in str(run.test.get("name", "")).lower()]
