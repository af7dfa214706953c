"""Times as people and older tools write them, to RFC 3339 in UTC."""

from __future__ import annotations

import re

from smp_check.spec.codec import parse_time

_LOOSE = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(\.\d+)? ?([Zz]|UTC|[+-]\d\d:?\d\d)?(?: UTC)?", re.ASCII
)


def mended_time(text: str) -> tuple[str, str]:
    """The time as RFC 3339 in UTC, and what had to be done, in words; a text that is no time comes back as it is.

    Decimals are kept as they are, whatever their number.
    """
    match = _LOOSE.fullmatch(text.strip())
    if match is None:
        return text, ""
    day, clock, fraction, zone = match[1], match[2], match[3] or "", match[4] or ""
    clock = clock if clock.count(":") == 2 else f"{clock}:00"
    offset = "+00:00" if zone in ("", "Z", "z", "UTC") else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    try:
        moment = parse_time(f"{day}T{clock}{offset}")
    except (ValueError, OverflowError):
        return text, ""
    made = f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f"{fraction[:10]}Z"
    if made == text or (zone == "Z" and made[:-1] == text[: len(made) - 1]):
        return made, ""
    if not zone:
        return made, "had no time zone, and was taken as UTC"
    return made, "written in UTC"
