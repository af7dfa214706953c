"""How the tables of messages are written."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field


class Type(str, enum.Enum):
    """Protobuf types that SMP uses."""

    STRING = "string"
    BOOL = "bool"
    INT32 = "int32"
    INT64 = "int64"
    DOUBLE = "double"
    MAP = "map"
    """String to string."""
    TIMESTAMP = "timestamp"
    MESSAGE = "message"
    ENUM = "enum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """A protobuf enumeration; number 0 means that nothing was said."""

    name: str
    """With the messages around it: ``PerformanceTestConfig.Client.Protocol``."""
    values: tuple[str, ...]
    """Names in the order of their numbers, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a message."""

    name: str
    number: int
    type: Type
    description: str
    """Meaning and unit, in a sentence."""
    of: str = ""
    """The message or enumeration that a field of such a type holds."""
    repeated: bool = False
    format: str = ""
    """``go-duration``, ``url``... for text that has a form."""

    @property
    def camel(self) -> str:
        """The name in protobuf's JSON spelling."""
        return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One protobuf message."""

    name: str
    """With the messages around it: ``PerformanceTestConfig.Client``."""
    description: str
    fields: tuple[Field, ...]
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    """Fields by either spelling."""

    def __post_init__(self) -> None:
        both = {each.camel: each for each in self.fields} | {each.name: each for each in self.fields}
        object.__setattr__(self, "by_name", both)


def text(name: str, number: int, description: str, format: str = "") -> Field:  # noqa: A002 - JSON Schema's word
    """A field of text."""
    return Field(name=name, number=number, type=Type.STRING, description=description, format=format)


def labels(number: int, name: str = "labels", description: str = "Free names and values for people.") -> Field:
    """A map from text to text."""
    return Field(name=name, number=number, type=Type.MAP, description=description)


def count(name: str, number: int, description: str) -> Field:
    """A whole number of 32 bits."""
    return Field(name=name, number=number, type=Type.INT32, description=description)


def large(name: str, number: int, description: str) -> Field:
    """A whole number of 64 bits."""
    return Field(name=name, number=number, type=Type.INT64, description=description)


def real(name: str, number: int, description: str) -> Field:
    """A floating-point number."""
    return Field(name=name, number=number, type=Type.DOUBLE, description=description)


def flag(name: str, number: int, description: str) -> Field:
    """Yes or no."""
    return Field(name=name, number=number, type=Type.BOOL, description=description)


def part(name: str, number: int, of: str, description: str, *, repeated: bool = False) -> Field:
    """A message within the message, once or any number of times."""
    return Field(name=name, number=number, type=Type.MESSAGE, of=of, description=description, repeated=repeated)


def choice(name: str, number: int, of: str, description: str) -> Field:
    """A value of an enumeration."""
    return Field(name=name, number=number, type=Type.ENUM, of=of, description=description)


VERSION = text("smp_version", 1, "Version of the SMP format; this is v0.0.1.")
IDENTITY = text("id", 2, "Identifier of this document, usually a UUID; other documents refer to it.")
