"""YAML, by the rules of YAML 1.2's core schema: ``on`` and ``yes`` are text, and so are dates.

libyaml's events are composed here, so that every value keeps its place, aliases cannot explode and no tag
makes anything but plain values. Merge keys (``<<``) work as people expect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from smp_check.spec.findings import Position
from smp_check.spec.marks import Mark
from smp_check.spec.reading import (
    GIVEN_TWICE,
    MAX_DEPTH,
    MAX_VALUES,
    Document,
    UnreadableError,
)
from smp_check.spec.yaml_scalars import CORE, scalar_value, shown_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(text: str, name: str) -> list[Document]:
    """Every document of a YAML stream that is not empty. Raises ``UnreadableError``."""
    composer = _Composer(text, name)
    try:
        read = list(composer.all())
    except yaml.MarkedYAMLError as fault:
        raise _syntax(fault, text, name) from None
    except yaml.reader.ReaderError as fault:
        position = _at(text, fault.position, name)
        code = fault.character if isinstance(fault.character, int) else ord(str(fault.character)[:1])
        raise UnreadableError(f"the character U+{code:04X} is not allowed", position) from None
    except RecursionError:
        raise UnreadableError(f"nested deeper than {MAX_DEPTH} levels", _at(text, 0, name)) from None
    documents = [Document(value=value, file=name, source=text, marks=_Kept(mark)) for value, mark in read]
    if not documents:
        position = _at(text, 0, name)
        raise UnreadableError("the file is empty: it has only comments", position, fix="put a document into it")
    return documents


class _Kept:
    """A tree of marks that is there already; a class, so that it compares and prints briefly."""

    __slots__ = ("mark",)

    def __init__(self, mark: Mark) -> None:
        self.mark = mark

    def __call__(self) -> Mark:
        return self.mark


def _at(text: str, index: int, name: str) -> Position:
    return Position(file=name, line=text.count("\n", 0, index) + 1, column=index - text.rfind("\n", 0, index))


def _syntax(fault: yaml.MarkedYAMLError, text: str, name: str) -> UnreadableError:
    mark = fault.problem_mark or fault.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    position = Position(file=name, line=line + 1, column=column + 1)
    lines = text.split("\n")
    if line < len(lines) and lines[line][column : column + 1] == "\t":
        return UnreadableError("a tab for indentation", position, fix="YAML indents with spaces only")
    problem = " ".join(part for part in (fault.context, fault.problem) if part)
    return UnreadableError(f"not YAML: {problem or 'syntax error'}", position)


class _Composer:
    """Events to values and marks; one composer reads one stream."""

    def __init__(self, text: str, name: str) -> None:
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self.name = name
        self.anchors: dict[str, tuple[Any, Mark, int]] = {}
        self.values = 0

    def all(self) -> Iterator[tuple[Any, Mark]]:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                first = next(self.events)
                value, mark = self.node(first, 0)
                blank = isinstance(first, yaml.ScalarEvent) and not first.style and not first.value
                if not blank:
                    yield value, mark

    def node(self, event: Any, depth: int) -> tuple[Any, Mark]:
        start = event.start_mark
        self.values += 1
        if self.values > MAX_VALUES:
            raise self.fault(event, f"more than {MAX_VALUES:,} values, counting each use of an alias")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if depth >= MAX_DEPTH:
            raise self.fault(event, f"nested deeper than {MAX_DEPTH} levels")
        before = self.values
        mark = Mark(start.line + 1, start.column + 1)
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            value, mark.children = self.mapping(event, depth)
        else:
            value, mark.children = self.sequence(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, mark, self.values - before + 1)
        return value, mark

    def alias(self, event: Any) -> tuple[Any, Mark]:
        known = self.anchors.get(event.anchor)
        if known is None:
            raise self.fault(event, f"the alias *{event.anchor} has no anchor before it")
        value, target, size = known
        self.values += size
        start = event.start_mark
        return value, Mark(start.line + 1, start.column + 1, target.children)

    def sequence(self, event: Any, depth: int) -> tuple[list[Any], list[Mark]]:
        self.collection(event, "seq")
        values: list[Any] = []
        marks: list[Mark] = []
        for item in self.events:
            if isinstance(item, yaml.SequenceEndEvent):
                break
            value, mark = self.node(item, depth + 1)
            values.append(value)
            marks.append(mark)
        return values, marks

    def mapping(self, event: Any, depth: int) -> tuple[dict[str, Any], dict[str, Mark]]:
        self.collection(event, "map")
        values: dict[str, Any] = {}
        marks: dict[str, Mark] = {}
        merged: list[tuple[Any, Mark, Any]] = []
        for key_event in self.events:
            if isinstance(key_event, yaml.MappingEndEvent):
                break
            key = self.key(key_event)
            value, mark = self.node(next(self.events), depth + 1)
            if key == "<<" and not key_event.style:
                merged.append((value, mark, key_event))
                continue
            if key in values:
                raise self.fault(key_event, f"{key!r} is given twice", "remove one of the two", rule=GIVEN_TWICE)
            values[key] = value
            marks[key] = mark.keyed(key_event.start_mark.line + 1, key_event.start_mark.column + 1)
        for value, mark, key_event in merged:
            self.merge(values, marks, value, mark, key_event)
        return values, marks

    def key(self, event: Any) -> str:
        known = self.alias(event)[0] if isinstance(event, yaml.AliasEvent) else None
        if isinstance(known, str):
            return known
        if not isinstance(event, yaml.ScalarEvent):
            raise self.fault(event, "a key must be text")
        self.values += 1
        text = str(event.value)
        if event.anchor is not None:
            start: Any = event.start_mark
            self.anchors[event.anchor] = (text, Mark(start.line + 1, start.column + 1), 1)
        return text

    def merge(self, values: dict[str, Any], marks: dict[str, Mark], value: Any, mark: Mark, event: Any) -> None:
        sources = value if isinstance(value, list) else [value]
        for index, source in enumerate(sources):
            if not isinstance(source, dict):
                raise self.fault(event, "<< takes a mapping or a list of mappings")
            within = mark.child(str(index)) if isinstance(value, list) else mark
            for key, merged in source.items():
                self.values += 1
                if key not in values:
                    values[key] = merged
                    marks[key] = (within and within.child(key)) or mark

    def collection(self, event: Any, kind: str) -> None:
        if event.tag not in (None, "!", CORE + kind):
            raise self.fault(event, f"the tag {shown_tag(event.tag)} has no meaning here", "remove the tag")

    def scalar(self, event: Any) -> Any:
        self.values += len(event.value) >> 6  # an alias to a long text multiplies it, too
        try:
            return scalar_value(event.value, event.tag, plain=event.implicit[0])
        except ValueError as fault:
            problem, _, fix = str(fault).partition("; ")
            raise self.fault(event, problem, fix) from None

    def fault(self, event: Any, problem: str, fix: str = "", *, rule: str = "SMP100") -> UnreadableError:
        start = event.start_mark
        position = Position(file=self.name, line=start.line + 1, column=start.column + 1)
        return UnreadableError(problem, position, fix=fix, rule=rule)
