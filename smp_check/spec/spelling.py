"""The spellings of SMP: snake_case or protobuf-JSON camelCase, enums by name or number, numbers as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smp_check.spec.kinds import MESSAGE_OF, PARTS, Kind
from smp_check.spec.messages import ENUMERATIONS, MESSAGES, Field, Message, Type

NOTHING = object()
"""Stands for a value that its field cannot hold."""


def canonical(value: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """A message in snake_case, with enum names and plain numbers; nulls, unknown fields and unfit values left out.

    What is left out is a finding elsewhere: this is for readers that need to trust the types.
    """
    known: dict[str, Any] = {}
    for key, given in value.items():
        field = message.by_name.get(key)
        if field is None or given is None:
            continue
        fit = _many(given, field) if field.repeated else _one(given, field)
        if fit is not NOTHING:
            known.setdefault(field.name, fit)
    return known


def canonical_document(value: Any, kind: Kind) -> Any:
    """The SMP messages of a document in canonical spelling; everything else as it is."""
    if not isinstance(value, Mapping):
        return value
    if kind in MESSAGE_OF:
        return canonical(value, MESSAGE_OF[kind])
    if kind not in (Kind.RUN, Kind.CONFIGURATION):
        return value
    made = {
        key: canonical(part, MESSAGE_OF[PARTS[key]]) if key in PARTS and isinstance(part, Mapping) else part
        for key, part in value.items()
    }
    if kind is Kind.CONFIGURATION and isinstance(value.get("mesh"), Mapping):
        made["mesh"] |= canonical(value["mesh"], MESSAGE_OF[Kind.SERVICE_MESH])  # either of the two may stand there
    return made


def _many(given: Any, field: Field) -> Any:
    if not isinstance(given, list):
        return NOTHING
    return [fit for each in given if (fit := _one(each, field)) is not NOTHING]


def _one(given: Any, field: Field) -> Any:
    if field.type is Type.MESSAGE:
        return canonical(given, MESSAGES[field.of]) if isinstance(given, Mapping) else NOTHING
    if field.type is Type.ENUM:
        return _name(given, ENUMERATIONS[field.of].values)
    if field.type is Type.MAP:
        fits = isinstance(given, Mapping) and all(isinstance(each, str) for each in given.values())
        return dict(given) if fits else NOTHING
    if field.type is Type.BOOL:
        return given if isinstance(given, bool) else NOTHING
    if field.type in (Type.STRING, Type.TIMESTAMP):
        return given if isinstance(given, str) else NOTHING
    return number(given, whole=field.type is not Type.DOUBLE)


def _name(given: Any, names: tuple[str, ...]) -> Any:
    if isinstance(given, str):
        return given if given in names else NOTHING
    index = number(given, whole=True)
    return names[index] if index is not NOTHING and 0 <= index < len(names) else NOTHING


def number(given: Any, *, whole: bool) -> Any:
    """A number from a number or its text; ``NOTHING`` if it is none, or not finite, or not whole."""
    if isinstance(given, str):
        try:
            given = int(given) if given.lstrip("-").isdecimal() and len(given) < 30 else float(given)
        except ValueError:
            return NOTHING
    if isinstance(given, bool) or not isinstance(given, (int, float)) or given != given or abs(given) == float("inf"):
        return NOTHING
    if whole and given != int(given):
        return NOTHING
    if whole:
        return int(given)
    return float(given) if abs(given) >= 2**53 else given  # a double holds no larger whole number exactly


def as_spelled(value: Any, pointer: str) -> str:
    """The pointer in a document's own spelling, from the pointer in canonical spelling."""
    tokens = []
    for token in pointer.split("/")[1:]:
        spelled = token
        if isinstance(value, Mapping) and token not in value and "_" in token:
            camel = Field(name=token, number=0, type=Type.STRING, description="").camel
            spelled = camel if camel in value else token
        tokens.append(spelled)
        value = _child(value, spelled)
    return "".join(f"/{token}" for token in tokens)


def _child(value: Any, token: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(token.replace("~1", "/").replace("~0", "~"))
    if isinstance(value, list) and token.isdecimal() and int(token) < len(value):
        return value[int(token)]
    return None


def spelled_twice(value: Mapping[str, Any], kind: Kind) -> list[tuple[str, str]]:
    """(pointer, name) of every field that stands in a document in both of its spellings."""
    found: list[tuple[str, str]] = []
    if kind in MESSAGE_OF:
        _twice(value, MESSAGE_OF[kind], "", found)
        return found
    for key, part in value.items():
        if key in PARTS and kind in (Kind.RUN, Kind.CONFIGURATION) and isinstance(part, Mapping):
            _twice(part, MESSAGE_OF[PARTS[key]], f"/{key}", found)
    return found


def _twice(value: Mapping[str, Any], message: Message, at: str, found: list[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for key, given in value.items():
        field = message.by_name.get(key)
        if field is None:
            continue
        if field.name in seen:
            found.append((f"{at}/{key}", field.name))
        seen.add(field.name)
        if field.type is Type.MESSAGE:
            several = given if isinstance(given, list) else [given]
            for index, each in enumerate(several):
                if isinstance(each, Mapping):
                    where = f"{at}/{key}/{index}" if isinstance(given, list) else f"{at}/{key}"
                    _twice(each, MESSAGES[field.of], where, found)
