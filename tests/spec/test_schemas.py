"""The published schemas: valid themselves, current, complete, and in agreement with what the code writes."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from smp_check.spec import schemas
from smp_check.spec.configuration import (
    COMPONENTS,
    FAIL_ON_CHOICES,
    BaselineOptions,
    CheckOptions,
    Gate,
    Launches,
    Watched,
)
from smp_check.spec.gates import METRICS
from tests.spec.regenerate import SCHEMAS, as_text
from tests.spec.regenerate import schemas as generated

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_the_committed_schemas_are_current() -> None:
    """`python -m tests.spec.regenerate` writes them; a contract that gains a field fails here until it is run."""
    made = {name: as_text(schema) for name, schema in generated().items()}
    there = {path.stem: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}
    assert set(there) == set(made) | {"check"}
    assert [name for name in made if made[name] != there[name]] == []


@pytest.mark.parametrize("name", schemas.names())
def test_each_is_a_schema(name: str) -> None:
    schema = schemas.load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"https://smp-check.dev/schemas/{name}.json"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        for name, each in schema.get("properties", {}).items():
            yield f"{path}/{name}", each
        for key, each in schema.items():
            yield from properties(each, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, each in enumerate(schema):
            yield from properties(each, f"{path}/{index}")


@pytest.mark.parametrize("name", schemas.names())
def test_every_field_is_described(name: str) -> None:
    found = list(properties(schemas.load(name)))
    assert found
    assert [path for path, schema in found if not schema.get("description")] == []


@pytest.mark.parametrize("name", schemas.names())
def test_every_reference_leads_somewhere_and_every_definition_is_used(name: str) -> None:
    schema = schemas.load(name)
    text = json.dumps(schema)
    defs = schema.get("$defs", {})
    used = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert used == set(defs)


def fields(kind: type) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_the_check_section_has_every_option() -> None:
    check = schemas.load("check")
    defs = check["$defs"]
    assert set(check["properties"]) == fields(CheckOptions)
    assert set(check["properties"]["launches"]["properties"]) == fields(Launches)
    assert set(check["properties"]["baseline"]["properties"]) == fields(BaselineOptions)
    assert set(defs["Gate"]["properties"]) == fields(Gate) | {"max_increase"}
    assert set(defs["Watched"]["properties"]) == fields(Watched)
    assert set(defs["Watched"]["items"]["properties"]) == fields(Watched)
    assert tuple(check["properties"]["observe"]["properties"]) == COMPONENTS
    assert tuple(check["properties"]["fail_on"]["items"]["enum"]) == FAIL_ON_CHOICES
    assert set(check["properties"]["gates"]["properties"]) == set(METRICS)
