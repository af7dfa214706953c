"""Where the published JSON Schemas come from: the table of SMP messages, and the dataclasses of our own documents."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import types
import typing
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from smp_check.spec.messages import ENUMERATIONS, MESSAGES, Field, Message, Type
from tests.spec.schema_descriptions import DESCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE = "https://smp-check.dev/schemas/"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
DURATION = r"^[+-]?(0|(([0-9]{1,99}(\.[0-9]{0,99})?|\.[0-9]{1,99})(ns|us|µs|μs|ms|s|m|h)){1,50})$"
NESTED = {f.of for message in MESSAGES.values() for f in message.fields if f.type is Type.MESSAGE and not f.repeated}


def short(name: str) -> str:
    return name.rpartition(".")[2]


def reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{short(name)}"}


def whole(bits: int) -> dict[str, Any]:
    """A whole number; protobuf's JSON writes 64-bit ones as text."""
    return {
        "type": ["integer", "string", "null"],
        "minimum": 0,
        "maximum": 2 ** (bits - 1) - 1,
        "pattern": "^[0-9]+$",
        "format": f"int{bits}",
    }


def one(field: Field) -> dict[str, Any]:
    """One value of a field, its description left out."""
    if field.type is Type.MESSAGE:
        return reference(field.of)
    if field.type is Type.ENUM:
        names = ENUMERATIONS[field.of].values
        return {"type": ["string", "integer", "null"], "enum": [*names, *range(len(names)), None]}
    if field.type is Type.STRING:
        given = {"format": field.format} if field.format == "go-duration" else {}
        pattern = {"pattern": DURATION} if given else {}
        return {"type": "string" if field.repeated else ["string", "null"], **given, **pattern}
    return {
        Type.BOOL: {"type": ["boolean", "null"]},
        Type.INT32: whole(32),
        Type.INT64: whole(64),
        Type.DOUBLE: {"type": ["number", "string", "null"], "minimum": 0, "format": "double"},
        Type.MAP: {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
        Type.TIMESTAMP: {"type": ["string", "null"], "format": "date-time"},
    }[field.type]


def described(field: Field) -> str:
    if field.type is not Type.ENUM:
        return field.description
    names = ENUMERATIONS[field.of].values
    return f"{field.description} One of {', '.join(names[1:])}; by name, or by its number from 1."


def property_schema(field: Field) -> dict[str, Any]:
    schema = {"type": ["array", "null"], "items": one(field)} if field.repeated else one(field)
    return {"description": described(field), **schema}


def message_properties(message: Message) -> dict[str, Any]:
    """Both spellings of every field; editors offer the first one only."""
    properties = {field.name: property_schema(field) for field in message.fields}
    for field in message.fields:
        if field.camel != field.name:
            again = {"description": f"protobuf's JSON spelling of {field.name}.", "doNotSuggest": True}
            properties[field.camel] = property_schema(field) | again
    return properties


def message_schema(message: Message) -> dict[str, Any]:
    return {
        "title": message.name,
        "description": message.description,
        "type": ["object", "null"] if message.name in NESTED else "object",
        "properties": message_properties(message),
        "additionalProperties": False,
    }


def within(message: Message) -> list[Message]:
    """The messages that a message is made of, itself left out."""
    found: dict[str, Message] = {}
    for field in message.fields:
        if field.type is Type.MESSAGE:
            part = MESSAGES[field.of]
            found[part.name] = part
            found |= {each.name: each for each in within(part)}
    return list(found.values())


def definitions(messages: Iterable[Message]) -> dict[str, Any]:
    return {short(message.name): message_schema(message) for message in messages}


def published(name: str, schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    head = {"$schema": DRAFT, "$id": f"{BASE}{name}.json"}
    return head | schema | ({"$defs": defs} if defs else {})


def of_message(name: str, message: Message) -> dict[str, Any]:
    """The schema of one message by itself, everything it needs included."""
    schema = message_schema(message) | {"type": "object"}
    return published(name, schema, definitions(within(message)))


# --- our own documents, from their dataclasses


@cache
def docstrings(kind: type) -> dict[str, str]:
    """Field -> the docstring under it, as one line."""
    tree = ast.parse(inspect.cleandoc(inspect.getsource(kind)))
    body = tree.body[0].body  # type: ignore[attr-defined]
    found = {}
    for node, after in pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            if text:
                found[node.target.id] = " ".join(str(text).split()).replace("``", "`")
    return found


def field_description(kind: type, field: dataclasses.Field[Any]) -> str:
    """The docstring under the field, else the line kept for it beside this module."""
    text = docstrings(kind).get(field.name) or DESCRIPTIONS.get(f"{kind.__name__}.{field.name}")
    if not text:
        raise LookupError(f"describe {kind.__name__}.{field.name}: a docstring under the field, with its unit")
    return text


RENAMED = {"Latency": "LatencyDistribution"}
"""Dataclasses whose name SMP has given to a message of its own; both stand in the run document's ``$defs``."""


class Dataclasses:
    """Dataclasses to schemas, each in ``$defs`` once."""

    def __init__(self) -> None:
        self.defs: dict[str, Any] = {}

    def reference(self, kind: type) -> dict[str, Any]:
        name = RENAMED.get(kind.__name__, kind.__name__)
        if name not in self.defs:
            self.defs[name] = {}
            self.defs[name] = self.object(kind)
        return {"$ref": f"#/$defs/{name}"}

    def object(self, kind: type) -> dict[str, Any]:
        hints = typing.get_type_hints(kind)
        properties = {}
        required = []
        for field in dataclasses.fields(kind):
            properties[field.name] = {"description": field_description(kind, field), **self.of(hints[field.name])}
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                required.append(field.name)
        return {
            "title": kind.__name__,
            "description": " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split()).replace("``", "`"),
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def of(self, hint: Any) -> dict[str, Any]:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self.union(arguments)
        if origin is typing.Literal:
            return {"type": "string", "enum": list(arguments)}
        if origin is tuple and arguments[-1:] == (...,):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is tuple:
            return {
                "type": "array",
                "items": self.of(arguments[0]),
                "minItems": len(arguments),
                "maxItems": len(arguments),
            }
        if origin is not None:  # a mapping from text
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        return self.plain(hint)

    def union(self, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """Only "or None" is used; a nested object that may be null is one of two."""
        (kind,) = (each for each in arguments if each is not type(None))
        schema = self.of(kind)
        if "$ref" in schema:
            return {"anyOf": [schema, {"type": "null"}]}
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        return schema

    def plain(self, hint: Any) -> dict[str, Any]:
        if hint is Any:
            return {}
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            return self.reference(hint)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return {"type": "string", "enum": [each.value for each in hint]}
        return {
            str: {"type": "string"},
            bool: {"type": "boolean"},
            int: {"type": "integer"},
            float: {"type": "number"},
            datetime: {"type": "string", "format": "date-time"},
        }[hint].copy()
