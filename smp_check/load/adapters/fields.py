"""Reading other tools' JSON: every field may be missing, of another type, or a number written as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from smp_check.errors import InputError
from smp_check.spec.codec import parse_time

LARGEST = 1e20
DEEPEST = 200


class SourceError(InputError):
    """A generator's output that cannot be read, or must not be believed."""


def load_json(text: str | bytes) -> Any:
    """Parse JSON, raising ``SourceError`` for anything that a parser may stumble over."""
    try:
        return json.loads(text)
    except RecursionError as fault:
        raise SourceError("no JSON that can be read: nested too deeply") from fault
    except ValueError as fault:
        raise SourceError(f"no JSON: {str(fault)[:200]}") from fault


class Fields:
    """A JSON object whose values are asked for by type; what is missing or of another type is ``None``."""

    def __init__(self, value: Any) -> None:
        self._value: Mapping[str, Any] = value if isinstance(value, Mapping) else {}

    def __bool__(self) -> bool:
        return bool(self._value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def raw(self, name: str) -> Any:
        """The value as it is."""
        return self._value.get(name)

    def text(self, name: str) -> str | None:
        """Text that is not empty."""
        value = self._value.get(name)
        return value if isinstance(value, str) and value else None

    def number(self, name: str) -> float | None:
        """A finite number that is not negative, also if it is written as text."""
        number = number_of(self._value.get(name))
        return None if number is None or number < 0 else number

    def integer(self, name: str) -> int | None:
        """A whole number that is not negative, also if it is written as text."""
        value = self.number(name)
        return None if value is None else round(value)

    def time(self, name: str) -> datetime | None:
        """An RFC 3339 time, in UTC."""
        try:
            return parse_time(self.text(name) or "")
        except (ValueError, OverflowError):
            return None

    def inner(self, *names: str) -> Fields:
        """The object at a path of names; an empty one if there is none."""
        value: Any = self._value
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        return Fields(value)

    def inners(self, name: str) -> list[Fields]:
        """The objects of a list."""
        value = self._value.get(name)
        return [Fields(each) for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []

    def texts(self, name: str) -> list[str]:
        """The texts of a list."""
        value = self._value.get(name)
        return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []

    def counts(self, name: str) -> dict[str, int]:
        """An object of names and whole numbers that are not negative."""
        value = self._value.get(name)
        found = {str(key): number_of(each) for key, each in value.items()} if isinstance(value, Mapping) else {}
        return {key: round(each) for key, each in found.items() if each is not None and each >= 0}


def number_of(value: Any) -> float | None:
    """A finite number of a size that can be counted with, or ``None``."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) <= LARGEST else None
