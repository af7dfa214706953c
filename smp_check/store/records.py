"""A baseline store over any place that keeps named files: the part that all stores share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from smp_check.store import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smp_check.spec.run import RunDocument
    from smp_check.store.port import OnWarning, Record


class Files(Interface):
    """A place that keeps named, immutable files; names are relative, with ``/`` between their parts.

    Every method raises ``StoreError`` when the place cannot be reached or refuses.
    """

    @property
    def location(self) -> str:
        """The place, for people."""
        ...

    def locate(self, name: str) -> str:
        """Where one file is, for people."""
        ...

    def names(self, folder: str) -> Sequence[str]:
        """The names of all files below a folder (which ends in ``/``), in any order; none if it does not exist."""
        ...

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """The contents of these files; one that is gone is left out."""
        ...

    def add(self, files: Mapping[str, bytes], note: str) -> None:
        """Keep these files, all or none; a name that is there already is left as it is. ``note`` is for a log."""
        ...

    def remove(self, names: Sequence[str], note: str) -> None:
        """Take these files away; one that is gone already is no error."""
        ...


class RecordStore:
    """A ``BaselineStore`` over ``Files``."""

    def __init__(self, files: Files, on_warning: OnWarning) -> None:
        self._files = files
        self._warn = on_warning

    @property
    def location(self) -> str:
        """The store, for people."""
        return self._files.location

    def records(self, family: str | None = None) -> list[Record]:
        """All records, oldest first; of one family of series, or of all. Raises ``StoreError``."""
        names = self._files.names(layout.folder_of(family))
        return self._index(name for name in names if name.endswith(".json"))

    def read(self, records: Sequence[Record]) -> list[RunDocument]:
        """The runs of these records, in their order; a corrupt one is skipped with a warning and kept."""
        paths = [record.path for record in records]
        contents = self._files.read(paths) if paths else {}
        decoded = (self._decode(path, contents.get(path)) for path in paths)
        return [run for run in decoded if run is not None]

    def append(self, run: RunDocument) -> Record:
        """Add one run; adding the same run again changes nothing. Raises ``StoreError``."""
        entry = layout.entry_of(run)
        family = entry.record.series.family
        known = self._files.names(layout.folder_of(family))
        twin = next((name for name in known if name.rpartition("/")[2].startswith(f"{entry.record.id}_")), None)
        if twin is None:
            files = {entry.record.path: entry.content}
            if layout.series_path(family) not in known:
                files[layout.series_path(family)] = layout.series_content(entry.record.series)
            self._files.add(files, f"{entry.record.series.name} {(entry.record.commit or '')[:12]}".strip())
        path = twin or entry.record.path
        return replace(entry.record, path=path, location=self._files.locate(path))

    def remove(self, records: Sequence[Record]) -> int:
        """Take records out; how many were asked for. Raises ``StoreError``."""
        paths = [record.path for record in records]
        if paths:
            self._files.remove(paths, f"remove {len(paths)} old runs")
        return len(paths)

    def _index(self, names: Iterable[str]) -> list[Record]:
        paths = sorted(names)
        series = [path for path in paths if path.endswith(f"/{layout.SERIES_FILE}")]
        spelled = self._files.read(series) if series else {}
        known: dict[str, tuple[str, str]] = {}
        found: dict[tuple[str, str], Record] = {}
        for path in paths:
            if path in spelled or path in series:
                continue
            family = layout.family_at(path)
            if family not in known:
                known[family] = layout.series_names(family, spelled.get(layout.series_path(family)))
            record = layout.record_at(path, known[family], self._files.locate(path))
            if record is None:
                self._warn(f"{self._files.locate(path)} is no baseline record; it is left alone")
            else:
                found.setdefault((family, record.id), record)
        return sorted(found.values(), key=lambda record: record.id)

    def _decode(self, path: str, content: bytes | None) -> RunDocument | None:
        place = self._files.locate(path)
        if content is None:
            self._warn(f"baseline record {place} is gone; going on without it")
            return None
        try:
            return layout.decode(content)
        except ValueError as fault:
            self._warn(f"baseline record {place} is damaged and is skipped, but kept: {fault}")
            return None
