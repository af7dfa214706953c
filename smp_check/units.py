"""Durations, percentages, latencies, rates and sizes: parsed and formatted here and nowhere else.

Inside smp-check a duration or latency is a ``float`` in **seconds**, a rate is in **1/s**, a share is a
**fraction** (0.05 is 5 %). Text is made at the edges, by the functions below.
"""

from __future__ import annotations

import math
import re

_GO_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,  # U+00B5, micro sign
    "μs": 1e-6,  # U+03BC, Greek mu
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_GO_TERM = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_LONGEST = 2**63 / 1e9
_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?|[+-]?\.\d+)\s*%")


def parse_duration(text: str) -> float:
    """Read a Go duration (``30s``, ``1m30s``, ``1h2m3.5s``, ``500ms``, ``0``) into seconds.

    The syntax is that of Go's ``time.ParseDuration``: an optional sign, then decimal numbers each with a
    unit. Raises ``ValueError`` with a message for the user.
    """
    if len(text) > 100:
        raise ValueError(f"{text[:20]!r}... is far too long for a duration; write for example 30s")
    body = text[1:] if text[:1] in {"+", "-"} else text
    if body == "0":
        return 0.0
    total = 0.0
    position = 0
    while match := _GO_TERM.match(body, position):
        total += float(match[1]) * _GO_UNITS[match[2]]
        position = match.end()
    if not body or position != len(body):
        raise ValueError(_duration_fault(text, body))
    if total >= _LONGEST:
        raise ValueError("longer than 292 years, which Go cannot count in nanoseconds; write a shorter one")
    return -total if text.startswith("-") else total


def _duration_fault(text: str, body: str) -> str:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", body):
        return f"duration {text!r} has no unit; write {body}s for seconds or {body}m for minutes"
    return f"{text!r} is no Go duration; write for example 30s, 1m30s or 500ms"


def format_duration(seconds: float) -> str:
    """Write seconds as the shortest Go duration that reads well: ``1m30s``, ``2s``, ``1.5s``, ``250ms``."""
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if seconds == 0:
        return "0s"
    if seconds < 1:
        scale, unit = next(((s, u) for s, u in ((1e3, "ms"), (1e6, "us")) if seconds * s >= 1), (1e9, "ns"))
        return f"{_trim(seconds * scale)}{unit}"
    hours, rest = divmod(seconds, 3600)
    minutes, secs = divmod(rest, 60)
    parts = [f"{int(hours)}h" if hours else "", f"{int(minutes)}m" if minutes else ""]
    parts.append(f"{_trim(secs)}s" if secs else "")
    return "".join(parts)


def _trim(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")


def parse_share(value: str | float) -> float:
    """Read ``"10%"`` or ``0.1`` into the fraction 0.1; raises ``ValueError`` for anything else."""
    if isinstance(value, str):
        if len(value) > 100:
            raise ValueError(f"{value[:20]!r}... is far too long for a percentage; write for example 10%")
        match = _PERCENT.fullmatch(value.strip())
        if match:
            return float(match[1]) / 100
        raise ValueError(f"{value!r} is no percentage; write for example 10%")
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no percentage; write for example 10%")
    return float(value)


def format_share(fraction: float, *, signed: bool = False, digits: int = 1) -> str:
    """Write a fraction as a percentage with a narrow look: ``+12.3 %``, ``0.4 %``."""
    number = fraction * 100
    if not math.isfinite(number):
        return "∞ %" if number > 0 else "-∞ %" if number < 0 else "–"
    if abs(number) >= 1000:
        digits = 0
    text = f"{number:+.{digits}f}" if signed else f"{number:.{digits}f}"
    return f"{text} %".replace("-", "−")


def format_latency(seconds: float) -> str:
    """Write a latency with three significant digits and the unit that fits: ``812 µs``, ``12.3 ms``, ``1.20 s``."""
    for scale, unit in ((1e6, "µs"), (1e3, "ms")):
        if abs(seconds) * scale < 999.5:
            return f"{_significant(seconds * scale)} {unit}"
    return f"{_significant(seconds)} s"


def _significant(number: float, digits: int = 3) -> str:
    if number == 0 or not math.isfinite(number):
        return f"{number:g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    return f"{number:.{decimals}f}"


def to_milliseconds(seconds: float) -> float:
    """Seconds to the milliseconds of SMP's ``latencies_ms``; nanosecond rounding hides no information."""
    return round(seconds * 1e3, 6)


def format_rate(per_second: float) -> str:
    """Write a rate: ``1,234/s``, ``99.8/s``, ``0.50/s``."""
    if abs(per_second) >= 1000:
        return f"{per_second:,.0f}/s"
    return f"{_significant(per_second)}/s"


def format_count(count: float) -> str:
    """Write a count with thousands separators."""
    return f"{count:,.0f}"


def format_size(size: float) -> str:
    """Write a size in bytes with decimal prefixes: ``12 B``, ``1.20 kB``, ``3.45 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(size) < 999.5 or unit == "GB":
            return f"{size:.0f} B" if unit == "B" else f"{_significant(size)} {unit}"
        size /= 1000
    raise AssertionError("unreachable")
