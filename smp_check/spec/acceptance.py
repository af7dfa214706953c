"""A schema as a quick answer and as an explanation.

Most documents conform, so the question is first put to the schema compiled to Python, which answers yes or
no at once; only when it says no does jsonschema explain why. Compiling pays only after some documents, so the
first few go to jsonschema alone. All give the same answer, and a test holds them to it.

The narrow form of a schema takes canonical spelling alone (snake_case, enum names, plain numbers, no nulls):
what it accepts needs no translation before its meaning is judged.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from smp_check.spec import schemas
from smp_check.spec.formats import FORMATS
from smp_check.spec.messages import MESSAGES

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

COMPILED_AFTER = 20
"""Documents of one kind."""
_SPELLED_FREELY = {*MESSAGES, "mesh"}
"""Titles of the schemas of SMP messages, and of the mesh of a configuration, which is one of two."""
_LARGEST = sys.float_info.max
_NUMBERS = {"int32": "integer", "int64": "integer", "double": "number"}


class Answer(enum.Enum):
    """What the quick look says."""

    CANONICAL = "canonical"
    """It conforms, and is in canonical spelling."""
    CONFORMS = "conforms"
    UNCLEAR = "unclear"
    """Nothing is known; the explanation may be empty."""


@cache
def judge(name: str) -> Judge:
    """The judge of one published schema; the same one every time, since it learns."""
    return Judge(name)


class Judge:
    """One schema."""

    def __init__(self, name: str) -> None:
        self.schema = schemas.load(name)
        self.asked = 0
        self._compiled: tuple[Callable[[Any], bool], Callable[[Any], bool]] | None = None
        self._validator: Validator | None = None

    def look(self, value: Any) -> Answer:
        """The quick answer."""
        self.asked += 1
        if self.asked <= COMPILED_AFTER:
            return Answer.UNCLEAR
        if self._compiled is None:
            self._compiled = compiled(narrowed(self.schema)), compiled(self.schema)
        canonical, conforming = self._compiled
        if canonical(value):
            return Answer.CANONICAL
        return Answer.CONFORMS if conforming(value) else Answer.UNCLEAR

    def errors(self, value: Any) -> Iterator[ValidationError]:
        """What jsonschema finds."""
        if self._validator is None:
            from jsonschema import Draft202012Validator, FormatChecker

            checker = FormatChecker(formats=())
            checker.checkers = {name: (check, ()) for name, check in FORMATS.items()}
            self._validator = Draft202012Validator(self.schema, format_checker=checker)
        return self._validator.iter_errors(value)


def compiled(schema: Mapping[str, Any]) -> Callable[[Any], bool]:
    """The schema as a function that says whether a value conforms."""
    import fastjsonschema

    check = fastjsonschema.compile(
        _bounded(schema), formats=dict(FORMATS), use_default=False, detailed_exceptions=False
    )
    refused = fastjsonschema.JsonSchemaValueException

    def accepts(value: Any) -> bool:
        try:
            check(value)
        except refused:
            return False
        return True

    return accepts


def _bounded(schema: Any) -> Any:
    """The schema with every number held to what is finite, and ``const`` as ``enum``.

    Without detailed exceptions, fastjsonschema (2.22) cannot compile ``const``.
    """
    if isinstance(schema, list):
        return [_bounded(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {key: _bounded(each) for key, each in schema.items() if key != "const"}
    if isinstance(schema.get("const"), str):
        made["enum"] = [schema["const"]]
    if "number" in _kinds(schema):
        made = {"minimum": -_LARGEST, "maximum": _LARGEST} | made
    return made


def _kinds(schema: Mapping[str, Any]) -> list[Any]:
    kinds = schema.get("type", [])
    return kinds if isinstance(kinds, list) else [kinds]


def narrowed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema that takes canonical spelling alone."""
    made = dict(schema)
    if schema.get("title") in _SPELLED_FREELY:
        made["type"] = "object"
        made["properties"] = {
            name: _plain(each) for name, each in schema["properties"].items() if not each.get("doNotSuggest")
        }
    elif "properties" in schema:
        made["properties"] = {name: narrowed(each) for name, each in schema["properties"].items()}
    if "$defs" in schema:
        made["$defs"] = {name: narrowed(each) for name, each in schema["$defs"].items()}
    return made


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """One field of a message: one type, no null, numbers as numbers, enumerations by name."""
    form = schema.get("format", "")
    if form in _NUMBERS:
        kept = {key: each for key, each in schema.items() if key not in ("format", "pattern")}
        exact = {"maximum": 2**53} if form == "double" else {}  # a larger whole number is not what a double holds
        return kept | {"type": _NUMBERS[form]} | exact
    if "enum" in schema:
        return {"type": "string", "enum": [each for each in schema["enum"] if isinstance(each, str)]}
    kinds = _kinds(schema)
    return {**schema, "type": kinds[0]} if kinds else dict(schema)
