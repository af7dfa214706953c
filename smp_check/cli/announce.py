"""What a run tells the GitHub Actions job that it is part of: outputs, job summary, annotations. Silent elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smp_check.cli.console import Console
    from smp_check.github.announcement import Locate
    from smp_check.spec.findings import Position
    from smp_check.verdict.model import Comparison


def announce(
    legs: Sequence[tuple[str, Comparison]],
    *,
    config: str | Path | None,
    files: Mapping[str, Path | str],
    console: Console,
) -> None:
    """Write what the runner asked for. ``legs`` are (label, comparison); ``files`` are outputs that are paths.

    A job summary or an output that cannot be written is said, and changes nothing else. A process that was given no
    file for outputs is kept from speaking to the runner, and does not try.
    """
    from smp_check.errors import GitHubError

    comparisons = [comparison for _, comparison in legs]
    try:
        if path := os.environ.get("GITHUB_OUTPUT"):
            _outputs(path, comparisons, files)
        if path := os.environ.get("GITHUB_STEP_SUMMARY"):
            _summary(path, legs, console)
    except GitHubError as fault:
        console.warn(fault.message)
    if os.environ.get("GITHUB_ACTIONS") == "true" and os.environ.get("GITHUB_OUTPUT"):
        _annotate(comparisons, locator(config))


def _outputs(path: str, comparisons: Sequence[Comparison], files: Mapping[str, Path | str]) -> None:
    from smp_check.github.announcement import outputs, worst_of
    from smp_check.github.runner import write_outputs

    values = outputs(worst_of(comparisons))
    write_outputs(path, values | {name: str(value) for name, value in files.items()})


def _summary(path: str, legs: Sequence[tuple[str, Comparison]], console: Console) -> None:
    """The whole report; a shorter one where other tools have filled the summary; at least the verdict."""
    from smp_check.github.announcement import worst_of
    from smp_check.github.runner import write_summary
    from smp_check.report.legs import render_many

    verdict = worst_of([comparison for _, comparison in legs]).verdict.value
    short = f"**{verdict}**: the report does not fit into this job summary.\n"
    whole = write_summary(path, render_many(legs, "summary")) or write_summary(path, render_many(legs, "markdown"))
    if not whole and not write_summary(path, short):
        console.warn("the job summary is full; the report is in its files only")


def _annotate(comparisons: Sequence[Comparison], locate: Locate) -> None:
    from smp_check.github.announcement import annotation_lines, within_budget

    for line in within_budget([annotation_lines(comparison, locate) for comparison in comparisons]):
        sys.stderr.write(line + "\n")
    sys.stderr.flush()


def locator(config: str | Path | None) -> Callable[[str], Position | None]:
    """Places in the configuration file; a function that knows none where there is no file to read."""
    from smp_check.cli.files import load_documents
    from smp_check.errors import SmpCheckError

    if config is None or not Path(config).is_file():
        return lambda _pointer: None
    try:
        document = load_documents(Path(config))[0]
    except SmpCheckError:
        return lambda _pointer: None
    return lambda pointer: document.locate(pointer, key=True)
