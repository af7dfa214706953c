"""The forms that text may have to have, as predicates that JSON Schema's ``format`` is checked with.

Values that are no text are not their business and pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from smp_check.spec.codec import parse_time
from smp_check.units import parse_duration, parse_share

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,20}", re.ASCII)
_REAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def _passes(parse: Callable[[str], Any]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        if not isinstance(value, str):
            return True
        try:
            parse(value)
        except (ValueError, OverflowError):
            return False
        return True

    return check


def _time(text: str) -> None:
    """RFC 3339 as protobuf's JSON takes it: a T between, seconds, Z or an offset, at most nine decimals."""
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    parse_time(text)


def _whole(bits: int) -> Callable[[str], None]:
    def check(text: str) -> None:
        if not _WHOLE.fullmatch(text) or not 0 <= int(text) < 2 ** (bits - 1):
            raise ValueError(text)

    return check


def _real(text: str) -> None:
    if not _REAL.fullmatch(text) or not 0 <= float(text) < float("inf"):
        raise ValueError(text)


FORMATS: Mapping[str, Callable[[Any], bool]] = {
    "go-duration": _passes(parse_duration),
    "date-time": _passes(_time),
    "int32": _passes(_whole(32)),
    "int64": _passes(_whole(64)),
    "double": _passes(_real),
    "share": _passes(parse_share),
}
"""Format -> whether a value has it."""
