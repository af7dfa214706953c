"""The catalogue of rules as text for the terminal and as a page of the documentation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smp_check.spec.rules.model import Rule

WIDTH = 88
_HEAD = """\
# Rules of conformance

What `smp-check validate` looks for. Every finding carries one of these ids; an id never changes its meaning.
`smp-check validate --explain ID` prints the same text. Errors make a document non-conformant (exit code 2),
warnings do so with `--strict`, notes never.

SMP1xx are about the form of a document, SMP2xx about its meaning.

| id | name | severity | rule |
| --- | --- | --- | --- |
"""


def rule_text(rule: Rule) -> str:
    """One rule for the terminal."""
    parts = [f"{rule.id} {rule.name} ({rule.severity.value})", "", *_wrapped(rule.title), ""]
    parts += ["Why:", *_wrapped(rule.why, "  "), "", "How to mend it:", *_wrapped(rule.mend, "  "), ""]
    for title, example in (("Breaks the rule:", rule.wrong), ("Keeps it:", rule.right)):
        if example:
            parts += [title, textwrap.indent(example, "  "), ""]
    return "\n".join(parts)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def rules_page(rules: Iterable[Rule]) -> str:
    """The documentation of all rules, in Markdown."""
    known = list(rules)
    rows = [f"| [{r.id}](#{r.id.lower()}) | {r.name} | {r.severity.value} | {_cell(r.title)} |" for r in known]
    return _HEAD + "\n".join(rows) + "\n" + "".join("\n" + "\n".join(_section(rule)) + "\n" for rule in known)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.id}"
    yield f"\n**{rule.name}** ({rule.severity.value}): {_cell(rule.title)}"
    yield f"\n{_cell(rule.why)}"
    yield f"\nTo mend it: {_cell(rule.mend)}"
    if rule.wrong:
        yield f"\n```yaml\n# breaks the rule\n{rule.wrong}\n```"
    if rule.right:
        yield f"\n```yaml\n# keeps it\n{rule.right}\n```"
