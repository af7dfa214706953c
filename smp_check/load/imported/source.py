"""What every reader of a foreign file gets and gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from smp_check.load.adapters.reading import Reading


class Content:
    """A file, as text and, where it is JSON, as values."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.text = data.decode("utf-8", "replace").lstrip("\ufeff")

    @cached_property
    def values(self) -> Sequence[Any]:
        """The JSON values of the file: one, those of its list, or one a line; none if it is no JSON."""
        whole = _parsed(self.text)
        if whole is not _NONE:
            return whole if isinstance(whole, list) else [whole]
        lines = [line for line in self.text.splitlines() if line.strip()]
        if not lines or not lines[0].lstrip().startswith(("{", "[")):
            return []
        parsed = [_parsed(line) for line in lines]
        return [] if any(value is _NONE for value in parsed) else parsed


_NONE: Any = object()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One result of a foreign file."""

    reading: Reading
    name: str | None = None
    """What the source calls the test."""
    mesh: Mapping[str, Any] = field(default_factory=dict)
    """SMP's ``ServiceMeshConfig``, as far as the source tells."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """SMP's ``EnvironmentConfig``, as far as the source tells."""
    labels: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Other numbers, by the source's own names."""
    commit: str | None = None
    branch: str | None = None
    start: datetime | None = None
    """Where the reading has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One format that can be imported."""

    name: str
    """What ``--from`` calls it."""
    described: str
    recognises: Callable[[Content], bool]
    read: Callable[[Content], Sequence[Imported]]
    """Raises ``SourceError``."""
