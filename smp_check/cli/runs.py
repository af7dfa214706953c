"""Run documents and comparisons from files and directories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from smp_check.cli.console import Console
    from smp_check.spec.configuration import BaselineOptions
    from smp_check.spec.run import RunDocument
    from smp_check.verdict.model import Anchor, Comparison


def load_run(path: Path) -> RunDocument:
    """Read one run document. Raises ``InputError`` naming the first faults and their places."""
    from smp_check.spec.codec import from_json
    from smp_check.spec.kinds import Kind
    from smp_check.spec.run import RunDocument

    return from_json(RunDocument, _conformant(path, Kind.RUN, "run document"))


def load_comparison(path: Path) -> Comparison:
    """Read one comparison document. Raises ``InputError`` naming the first faults and their places."""
    from smp_check.spec.codec import from_json
    from smp_check.spec.kinds import Kind
    from smp_check.verdict.model import Comparison

    return from_json(Comparison, _conformant(path, Kind.COMPARISON, "comparison"))


def _conformant(path: Path, kind: Any, what: str) -> Any:
    from smp_check.cli.files import load_documents
    from smp_check.spec.conformance import check_document
    from smp_check.spec.findings import Severity
    from smp_check.spec.spelling import canonical_document

    document = load_documents(path)[0]
    errors = [finding for finding in check_document(document, kind) if finding.severity is Severity.ERROR]
    if errors and any(finding.id.startswith("SMP1") for finding in errors):
        first = errors[0]
        raise InputError(
            f"{first.position or path}: no {what}: {first.message}",
            hint=f"smp-check validate {path} shows all of it; smp-check run and compare write such documents",
        )
    return canonical_document(document.value, kind)


def load_baseline(
    path: Path, run: RunDocument, options: BaselineOptions, console: Console, *, history: Sequence[str] = ()
) -> tuple[Sequence[RunDocument], Anchor | None]:
    """The baseline for a run: one run document, a baseline store, or any directory of run documents.

    ``history`` are the commits that a store's runs may come from, newest first; none for any.
    """
    if not path.is_dir():
        return [load_run(path)], None
    from smp_check.pipeline import baseline_of
    from smp_check.store.directory import DirectoryStore

    if (path / "v1").is_dir() or not any(path.glob("*.json")):
        selection, base = baseline_of(
            run,
            DirectoryStore(path, console.warn),
            window=options.window,
            anchor=history[0] if history else None,
            ancestors=history[1:],
            any_machine=options.any_machine,
        )
        return base, selection.anchor
    runs = [load_run(file) for file in sorted(path.glob("*.json"))]
    return sorted(runs, key=lambda each: str(each.result.get("start_time", ""))), None


def read_history(path: Path | None) -> list[str]:
    """The commits in a file, one a line; none where there is no file. Raises ``InputError``."""
    from smp_check.cli.files import read_bytes

    return read_bytes(path).decode("utf-8", "replace").split() if path is not None else []
