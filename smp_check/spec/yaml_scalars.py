"""What a scalar of YAML means by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema)."""

from __future__ import annotations

import re
from typing import Any

from smp_check.spec.reading import MAX_DIGITS

CORE = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS_START = frozenset("0123456789+-.")
_TAGGED: dict[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),)}


def scalar_value(text: str, tag: str | None, *, plain: bool) -> Any:
    """The value of one scalar; ``plain`` when it stands without quotes.

    Raises ``ValueError`` whose text says what is wrong, then after a semicolon what to do.
    """
    if tag is not None and tag != "!":
        return _tagged(text, tag)
    if tag == "!" or not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMBERS_START else text


def _number(text: str) -> Any:
    if _INT.fullmatch(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a number of {len(text):,} digits")
        return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL.fullmatch(text)
    if special is None:
        return text
    return float("nan") if special[3] else float(f"{special[1]}inf")


def _tagged(text: str, tag: str) -> Any:
    kind = tag.removeprefix(CORE)
    if kind == "str":
        return text
    if kind not in _TAGGED:
        raise ValueError(f"the tag {shown_tag(tag)} has no meaning here; remove the tag")
    value = _WORDS.get(text, _number(text) if text else None)
    if not isinstance(value, _TAGGED[kind]) or (kind == "bool") is not isinstance(value, bool):
        raise ValueError(f"{_shown(text)} is no {kind}")
    return float(value) if kind == "float" and isinstance(value, int) else value


def shown_tag(tag: str) -> str:
    """A tag as people write it."""
    return "!!" + tag.removeprefix(CORE) if tag.startswith(CORE) else _shown(tag)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
