"""A schema as a quick answer and as an explanation.

Most documents conform, so the question is first put to the schema as a predicate, which answers yes or no at
once; only when it says no does jsonschema, which takes long to load, explain why. Both give the same answer,
and a test holds them to it.

The narrow form of a schema takes canonical spelling alone (snake_case, enum names, plain numbers, no nulls):
what it accepts needs no translation before its meaning is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from smp_check.spec import schemas
from smp_check.spec.formats import FORMATS
from smp_check.spec.messages import MESSAGES
from smp_check.spec.predicate import Test, predicate

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_SPELLED_FREELY = {*MESSAGES, "mesh"}
"""Titles of the schemas of SMP messages, and of the mesh of a configuration, which is one of two."""
_NUMBERS = {"int32": "integer", "int64": "integer", "double": "number"}


@cache
def judge(name: str) -> Judge:
    """The judge of one published schema."""
    return Judge(name)


class Judge:
    """One schema, in the forms that have been needed so far."""

    def __init__(self, name: str) -> None:
        self.schema = schemas.load(name)

    @cached_property
    def canonical(self) -> Test:
        """Whether a value conforms, is in canonical spelling, and has no number that is not finite."""
        return predicate(narrowed(self.schema))

    @cached_property
    def conforming(self) -> Test:
        """Whether a value conforms in any spelling, and has no number that is not finite."""
        return predicate(self.schema)

    @cached_property
    def validator(self) -> Validator:
        """What can say why a value does not conform."""
        from jsonschema import Draft202012Validator, FormatChecker

        checker = FormatChecker(formats=())
        checker.checkers = {name: (check, ()) for name, check in FORMATS.items()}
        return Draft202012Validator(self.schema, format_checker=checker)

    def errors(self, value: Any) -> Iterator[ValidationError]:
        """What jsonschema finds."""
        return self.validator.iter_errors(value)


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
