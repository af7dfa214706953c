"""Findings for people: file, line and column, what is wrong, the line itself with a caret, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.spec.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from smp_check.spec.findings import Finding
    from smp_check.spec.presentation.model import Checked

    Style = Callable[..., str]

WIDTH = 100
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def plain(text: str, **_looks: object) -> str:
    """Text without colour."""
    return text


def as_text(checked: Sequence[Checked], style: Style = plain, *, shown: Sequence[Severity] = tuple(Severity)) -> str:
    """Every finding with its line of source, then the totals."""
    blocks = [block for each in checked for block in _blocks(each, style, shown)]
    return "\n".join([*blocks, summary(checked, style)]) + "\n"


def _blocks(checked: Checked, style: Style, shown: Sequence[Severity]) -> Iterator[str]:
    lines = checked.source.split("\n") if checked.source else []
    for finding in checked.findings:
        if finding.severity in shown:
            yield _block(finding, lines, style)


def summary(checked: Sequence[Checked], style: Style = plain) -> str:
    """One line: how many files, how many findings of each severity."""
    documents = sum(len(each.kinds) for each in checked)
    counts = {severity: sum(each.count(severity) for each in checked) for severity in Severity}
    found = ", ".join(_plural(number, severity.value) for severity, number in counts.items() if number)
    what = _plural(len(checked), "file") + (f", {documents} documents" if documents != len(checked) else "")
    if counts[Severity.ERROR]:
        return style("not conformant", fg="red", bold=True) + f": {what}: {found}"
    return style("conformant", fg="green", bold=True) + f": {what}" + (f": {found}" if found else "")


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("s" if number != 1 else "")


def _block(finding: Finding, lines: list[str], style: Style) -> str:
    head = style(f"{finding.severity.value} {finding.id}", fg=_COLORS[finding.severity], bold=True)
    place = f"{finding.position}: " if finding.position else ""
    block = [f"{place}{head}: {_printable(finding.message)}"]
    block += _excerpt(finding, lines, style)
    if finding.fix:
        block.append(f"  {style('=', dim=True)} {_printable(finding.fix)}")
    return "\n".join(block)


def _excerpt(finding: Finding, lines: list[str], style: Style) -> list[str]:
    """The line that the finding stands in, and a caret below the column; long lines are cut around it."""
    if finding.id == "SMP224":  # the line holds a secret, and logs are kept
        return []
    if finding.position is None or not 1 <= finding.position.line <= len(lines):
        return []
    number = str(finding.position.line)
    line = lines[finding.position.line - 1].rstrip("\r").expandtabs(1)
    column = finding.position.column - 1
    start = max(0, column - WIDTH // 2) if len(line) > WIDTH else 0
    cut = _printable(line[start : start + WIDTH])
    bar = style("|", dim=True)
    caret = " " * (column - start) + style("^", fg=_COLORS[finding.severity], bold=True)
    return [f"  {style(number, dim=True)} {bar} {cut}", f"  {' ' * len(number)} {bar} {caret}"]


def _printable(text: str) -> str:
    """Nothing in a document may steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
