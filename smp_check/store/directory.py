"""Baselines in a directory: one small immutable file per run, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.errors import StoreError
from smp_check.store.records import RecordStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from smp_check.store.port import OnWarning


MKDIR_ATTEMPTS = 10


class DirectoryStore(RecordStore):
    """A baseline store in a local directory, which need not exist yet."""

    def __init__(self, path: Path, on_warning: OnWarning) -> None:
        super().__init__(DirectoryFiles(path), on_warning)


class DirectoryFiles:
    """Named files in a local directory."""

    def __init__(self, path: Path) -> None:
        self._root = path

    @property
    def location(self) -> str:
        """The directory."""
        return str(self._root)

    def locate(self, name: str) -> str:
        """Where one file is."""
        return str(self._root / name)

    def names(self, folder: str) -> list[str]:
        """All files below a folder, hidden (half-written) ones left out."""
        with self._explained("read"):
            if self._root.exists() and not self._root.is_dir():
                raise NotADirectoryError(20, "it is a file, not a directory", str(self._root))
            top = self._root / folder
            walk = os.walk(top, onerror=_raise_unless_missing)
            found = [os.path.join(where, name) for where, _, names in walk for name in names if name[0] != "."]  # noqa: PTH118 - ten times as quick
        return [Path(path).relative_to(self._root).as_posix() for path in found]

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        """The contents of these files."""
        found = {}
        for name in names:
            with self._explained("read"), contextlib.suppress(FileNotFoundError):
                found[name] = (self._root / name).read_bytes()
        return found

    def add(self, files: Mapping[str, bytes], note: str) -> None:  # noqa: ARG002 - a directory has no log
        """Write each file under a hidden name first; what describes a series comes before its records."""
        with self._explained("write"):
            for name in sorted(files, key=lambda name: name.count("/")):
                _write_whole(self._root / name, files[name])

    def remove(self, names: Sequence[str], note: str) -> None:  # noqa: ARG002
        """Delete these files, and folders that are empty then."""
        with self._explained("write"):
            for name in names:
                path = self._root / name
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    path.parent.rmdir()

    @contextlib.contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise StoreError(
                f"cannot {verb} the baselines in {self._root}: {fault.strerror}",
                hint="see that it is a directory, that you may write there and that the disk has room, "
                "or name another place with --store",
            ) from fault


def _raise_unless_missing(fault: OSError) -> None:
    if not isinstance(fault, FileNotFoundError):
        raise fault


def _hidden_beside(path: Path) -> tuple[Path, int]:
    """A new hidden file in the same folder; the folder may vanish at any moment, since `remove` tidies empty ones."""
    for attempt in range(MKDIR_ATTEMPTS):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        except FileNotFoundError:
            if attempt == MKDIR_ATTEMPTS - 1:
                raise
        else:
            return Path(name), descriptor
    raise AssertionError("unreachable")


def _write_whole(path: Path, content: bytes) -> None:
    if path.exists():
        return
    temporary, descriptor = _hidden_beside(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
