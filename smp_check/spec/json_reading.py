"""JSON and JSON Lines: values by the standard library, positions by a scanner that runs only when they are needed."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]
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
)

_BLANK = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'[ \t\r\n]*([\[\]{},:"]|[^\s\[\]{},:"]+)')
_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_LONG_NUMBER = re.compile(rf"\d{{{MAX_DIGITS + 1},}}")
_DIGITS = re.compile("[0-9]{3}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read(text: str, name: str) -> list[Document]:
    """Every JSON value of the text: one document, or JSON Lines. Raises ``UnreadableError``."""
    if len(text) > MAX_VALUES and text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise UnreadableError(f"more than {MAX_VALUES:,} values", Position(file=name, line=1, column=1))
    source = _Source(text, name)
    documents = []
    at, end = _skip(text, 0), len(text)
    while at < end:
        document, at = source.document(at)
        documents.append(document)
        if at < end:
            at = _skip(text, at)
    return documents


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


class _Source:
    """A text with one value or several; what has to be known of the whole is found out once."""

    __slots__ = ("_starts", "decoder", "deep", "escaped", "name", "text")

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.decoder = _CAREFUL if _has_long_number(text) else _QUICK
        self.deep = text.count("[") + text.count("{") > MAX_DEPTH
        self.escaped = "\\u" in text
        self._starts: list[int] | None = None

    def document(self, at: int) -> tuple[Document, int]:
        """The value that begins at ``at``, and where it ends."""
        value, end = self.value(at, self.decoder)
        if self.deep:
            self.bounded(value, at)
        if self.escaped and _SURROGATE.search(self.text, at, end):
            self.whole_characters(value, at)
        return Document(value=value, file=self.name, source=self.text, marks=_Later(self, at)), end

    def value(self, at: int, decoder: json.JSONDecoder) -> tuple[Any, int]:
        try:
            return decoder.raw_decode(self.text, at)
        except json.JSONDecodeError as fault:
            raise UnreadableError(f"not JSON: {_plain(fault.msg)}", self.place(fault.pos), syntax=True) from None
        except RecursionError:
            raise self.too_deep(at) from None
        except _GivenTwiceError:
            self.value(at, _LAX)  # a fault of syntax after the two keys has the word
            scan(self, at)
            raise
        except ValueError as fault:
            long = _LONG_NUMBER.search(self.text, at)
            raise UnreadableError(str(fault), self.place(long.start() if long else at)) from None

    def bounded(self, value: Any, at: int) -> None:
        """Raises ``UnreadableError`` for a value that is nested too deep."""
        level = [value] if type(value) in _CONTAINERS else []
        depth = 0
        while level:
            depth += 1
            if depth > MAX_DEPTH:
                raise self.too_deep(at)
            children: list[Any] = []
            for parent in level:
                children += parent.values() if type(parent) is dict else parent
            level = [child for child in children if type(child) in _CONTAINERS]

    def too_deep(self, at: int) -> UnreadableError:
        """Points at the bracket that is one too many."""
        depth = 0
        for match in _BRACKET.finditer(self.text, at):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
            if depth > MAX_DEPTH:
                at = match.start()
                break
        return UnreadableError(f"nested deeper than {MAX_DEPTH} levels", self.place(at))

    def whole_characters(self, value: Any, at: int) -> None:
        """Half of a surrogate pair is no character: it could not be written out again."""
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            found = _SURROGATE.search(self.text, at)
            place = self.place(found.start() if found else at)
            raise UnreadableError("half of a surrogate pair is no character", place) from None

    def line_and_column(self, at: int) -> tuple[int, int]:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def place(self, at: int) -> Position:
        line, column = self.line_and_column(at)
        return Position(file=self.name, line=line, column=column)


class _Later:
    """The positions of a document, found when they are first asked for."""

    __slots__ = ("at", "mark", "source")

    def __init__(self, source: _Source, at: int) -> None:
        self.source = source
        self.at = at
        self.mark: Mark | None = None

    def __call__(self) -> Mark:
        if self.mark is None:
            self.mark = scan(self.source, self.at)
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


_CONTAINERS = frozenset((dict, list))


def _has_long_number(text: str) -> bool:
    """Whether there may be a number longer than the limit.

    It would cover three characters in a row of those that are looked at first, and fill one of the windows.
    """
    if len(text) <= MAX_DIGITS or not _DIGITS.search(text[:: MAX_DIGITS // 3]):
        return False
    half = MAX_DIGITS // 2
    return any(text[at : at + half].isdigit() for at in range(0, len(text), half))


class _Scanner:
    """A second pass over a text that is known to be JSON, noting where everything stands."""

    def __init__(self, source: _Source, at: int) -> None:
        self.source = source
        self.at = at
        self.string = ""

    def token(self) -> tuple[str, int]:
        """The next token and where it begins; of a string the quote, and ``self.string`` is what it says."""
        match = _TOKEN.match(self.source.text, self.at)
        if match is None:
            raise AssertionError("the text was JSON a moment ago")
        self.at = match.end()
        if match[1] == '"':
            self.string, self.at = scanstring(self.source.text, self.at)
        return match[1], match.start(1)

    def value(self, piece: str, start: int) -> Mark:
        mark = Mark(*self.source.line_and_column(start))
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
            key = self.string
            if key in found:
                place = self.source.place(start)
                raise UnreadableError(f"{key!r} is given twice", place, fix="remove one of the two", rule=GIVEN_TWICE)
            self.token()
            child = self.value(*self.token())
            child.key = self.source.line_and_column(start)
            found[key] = child
            piece, start = self.token()
        return found

    def items(self) -> list[Mark]:
        found: list[Mark] = []
        piece, start = self.token()
        while piece != "]":
            if piece == ",":
                piece, start = self.token()
            found.append(self.value(piece, start))
            piece, start = self.token()
        return found


def scan(source: _Source, at: int) -> Mark:
    """The positions of the JSON value that begins at ``at``; raises ``UnreadableError`` for a key given twice."""
    scanner = _Scanner(source, at)
    return scanner.value(*scanner.token())
