"""The compiled schemas and jsonschema give the same answer, whatever they are asked."""

from __future__ import annotations

import json
import random

import pytest

from benchmarks.fuzz_conformance import restructured, seeds
from smp_check.spec import acceptance
from smp_check.spec.acceptance import Answer, Judge, compiled, narrowed
from smp_check.spec.conformance import check_value
from smp_check.spec.conversion import Spelling, convert
from smp_check.spec.kinds import SCHEMAS, Kind, kind_of
from smp_check.spec.spelling import canonical_document, spelled_twice


def warm(kind: Kind) -> Judge:
    judge = Judge(SCHEMAS[kind])
    judge.asked = acceptance.COMPILED_AFTER
    return judge


JUDGES = {kind: warm(kind) for kind in SCHEMAS}


@pytest.mark.parametrize("seed", range(4))
def test_quick_and_thorough_agree(seed: int) -> None:
    dice = random.Random(seed)
    known = [value for value in seeds() if kind_of(value) in SCHEMAS]
    answers = dict.fromkeys(Answer, 0)
    for _ in range(250):
        value = dice.choice(known)
        kind = kind_of(value)
        if dice.random() < 0.5:
            spelling = Spelling(camel=dice.random() < 0.5, enum_numbers=dice.random() < 0.5)
            value, _, _ = convert(value, kind, spelling)
        if dice.random() < 0.7:
            value = restructured(dice, value)
        answer = JUDGES[kind].look(value)
        errors = list(JUDGES[kind].errors(value))
        answers[answer] += 1
        if answer is not Answer.UNCLEAR:
            assert errors == [], value
        if answer is Answer.CANONICAL and "NaN" not in json.dumps(value):
            assert canonical_document(value, kind) == value
            assert spelled_twice(value, kind) == []
        if answer is Answer.UNCLEAR and not errors:
            found = [finding.id for finding in check_value(value, kind)]
            assert "SMP105" in found, f"only what is not finite may be unclear and without errors: {value}"
    assert all(answers.values()), answers


@pytest.mark.parametrize("kind", [Kind.RUN, Kind.CONFIGURATION, Kind.RESULT], ids=lambda kind: kind.value)
def test_findings_do_not_depend_on_how_many_were_asked_before(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(7)
    start = next(value for value in seeds() if kind_of(value) is kind)
    values = [start, *(restructured(dice, start) for _ in range(150))]
    acceptance.judge.cache_clear()
    monkeypatch.setattr(acceptance, "COMPILED_AFTER", 10**9)
    thorough = [check_value(value, kind) for value in values]
    acceptance.judge.cache_clear()
    monkeypatch.setattr(acceptance, "COMPILED_AFTER", 0)
    assert [check_value(value, kind) for value in values] == thorough
    acceptance.judge.cache_clear()


@pytest.mark.parametrize("name", sorted(SCHEMAS.values()))
def test_every_schema_compiles_in_both_forms(name: str) -> None:
    schema = Judge(name).schema
    for form in (schema, narrowed(schema)):
        accepts = compiled(form)
        assert not accepts([])
        assert not accepts(None)
