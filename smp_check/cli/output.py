"""Output files: opened before the long run, so that a bad path fails at once, and written whole or not at all."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from smp_check.errors import InputError


def prepare(path: Path) -> Path:
    """Make the folder and see that a file can be made there; raises ``InputError`` if not."""
    if path.is_dir():
        raise InputError(f"{path} is a directory", hint=f"name a file in it, for example {path / 'run.json'}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _keep_out_of_commits(path.parent)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".smp-check-")
        os.close(descriptor)
        Path(name).unlink()
    except OSError as fault:
        raise InputError(f"cannot write {path}: {fault.strerror}", hint="give another path with --output") from fault
    return path


OWN_FOLDER = ".smp-check"
"""Where everything goes that nobody named a place for."""


def _keep_out_of_commits(folder: Path) -> None:
    """Our own folder ignores itself, so that `git add .` in the user's repository does not take it along."""
    own = next((each for each in (folder, *folder.parents) if each.name == OWN_FOLDER), None)
    if own is not None and not (own / ".gitignore").exists():
        (own / ".gitignore").write_text("*\n", encoding="utf-8")


def prepare_directory(path: Path) -> Path:
    """The same for a directory of outputs."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file", hint="--output takes a directory here")
    prepare(path / "run.json")
    return path


def write(path: Path | None, text: str) -> None:
    """Write text to a file, by way of a temporary one; ``None`` is stdout."""
    if path is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
        return
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path | None, data: bytes) -> None:
    """Write bytes to a file, by way of a temporary one; ``None`` is stdout."""
    if path is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".smp-check-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as fault:
        temporary.unlink(missing_ok=True)
        raise InputError(f"cannot write {path}: {fault.strerror}", hint="is the disk full?") from fault


def to_text(document: Any) -> str:
    """A document as JSON for people and programs; in a job's log nothing in it is a workflow command."""
    from smp_check.report.escape import quiet_json

    return quiet_json(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)) + "\n"
