"""Text to documents: YAML 1.2, JSON, JSON Lines and multi-document YAML, each value with its line and column.

What is read may come from anybody, so everything is bounded before it is built: bytes, values (aliases
counted as often as they are used), depth and the length of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError
from smp_check.spec.findings import Finding, Position, Severity

if TYPE_CHECKING:
    from smp_check.spec.marks import Mark

MAX_BYTES = 32 * 1024 * 1024
MAX_VALUES = 2_000_000
MAX_DEPTH = 100
MAX_DIGITS = 300
LONGEST = 300
"""Characters of what is said of a text, however much of it is quoted."""
UNREADABLE = "SMP100"
GIVEN_TWICE = "SMP108"


class UnreadableError(InputError):
    """A text that is no document at all; ``finding`` says where and why, with its rule id.

    ``syntax`` is set where the text may still be well-formed in the other syntax.
    """

    def __init__(
        self, problem: str, position: Position, *, fix: str = "", rule: str = UNREADABLE, syntax: bool = False
    ) -> None:
        problem = problem if len(problem) <= LONGEST else f"{problem[: LONGEST - 3]}..."
        super().__init__(f"{position}: {problem}", hint=fix or None)
        self.syntax = syntax
        self.finding = Finding(
            id=rule, severity=Severity.ERROR, pointer="", message=problem, fix=fix, position=position
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a file, and where each of its values stands."""

    value: Any
    """Plain JSON values: dict with string keys, list, str, int, float, bool, None."""
    file: str
    """The name that the user gave."""
    source: str = field(default="", repr=False)
    """The whole text of the file."""
    marks: Callable[[], Mark] = field(repr=False, compare=False)
    """The tree of positions; made when it is first asked for."""

    def locate(self, pointer: str, *, key: bool = False) -> Position:
        """Where the value at a JSON pointer stands; with ``key``, where its key does.

        A mapping or list that begins below its key stands where the key does, which is where people look. A
        pointer to something that is not in the text (left out, or given as an option) leads to the nearest
        value around it.
        """
        mark = self.marks()
        line, column = mark.line, mark.column
        for token in _tokens(pointer):
            child = mark.child(token)
            if child is None:
                break
            mark = child
            line, column = mark.key if mark.key and (key or mark.begins_below) else (mark.line, mark.column)
        return Position(file=self.file, line=line, column=column)


def _tokens(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def escape(token: str) -> str:
    """A key as one token of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def read_documents(data: bytes, name: str) -> list[Document]:
    """All documents of one file, at least one. Raises ``UnreadableError``, with the place, for everything else."""
    text = _decode(data, name)
    body = text.lstrip()
    if not body:
        raise UnreadableError("the file is empty", Position(file=name, line=1, column=1), fix="put a document into it")
    wants_json = name.lower().endswith((".json", ".jsonl", ".ndjson"))
    if not wants_json and body[0] not in "{[":
        return _yaml(text, name)
    try:
        return _json()(text, name)
    except UnreadableError as fault:
        if wants_json or not fault.syntax:
            raise
        return _flow_yaml(text, name, fault)


@cache
def _json() -> Callable[[str, str], list[Document]]:
    from smp_check.spec import json_reading

    return json_reading.read


def _yaml(text: str, name: str) -> list[Document]:
    from smp_check.spec import yaml_reading

    return yaml_reading.read(text, name)


def _flow_yaml(text: str, name: str, json_fault: UnreadableError) -> list[Document]:
    """YAML may begin with a brace, too; where neither reader is content, the one that came further has the word."""
    try:
        return _yaml(text, name)
    except UnreadableError as yaml_fault:
        here, there = json_fault.finding.position, yaml_fault.finding.position
        if here and there and (here.line, here.column) >= (there.line, there.column):
            raise json_fault from None
        raise


def _decode(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        start = Position(file=name, line=1, column=1)
        raise UnreadableError(f"larger than {MAX_BYTES // 1024**2} MiB, so it is not read", start)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise _no_text(data, fault.start, name) from None
    if "\0" in text:
        raise _no_text(data, 0, name)
    return text.removeprefix("\ufeff")


def _no_text(data: bytes, invalid: int, name: str) -> UnreadableError:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        start = Position(file=name, line=1, column=1)
        return UnreadableError("the text is UTF-16", start, fix="save it as UTF-8")
    if b"\0" in data:
        place = _place(data[: data.index(b"\0")].decode("utf-8", "replace"), name)
        return UnreadableError("a NUL byte: this is no text file", place)
    place = _place(data[:invalid].decode("utf-8", "replace"), name)
    return UnreadableError("this byte is not valid UTF-8", place, fix="save the file as UTF-8")


def _place(before: str, name: str) -> Position:
    return Position(file=name, line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))
