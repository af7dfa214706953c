"""JSON Schemas (draft 2020-12), shipped as package data."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The names of all schemas."""
    return tuple(sorted(each.name.removesuffix(".json") for each in files(__name__).iterdir() if _is_schema(each.name)))


def _is_schema(name: str) -> bool:
    return name.endswith(".json")


def text(name: str) -> str:
    """One schema, as it is published. Raises ``KeyError`` for a name that is none of ``names()``."""
    if name not in names():
        raise KeyError(name)
    return files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")


@cache
def load(name: str) -> dict[str, Any]:
    """One schema, parsed; not to be changed by its readers."""
    loaded: dict[str, Any] = json.loads(text(name))
    return loaded
