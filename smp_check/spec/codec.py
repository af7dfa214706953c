"""Dataclasses to plain JSON values and back; the one place that knows how times and enums are spelled.

Every payload between two stages goes through here, so each stage can run alone from a file.
"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cattrs import Converter

T = TypeVar("T")


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as protobuf JSON writes a Timestamp."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@lru_cache(maxsize=4096)
def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time (any offset, any number of decimals) into an aware UTC datetime.

    Raises ``ValueError`` when the text is no RFC 3339 time.
    """
    head, dot, rest = text.replace("z", "Z").replace("Z", "+00:00").partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        head = f"{head}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"
    moment = datetime.fromisoformat(head)
    if moment.tzinfo is timezone.utc:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write UTC times, for example 2026-01-31T12:00:00Z")
    return moment.astimezone(timezone.utc)


@lru_cache(maxsize=1)
def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter(omit_if_default=True, forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
    converter.register_unstructure_hook(datetime, format_time)
    converter.register_structure_hook(datetime, lambda text, _: parse_time(text))
    return converter


def to_json(value: Any) -> Any:
    """A dataclass as plain dicts, lists, strings and numbers; fields at their default are left out."""
    return _converter().unstructure(value)


def from_json(kind: type[T], data: Mapping[str, Any]) -> T:
    """Build a dataclass from plain JSON values that its schema has already accepted."""
    return _converter().structure(data, kind)
