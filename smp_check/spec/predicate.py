"""A JSON Schema as a predicate: whether a value conforms, at once, and nothing about why not.

Every part of a schema becomes a table from the types of Python to what a value of that type must be besides,
so that most values cost one look into a table. A yes is always right. A no may be wrong for values that no
reader makes (subclasses of the plain types, whole floats among the numbers of an enumeration), and is right for
all others, with one difference that is wanted: nothing that is not finite conforms.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from smp_check.spec.formats import FORMATS

Test = Callable[[Any], bool]
Tests = dict[type, "Test | Literal[True]"]
"""What a value of each type must be besides; a type that is missing is refused."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_NOTES = {"description", "title", "doNotSuggest", "$schema", "$id", "$defs"}
_KNOWN = _NOTES | {
    *("$ref", "anyOf", "type", "enum", "const", "format", "pattern", "minLength", "minimum", "maximum"),
    *("properties", "additionalProperties", "required", "minProperties", "items", "minItems", "maxItems"),
}
_LARGEST = sys.float_info.max


def predicate(schema: Mapping[str, Any]) -> Test:
    """The schema as a function. Raises ``ValueError`` for a schema with a keyword that is not known here."""
    tests = _Compiler(schema.get("$defs", {})).tests(schema)

    def conforms(value: Any) -> bool:
        test = tests.get(type(value))
        return test is True or (test is not None and test(value))

    return conforms


class _Compiler:
    """One schema; what is defined once is compiled once. Definitions may not refer to themselves."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self.compiled: dict[str, Tests] = {}
        self.anything = _anything()

    def tests(self, schema: Mapping[str, Any]) -> Tests:
        strange = schema.keys() - _KNOWN
        if strange:
            raise ValueError(f"no predicate knows {', '.join(sorted(strange))}")
        if "$ref" in schema:
            return self.definition(schema["$ref"].removeprefix("#/$defs/"))
        if "anyOf" in schema:
            return _either([self.tests(each) for each in schema["anyOf"]])
        if not schema.keys() - _NOTES:
            return self.anything
        kinds = schema.get("type", list(_TYPES))
        made: Tests = {}
        for name in kinds if isinstance(kinds, list) else [kinds]:
            for kind in _TYPES[name]:
                conditions = list(self.conditions(schema, name, kind))
                if name != "integer" or kind not in made:
                    made[kind] = _all(conditions)
        return made

    def definition(self, name: str) -> Tests:
        if name not in self.compiled:
            self.compiled[name] = self.tests(self.definitions[name])
        return self.compiled[name]

    def conditions(self, schema: Mapping[str, Any], name: str, kind: type) -> Iterator[Test]:
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            allowed = () if kind in (dict, list) else frozenset(each for each in values if type(each) is kind)
            yield allowed.__contains__
        if kind in (int, float):
            yield from _number(schema, name, kind)
        elif kind is str:
            yield from _text(schema)
        elif kind is dict:
            yield self.mapping(schema)
        elif kind is list:
            yield self.sequence(schema)

    def mapping(self, schema: Mapping[str, Any]) -> Test:
        other = schema.get("additionalProperties", {})
        return _mapping(
            {name: self.tests(each) for name, each in schema.get("properties", {}).items()},
            {} if other is False else self.tests(other),
            frozenset(schema.get("required", ())),
            schema.get("minProperties", 0),
        )

    def sequence(self, schema: Mapping[str, Any]) -> Test:
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        return _sequence(self.tests(schema.get("items", {})), least, most)


def _all(conditions: list[Test]) -> Test | Literal[True]:
    if len(conditions) < 2:
        return conditions[0] if conditions else True
    return lambda value: all(condition(value) for condition in conditions)


def _either(options: list[Tests]) -> Tests:
    made: Tests = {}
    for kind in {kind for option in options for kind in option}:
        made[kind] = _any([option[kind] for option in options if kind in option])
    return made


def _any(tests: list[Test | Literal[True]]) -> Test | Literal[True]:
    real = [test for test in tests if test is not True]
    if len(real) < len(tests):
        return True
    return real[0] if len(real) == 1 else lambda value: any(test(value) for test in real)


def _anything() -> Tests:
    """Whatever can be written as JSON."""
    tests: Tests = {str: True, bool: True, type(None): True, int: True, float: math.isfinite}
    tests[dict] = _mapping({}, tests, frozenset(), 0)
    tests[list] = _sequence(tests, 0, math.inf)
    return tests


def _mapping(fields: Mapping[str, Tests], other: Tests, required: frozenset[str], least: int) -> Test:
    find = fields.get

    def conforms(value: dict[Any, Any]) -> bool:
        for name, each in value.items():
            test = find(name, other).get(type(each))
            if test is not True and (test is None or not test(each)):
                return False
        return len(value) >= least and (not required or required <= value.keys())

    return conforms


def _sequence(items: Tests, least: int, most: float) -> Test:
    find = items.get

    def conforms(value: list[Any]) -> bool:
        for each in value:
            test = find(type(each))
            if test is not True and (test is None or not test(each)):
                return False
        return least <= len(value) <= most

    return conforms


def _number(schema: Mapping[str, Any], name: str, kind: type) -> Iterator[Test]:
    """Bounds. Also a number without any has to be one that a double can hold."""
    low: float = schema.get("minimum", -_LARGEST)
    high: float = schema.get("maximum", _LARGEST)
    yield lambda value: low <= value <= high
    if name == "integer" and kind is float:
        yield float.is_integer


def _text(schema: Mapping[str, Any]) -> Iterator[Test]:
    if "minLength" in schema:
        least: int = schema["minLength"]
        yield lambda value: len(value) >= least
    if "pattern" in schema:
        find = re.compile(schema["pattern"]).search
        yield lambda value: find(value) is not None
    if "format" in schema:
        yield FORMATS[schema["format"]]
