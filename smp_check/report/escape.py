"""Untrusted text made inert, once per context: Markdown, HTML, XML, JSON and the terminal.

Test names, labels, URLs, branch names and what servers answered all come from somebody else. Whatever they hold,
a reader sees it as text: no markup, link, mention or hidden marker in a comment, no control sequence on a terminal,
no workflow command in a job's log (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2_000
"""Characters of one value that are ever shown; every place has a tighter limit of its own."""
LONGEST_NAME = 80
"""Of a name: a metric, a client, a test."""
LONGEST_SENTENCE = 400
"""Of a sentence: a reason, a remark."""
_BREAK = "\u200b"
_ACTIVE = re.compile(r"[!#$&*<>@\[\\\]^_`{|}~]")
"""ASCII punctuation that means something to a GFM parser inside a line."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that are dropped: controls, bidirectional overrides, tags, surrogates, unassigned."""
_IPV6 = re.compile(r"(\[[0-9A-Fa-f:.]+\])")
_BLOCK_START = re.compile(r"^(?:[+=-](?=[+=-]*(?:\s|$))|\d{1,9}[.)](?=\s|$))")
"""What would begin a list, an underline or a rule at the start of a line."""
_CODE = re.compile(r"[A-Za-z0-9_./:?&=%+, (){}*'~^-]+")


def clip(text: str, limit: int) -> str:
    """The text, or its beginning and ``…`` where it has more than ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def plain(text: str, limit: int = LONGEST) -> str:
    """One line of visible characters: white space folded, controls and everything invisible dropped."""
    text = text[: limit * 20]
    if text.isprintable() and "  " not in text:
        return clip(text.strip(), limit)
    shown = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _HIDDEN)
    return clip(" ".join(shown.split()), limit)


def markdown(text: str, limit: int = LONGEST) -> str:
    """Text inside a line or table cell of GitHub's Markdown.

    Entities stop the parser, zero-width spaces stop what GitHub looks for after parsing: mentions, issue numbers
    and bare links. Text that runs right to left is isolated, so that it cannot reorder what stands beside it.
    """
    text = plain(text, limit)
    text = re.sub(r"([@#])(?=\S)", rf"\1{_BREAK}", text)
    text = re.sub(r"(?i)(:)(?=//\S)|(w)(?=ww\S)", lambda m: m[0] + _BREAK, text)
    text = re.sub(r"(?i)\b(mailto|xmpp)(?=:)", rf"\1{_BREAK}", text)
    escaped = _ACTIVE.sub(_entity, text).replace("::", ":&#58;")
    escaped = _BLOCK_START.sub(lambda m: f"{m[0][:-1]}&#{ord(m[0][-1])};", escaped)
    return f"\u2068{escaped}\u2069" if _right_to_left(text) else escaped


def _entity(character: re.Match[str]) -> str:
    return "\\_" if character[0] == "_" else f"&#{ord(character[0])};"


def _right_to_left(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in text if ord(c) > 0x58F)


def code(text: str, limit: int = LONGEST) -> str:
    """A Markdown code span, so that it can be copied; what would not be safe in one becomes plain inert text."""
    text = plain(text, limit)
    if _CODE.fullmatch(text.rstrip("…")) and "::" not in text:
        return f"`{text}`"
    return markdown(text, limit)


def terminal(text: str, limit: int = LONGEST) -> str:
    """Text for a terminal or a job's log: no escape sequences, and no workflow command that a runner would obey."""
    parts = _IPV6.split(plain(text, limit))
    parts[::2] = [re.sub(r":(?=:)", f":{_BREAK}", part).replace("##[", f"##{_BREAK}[") for part in parts[::2]]
    return "".join(parts).replace("##[", f"##{_BREAK}[")


def markup(text: str, limit: int = LONGEST) -> str:
    """Text inside an HTML element or attribute."""
    from html import escape

    return escape(plain(text, limit))


def quiet_markup(document: str) -> str:
    """A whole HTML or XML document without ``##[``, which a runner obeys anywhere in a line of its log."""
    return document.replace("##[", "#&#35;[")


def quiet_json(document: str) -> str:
    """The same for JSON text, where it can stand in strings only."""
    return document.replace("##[", "#\\u0023[")
