"""JSON and JSON Lines: values by the standard library, positions by a scanner that runs only when they are needed."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any

from smp_check.spec.findings import Position
from smp_check.spec.marks import Mark
from smp_check.spec.reading import (
    GIVEN_TWICE,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_VALUES,
    Document,
    UnreadableError,
    without_nan,
)

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
    calm = without_nan(text)
    at = _skip(text, 0)
    while at < len(text):
        document, end = _one(text, at, name, calm)
        documents.append(document)
        at = _skip(text, end)
    return documents


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _one(text: str, at: int, name: str, calm: bool, decoder: json.JSONDecoder | None = None) -> tuple[Document, int]:
    decoder = decoder or (_CAREFUL if _has_long_number(text) else _QUICK)
    try:
        value, end = decoder.raw_decode(text, at)
    except json.JSONDecodeError as fault:
        place = _place(text, fault.pos, name)
        raise UnreadableError(f"not JSON: {_plain(fault.msg)}", place, syntax=True) from None
    except RecursionError:
        raise _too_deep(text, at, name) from None
    except _GivenTwiceError:
        _one(text, at, name, calm, _LAX)  # a fault of syntax after the two keys has the word
        scan(text, at, name)
        raise
    except ValueError as fault:
        long = _LONG_NUMBER.search(text, at)
        raise UnreadableError(str(fault), _place(text, long.start() if long else at, name)) from None
    _bounded(value, text, at, name)
    if "\\u" in text and _SURROGATE.search(text, at, end):
        _whole_characters(value, text, at, name)
    return Document(value=value, file=name, source=text, without_nan=calm, marks=_Later(text, at, name)), end


class _Later:
    """The positions of a document, found when they are first asked for."""

    __slots__ = ("args", "mark")

    def __init__(self, *args: Any) -> None:
        self.args = args
        self.mark: Mark | None = None

    def __call__(self) -> Mark:
        if self.mark is None:
            self.mark = scan(*self.args)
        return self.mark


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits")
    return int(digits)


class _GivenTwiceError(ValueError):
    """An object has the same key twice; where, the scanner says."""


def _pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) != len(members):
        raise _GivenTwiceError
    return made


_QUICK = json.JSONDecoder(object_pairs_hook=_pairs)
_CAREFUL = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer)
_LAX = json.JSONDecoder(parse_int=_integer)


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]


def _bounded(value: Any, text: str, at: int, name: str) -> None:
    level = [value] if isinstance(value, (dict, list)) and _opens(text) > MAX_DEPTH else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep(text, at, name)
        children: list[Any] = []
        for parent in level:
            children += parent.values() if type(parent) is dict else parent
        level = [child for child in children if type(child) in _CONTAINERS]


_CONTAINERS = frozenset((dict, list))


def _has_long_number(text: str) -> bool:
    """Whether there may be a number longer than the limit: it would fill one of these windows."""
    half = MAX_DIGITS // 2
    return len(text) > MAX_DIGITS and any(text[at : at + half].isdigit() for at in range(0, len(text), half))


def _opens(text: str) -> int:
    return text.count("[") + text.count("{")


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
