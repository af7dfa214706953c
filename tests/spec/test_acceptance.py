"""The predicates and jsonschema give the same answer, whatever they are asked."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest

from benchmarks.fuzz_conformance import restructured, seeds
from smp_check.spec.acceptance import Judge, judge, narrowed
from smp_check.spec.conformance import check_value
from smp_check.spec.conversion import Spelling, convert
from smp_check.spec.kinds import SCHEMAS, Kind, kind_of
from smp_check.spec.predicate import predicate
from smp_check.spec.spelling import canonical_document, spelled_twice


@pytest.mark.parametrize("seed", range(4))
def test_quick_and_thorough_agree(seed: int) -> None:
    dice = random.Random(seed)
    known = [value for value in seeds() if kind_of(value) in SCHEMAS]
    answers = {"canonical": 0, "conforming": 0, "refused": 0}
    for _ in range(250):
        value = dice.choice(known)
        kind = kind_of(value)
        if dice.random() < 0.5:
            spelling = Spelling(camel=dice.random() < 0.5, enum_numbers=dice.random() < 0.5)
            value, _, _ = convert(value, kind, spelling)
        if dice.random() < 0.7:
            value = restructured(dice, value)
        answers[compare(judge(SCHEMAS[kind]), value, kind)] += 1
    assert all(answers.values()), answers


def compare(asked: Judge, value: Any, kind: Kind) -> str:
    errors = list(asked.errors(value))
    if asked.conforming(value):
        assert errors == [], value
        json.dumps(value, allow_nan=False)
    elif not errors:
        found = [finding.id for finding in check_value(value, kind)]
        assert "SMP105" in found, f"only what is not finite may be refused without errors: {value}"
    if not asked.canonical(value):
        return "conforming" if asked.conforming(value) else "refused"
    assert asked.conforming(value), value
    assert canonical_document(value, kind) == value
    assert spelled_twice(value, kind) == []
    return "canonical"


@pytest.mark.parametrize("kind", [Kind.RUN, Kind.CONFIGURATION, Kind.RESULT], ids=lambda kind: kind.value)
def test_findings_do_not_depend_on_the_quick_answer(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(7)
    start = next(value for value in seeds() if kind_of(value) is kind)
    values = [start, *(restructured(dice, start) for _ in range(150))]
    quick = [check_value(value, kind) for value in values]
    monkeypatch.setattr(Judge, "canonical", lambda _self, _value: False)
    monkeypatch.setattr(Judge, "conforming", lambda _self, _value: False)
    assert [check_value(value, kind) for value in values] == quick


@pytest.mark.parametrize("name", sorted(SCHEMAS.values()))
def test_every_schema_is_a_predicate_in_both_forms(name: str) -> None:
    schema = judge(name).schema
    for form in (schema, narrowed(schema)):
        accepts = predicate(form)
        assert not accepts([])
        assert not accepts(None)


NUMBER, WHOLE = {"type": "number", "minimum": 0}, {"type": "integer", "maximum": 9}
SMALL: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({}, [None, 1, "x", [{"a": [1.5]}]], [math.nan, [{"a": [math.inf]}]]),
    (NUMBER, [0, 1.5, 1e308], [-1, True, "1", None, math.nan, math.inf, 10**400]),
    (WHOLE, [9, 9.0, -3], [10, 1.5, True, math.inf]),
    ({"type": ["integer", "number"]}, [1, 1.5], ["1", False]),
    ({"enum": ["a", 1, None]}, ["a", 1, None], [True, "1", 0, []]),
    ({"type": "string", "const": "1"}, ["1"], [1, "2"]),
    ({"type": "string", "minLength": 2, "pattern": "^a"}, ["ab"], ["a", "ba", 1]),
    ({"type": ["string", "null"], "format": "go-duration"}, ["1m30s", None], ["1", 1]),
    ({"type": "array", "items": WHOLE, "minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3], [10], {}]),
    ({"type": "object", "required": ["a"], "minProperties": 2}, [{"a": 1, "b": 2}], [{"a": 1}, {"b": 1, "c": 2}]),
    (
        {"type": "object", "properties": {"a": WHOLE}, "additionalProperties": {"type": "string"}},
        [{}, {"a": 1}, {"b": "x"}],
        [{"a": "x"}, {"b": 1}, {"b": None}],
    ),
    ({"type": "object", "properties": {}, "additionalProperties": False}, [{}], [{"a": 1}]),
    ({"anyOf": [{"$ref": "#/$defs/w"}, {"type": "null"}], "$defs": {"w": WHOLE}}, [None, 3], [10, "x"]),
    ({"anyOf": [WHOLE, {"type": "integer", "minimum": 20}]}, [3, 20], [15]),
    ({"anyOf": [WHOLE, {"type": ["integer", "boolean"]}]}, [3, 20, True], ["x"]),
]


@pytest.mark.parametrize(("schema", "right", "wrong"), SMALL, ids=lambda each: str(each)[:40])
def test_each_keyword(schema: dict[str, Any], right: list[Any], wrong: list[Any]) -> None:
    accepts = predicate(schema)
    assert [value for value in right if not accepts(value)] == []
    assert [value for value in wrong if accepts(value)] == []


@pytest.mark.parametrize("strange", [{"oneOf": []}, {"type": "object", "properties": {"a": {"not": {}}}}])
def test_a_keyword_that_is_not_known_is_no_silent_yes(strange: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no predicate knows"):
        predicate(strange)
