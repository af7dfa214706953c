"""Strings that somebody might put into a test name, a label, a URL, a branch or a server's answer."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from itertools import product
from typing import Any, TypeVar, cast

from tests.report import situations

T = TypeVar("T")
MENTIONS = (
    "@octocat",
    "@org/team",
    "mail@example.org",
    "#1",
    "org/repo#12",
    "GH-7",
    "\\@octocat",
    "&#64;octocat",
    "@\u200bme",
)
LINKS = (
    "http://evil.example/",
    "https://evil.example/a?b=c&d=e#f",
    "www.evil.example",
    "WWW.EVIL.EXAMPLE/x",
    "ftp://evil.example",
    "mailto:a@b.example",
    "xmpp:a@b.example/x",
    "//evil.example",
    "javascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "[click](http://evil.example)",
    "![pixel](http://evil.example/p.png)",
    "[a]: http://evil.example",
    "[a][b]",
    "<http://evil.example>",
    "<a@b.example>",
    "[^1]",
    "[^1]: note",
)
MARKUP = (
    "</details>",
    "</summary></details>",
    "<details open><summary>x",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='http://evil.example'>x</a>",
    "<b>bold",
    "</td></tr></table>",
    "</title><script>",
    "</style><script>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "<!--",
    "-->",
    "<!-- x -->",
    "--!>",
    "<!-- smp-check:v1 key=0123456789ab run=99999999.1 head=0123456789ab -->",
    "<?php ?>",
    "<![CDATA[ x ]]>",
    "]]>",
    "&lt;b&gt;",
    "&amp;lt;",
    "&#60;b&#62;",
    "&",
    "&nbsp",
    "{{ 7 * 7 }}",
    "{% include 'x' %}",
    "{# x #}",
    "${7*7}",
    "${{ secrets.TOKEN }}",
    "%s %(x)s {0} {x}",
)
BLOCKS = (
    "# heading",
    "## heading",
    "- item",
    "* item",
    "+ item",
    "1. item",
    "2) item",
    "> quote",
    "---",
    "***",
    "___",
    "===",
    "    code",
    "\tcode",
    "```",
    "```mermaid",
    "~~~",
    "````text",
    "`",
    "``",
    "`code`",
    "`a` and `b",
    "` `` `",
    "|",
    "a|b",
    "\\|",
    "\\\\|",
    "| --- | --- |",
    "\\",
    "\\\\",
    "a\\",
    "*",
    "**bold**",
    "*em*",
    "_em_",
    "__bold__",
    "snake_case_name",
    "~~gone~~",
    "~x~",
    ":smile:",
    "$x^2$",
    "$$x$$",
    "- [ ] task",
    "- [x] task",
    "term\n: definition",
    "a  \nb",
    "a\\\nb",
    "a\n\nb",
    "a\r\nb",
    "a\r\n\r\n- b",
    "\n\n# heading",
    "x\n---",
    "x\n===",
    "p50 | 1 | 2\n--- | --- | ---",
)
COMMANDS = (
    "::set-output name=x::y",
    "::error file=a.py,line=1::boom",
    "::warning::x",
    "::add-mask::x",
    "::stop-commands::token",
    "::group::x",
    "::debug::x",
    "  ::error::x",
    "a\n::error::x",
    "a\r::error::x",
    "a\u2028::error::x",
    "a\u0085::error::x",
    "%0A::error::x",
    "a%0D%0A::error::x",
    "##[error]x",
    "a ##[set-env name=PATH]x",
    "##[group]x",
    "###[error]x",
    "##vso[task.setvariable]x",
    "[::1]::error::x",
    "http://[::1]:8080/",
    "[command]x",
    "GITHUB_OUTPUT<<EOF",
    "EOF",
    "verdict=passed\nfailed=false",
)
CONTROLS = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07",
    "\x9b31m",
    "a\x00b",
    "a\x08\x08b",
    "a\x7fb",
    "\x1b[2J\x1b[H",
    "\x0c",
    "\x0b",
    "\ufeffbom",
    "\ufffe",
    "\uffff",
    "\ud800",
    "a\udfffb",
    "\u200b",
    "\u200d",
    "\u2060",
    "a\u00adb",
)
DIRECTIONS = (
    "\u202eevil",
    "\u202dx\u202c",
    "\u2066x\u2069",
    "\u2069",
    "\u200fx",
    "\u061cx",
    "שלום",
    "שלום @octocat",
    "مرحبا 12 ms",
    "a שלום b",
    "שלום</details>",
)
UNICODE = (
    "🔥",
    "👨‍👩‍👧‍👦",
    "🇩🇪",
    "e\u0301",
    "z\u0336\u0315\u0322" + "\u0336" * 50,
    "\U000e0041\U000e0042",
    "＜script＞",
    "＠octocat",
    "﹫octocat",
    "ｗｗｗ.evil.example",
    "İi",
    "ß",
    "\u3000wide\u3000",
    "\u00a0",
    "漢字" * 40,
    "\U0010ffff",
    "\ue000",
    "K",
)
LONG = ("x" * 100_000, "@octocat " * 12_000, "<b>" * 30_000, "|" * 100_000, "`" * 100_000, "\n" * 100_000, "&" * 70_000)
EMPTY = ("", " ", "\t\n")
CURATED = (
    *MENTIONS,
    *LINKS,
    *MARKUP,
    *BLOCKS,
    *COMMANDS,
    *CONTROLS,
    *DIRECTIONS,
    *UNICODE,
    *LONG,
    *EMPTY,
)
COMBINED = tuple(
    f"{left}{middle}{right}"
    for left, middle, right in product(
        ("x ", "`", "|", "\n", "**"), (" ", "\n", "`"), ("@octocat", "</details>", "http://evil.example", "::error::x")
    )
)
CORPUS = tuple(dict.fromkeys((*CURATED, *COMBINED)))


def poisoned(text: str) -> Any:
    """A comparison whose every free string is ``text``; the longer of the situations, so that all sections show."""
    made = situations.many_clients()
    worst = situations.invalid()
    other = situations.not_comparable()
    kept = [m for m in made.metrics if m.client in {"search", "all"}][1:3]
    latency = {"search": made.head.latency["search"]}
    whole = replace(
        made,
        metrics=tuple(kept),
        base=replace(made.base, latency=latency) if made.base else None,
        head=replace(made.head, generators=other.head.generators, latency=latency),
        remarks=worst.remarks,
        conformance=worst.conformance,
        mismatches=other.mismatches,
        policy=replace(made.policy, expect=("checkout", "search")),
    )
    return _replaced(whole, text)


_OURS = {"method", "percentile_method", "unit", "direction", "severity", "fail_on", "histogram", "percentiles", "start"}
"""Fields whose values are words of ours or numbers."""


def _replaced(value: T, text: str) -> T:
    """Every string in a frozen dataclass replaced, fields of ours apart."""
    changed: Any = value
    if isinstance(value, (Enum, datetime)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in _OURS]
        changed = replace(value, **{name: _replaced(getattr(value, name), text) for name in names})
    elif isinstance(value, str):
        changed = text
    elif isinstance(value, tuple):
        changed = tuple(_replaced(each, text) for each in value)
    elif isinstance(value, dict):
        keys = value if any(key in _OURS for key in value) else _keys(value, text)
        changed = {k: v if k in _OURS else _replaced(v, text) for k, v in zip(keys, value.values(), strict=True)}
    return cast(T, changed)


def _keys(value: dict[str, Any], text: str) -> list[str]:
    """Keys stay different from each other."""
    return [text + "\u200b" * place for place in range(len(value))]
