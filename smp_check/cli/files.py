"""Input files: refused before they are read when they cannot be documents, and read whole when they can."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.errors import InputError

if TYPE_CHECKING:
    from smp_check.spec.reading import Document

STDIN = "(stdin)"


def load_documents(path: Path) -> list[Document]:
    """Every document of a file, or of stdin for ``-``. Raises ``InputError`` with the place of the fault."""
    from smp_check.spec.reading import read_documents

    return read_documents(read_bytes(path), display(path))


def display(path: Path) -> str:
    """The file's name as messages show it."""
    return STDIN if str(path) == "-" else str(path)


def read_bytes(path: Path, limit: int | None = None) -> bytes:
    """The bytes of a file, or of stdin for ``-``. Raises ``InputError``; nothing larger than the limit is read."""
    if limit is None:
        from smp_check.spec.reading import MAX_BYTES

        limit = MAX_BYTES
    name = str(path)
    if name == "-":
        data = sys.stdin.buffer.read(limit + 1)
    else:
        try:
            data = _read(name, path, limit)
        except OSError as fault:
            raise _unreadable(path, fault) from fault
    _refuse_large(path, len(data), limit)
    return data


def _read(name: str, path: Path, limit: int) -> bytes:
    descriptor = os.open(name, os.O_RDONLY)
    try:
        found = os.fstat(descriptor)
        _refuse_large(path, found.st_size, limit)
        known = stat.S_ISREG(found.st_mode) and found.st_size > 0  # files of /proc claim to be empty
        return _stream(descriptor, found.st_size if known else limit + 1)
    finally:
        os.close(descriptor)


def _stream(descriptor: int, size: int) -> bytes:
    """Everything that a file, a pipe or a device has to give, up to a size."""
    data = os.read(descriptor, min(size, 1 << 20))
    if not data or len(data) == size:
        return data
    pieces = [data]
    left = size - len(data)
    while left and (data := os.read(descriptor, min(left, 1 << 20))):
        pieces.append(data)
        left -= len(data)
    return b"".join(pieces)


def _refuse_large(path: Path, size: int, limit: int) -> None:
    if size > limit:
        raise InputError(
            f"{display(path)} is larger than {limit // 1024**2} MiB, so it is not read",
            hint="is it the right file? A history can be split into several",
        )


def _unreadable(path: Path, fault: OSError) -> InputError:
    if path.is_symlink() and isinstance(fault, FileNotFoundError):
        target = path.readlink()
        return InputError(f"{path} is a link to {target}, which does not exist", hint="mend or remove the link")
    if isinstance(fault, IsADirectoryError):
        return InputError(f"{path} is a directory", hint="name a file in it")
    if isinstance(fault, FileNotFoundError):
        return InputError(f"{path} does not exist", hint="is the path right, seen from this directory?")
    return InputError(f"cannot read {path}: {fault.strerror or fault}", hint="may this user read it?")
