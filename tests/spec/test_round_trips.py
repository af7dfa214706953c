"""Any document survives writing and reading, in every syntax and spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.spec.conformance import check_value, conformant
from smp_check.spec.conversion import Spelling, convert
from smp_check.spec.kinds import MESSAGE_OF, Kind
from smp_check.spec.messages import MESSAGES, Message, Type
from smp_check.spec.reading import read_documents
from smp_check.spec.spelling import canonical
from smp_check.spec.wire import decode, encode
from smp_check.spec.yaml_writing import to_yaml
from tests.spec.strategies import TEXT, any_message, sensible

PARTS: dict[Kind, Message] = {kind: message for kind, message in MESSAGE_OF.items() if kind is not Kind.SERVICE_MESH}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def messages() -> st.SearchStrategy[tuple[Kind, dict[str, Any]]]:
    return st.sampled_from(list(MESSAGE_OF)).flatmap(
        lambda kind: st.tuples(st.just(kind), any_message(MESSAGE_OF[kind]))
    )


def without_defaults(value: dict[str, Any], message: Message) -> dict[str, Any]:
    """What proto3's binary form keeps: a default says as much as an absent field. Decimals of times, too."""
    kept: dict[str, Any] = {}
    for name, given_ in value.items():
        field = message.by_name[name]
        if field.type is Type.MESSAGE:
            inner = MESSAGES[field.of]
            kept[name] = (
                [without_defaults(each, inner) for each in given_]
                if field.repeated
                else without_defaults(given_, inner)
            )
        elif field.type is Type.TIMESTAMP:
            head, dot, digits = given_[:-1].partition(".")
            kept[name] = head + (dot + digits).rstrip("0").rstrip(".") + "Z"
        elif field.type is Type.ENUM and given_ in ("PROTOCOL_INVALID", "INVALID_MESH"):
            continue
        else:
            kept[name] = given_
    parts = {field.name for field in message.fields if field.type is Type.MESSAGE and not field.repeated}
    return {name: each for name, each in kept.items() if each or name in parts}


@given(st.lists(ANY_JSON.filter(lambda value: isinstance(value, dict)), min_size=1, max_size=3))
def test_yaml_reads_back_what_was_written(values: list[Any]) -> None:
    text = to_yaml(values)
    assert [document.value for document in read_documents(text.encode(), "x.yaml")] == values


@given(st.lists(ANY_JSON.filter(lambda value: isinstance(value, (dict, list))), min_size=1, max_size=3), st.booleans())
def test_json_reads_back_what_was_written(values: list[Any], lines: bool) -> None:
    joined = "\n".join(json.dumps(value, ensure_ascii=lines, indent=None if lines else 1) for value in values)
    assert [document.value for document in read_documents(joined.encode(), "x.json")] == values


@given(messages())
def test_every_spelling_leads_back(given_: tuple[Kind, dict[str, Any]]) -> None:
    kind, value = given_
    for spelling in (Spelling(camel=True), Spelling(enum_numbers=True), Spelling(camel=True, enum_numbers=True)):
        there, kind_there, log = convert(value, kind, spelling)
        assert not log.kept
        assert kind_there is kind
        back, _, _ = convert(there, kind, Spelling())
        assert back == value
        assert canonical(there, MESSAGE_OF[kind]) == value


@given(messages())
def test_binary_leads_back(given_: tuple[Kind, dict[str, Any]]) -> None:
    kind, value = given_
    message = MESSAGE_OF[kind]
    decoded, unknown = decode(encode(value, message), message)
    assert not unknown
    assert decoded == without_defaults(value, message)


@pytest.mark.parametrize("kind", list(PARTS), ids=lambda kind: kind.value)
@given(data=st.data())
@settings(max_examples=30)
def test_sensible_documents_conform_in_every_spelling(kind: Kind, data: st.DataObject) -> None:
    value = data.draw(sensible(PARTS[kind].name))
    assert check_value(value, kind) == []
    for spelling in (Spelling(camel=True), Spelling(enum_numbers=True)):
        there, _, _ = convert(value, kind, spelling)
        assert conformant(check_value(there, kind))
        assert check_value(there, kind) == []


@given(st.binary(max_size=60), st.sampled_from(list(MESSAGE_OF)))
def test_any_bytes_are_decoded_or_refused(data: bytes, kind: Kind) -> None:
    """Never anything but a value or a ValueError."""
    try:
        value, _ = decode(data, MESSAGE_OF[kind])
    except ValueError:
        return
    assert isinstance(value, dict)


@given(messages(), st.text("abcxyz_", min_size=3, max_size=8).map(lambda text: f"x_{text}"), ANY_JSON)
def test_what_has_no_field_is_kept_and_named(given_: tuple[Kind, dict[str, Any]], name: str, extra: Any) -> None:
    kind, value = given_
    if "labels" not in MESSAGE_OF[kind].by_name or name in value.get("labels", {}):
        return
    made, _, log = convert(value | {name: extra}, kind, Spelling())
    assert made["labels"][name] == (extra if isinstance(extra, str) else json.dumps(extra, ensure_ascii=False))
    assert any(name in note for note in log.notes)
    assert {key: each for key, each in made.items() if key != "labels"} == {
        key: each for key, each in value.items() if key != "labels"
    }
    assert value.get("labels", {}).items() <= made["labels"].items()
