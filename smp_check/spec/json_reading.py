"""JSON and JSON Lines: values by the standard library, positions by a scanner that runs only when they are needed."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from smp_check.spec.findings import Position
from smp_check.spec.marks import Mark
from smp_check.spec.reading import GIVEN_TWICE, MAX_DEPTH, MAX_DIGITS, MAX_VALUES, Document, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

_BLANK = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+)', re.DOTALL)
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1},}}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read(text: str, name: str) -> list[Document]:
    """Every JSON value of the text: one document, or JSON Lines. Raises ``UnreadableError``."""
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise UnreadableError(f"more than {MAX_VALUES:,} values", Position(file=name, line=1, column=1))
    documents = []
    at = _skip(text, 0)
    while at < len(text):
        documents.append(_one(text, at, name))
        at = _skip(text, documents[-1][1])
    return [document for document, _ in documents]


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _one(text: str, at: int, name: str) -> tuple[Document, int]:
    doubled: list[str] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) != len(members):
            doubled.append("")
        return made

    try:
        value, end = json.JSONDecoder(object_pairs_hook=pairs, parse_int=_integer).raw_decode(text, at)
    except json.JSONDecodeError as fault:
        place = _place(text, fault.pos, name)
        raise UnreadableError(f"not JSON: {_plain(fault.msg)}", place, syntax=True) from None
    except RecursionError:
        raise _too_deep(text, at, name) from None
    except ValueError as fault:
        long = _LONG_NUMBER.search(text, at)
        raise UnreadableError(str(fault), _place(text, long.start() if long else at, name)) from None
    _bounded(value, text, at, name)
    if doubled:
        scan(text, at, name)
    if _SURROGATE.search(text, at, end):
        _whole_characters(value, text, at, name)
    return Document(value=value, file=name, source=text, marks=_lazily(partial(scan, text, at, name))), end


def _lazily(make: Callable[[], Mark]) -> Callable[[], Mark]:
    return lru_cache(maxsize=1)(make)


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits")
    return int(digits)


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]


def _bounded(value: Any, text: str, at: int, name: str) -> None:
    level = [value] if isinstance(value, (dict, list)) else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep(text, at, name)
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]


def _too_deep(text: str, at: int, name: str) -> UnreadableError:
    """Points at the bracket that is one too many."""
    depth = 0
    for match in _BRACKET.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            at = match.start()
            break
    return UnreadableError(f"nested deeper than {MAX_DEPTH} levels", _place(text, at, name))


def _whole_characters(value: Any, text: str, at: int, name: str) -> None:
    """Half of a surrogate pair is no character: it could not be written out again."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        found = _SURROGATE.search(text, at)
        place = _place(text, found.start() if found else at, name)
        raise UnreadableError("half of a surrogate pair is no character", place) from None


def _place(text: str, at: int, name: str) -> Position:
    return Position(file=name, line=text.count("\n", 0, at) + 1, column=at - text.rfind("\n", 0, at))


class _Scanner:
    """A second pass over a text that is known to be JSON, noting where everything stands."""

    def __init__(self, text: str, at: int, name: str) -> None:
        self.text = text
        self.at = at
        self.name = name
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def token(self) -> tuple[str, int]:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            raise AssertionError("the text was JSON a moment ago")
        self.at = match.end()
        return match[1], match.start(1)

    def place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.lines, at)
        return line, at - self.lines[line - 1] + 1

    def value(self) -> Mark:
        piece, start = self.token()
        mark = Mark(*self.place(start))
        if piece == "{":
            mark.children = self.members()
        elif piece == "[":
            mark.children = self.items()
        return mark

    def members(self) -> dict[str, Mark]:
        found: dict[str, Mark] = {}
        piece, start = self.token()
        while piece != "}":
            if piece == ",":
                piece, start = self.token()
            key = json.loads(piece)
            place = self.place(start)
            if key in found:
                position = Position(file=self.name, line=place[0], column=place[1])
                raise UnreadableError(
                    f"{key!r} is given twice", position, fix="remove one of the two", rule=GIVEN_TWICE
                )
            self.token()
            child = self.value()
            child.key = place
            found[key] = child
            piece, start = self.token()
        return found

    def items(self) -> list[Mark]:
        found: list[Mark] = []
        while True:
            before = self.at
            piece, _ = self.token()
            if piece == "]":
                return found
            if piece != ",":
                self.at = before
            found.append(self.value())


def scan(text: str, at: int, name: str) -> Mark:
    """The positions of the JSON value that begins at ``at``; raises ``UnreadableError`` for a key given twice."""
    scanner = _Scanner(text, at, name)
    return scanner.value()
