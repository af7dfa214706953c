"""Documents out of the table of messages: for hypothesis, in canonical spelling."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from smp_check.spec.messages import ENUMERATIONS, MESSAGES, Field, Message, Type

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=10)
START = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
TIME = st.builds(
    lambda seconds, digits: (
        f"{START + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}" + (f".{digits}" if digits else "") + "Z"
    ),
    st.integers(-(10**9), 10**9),
    st.sampled_from(["", "5", "123", "123456", "123456789", "000000001"]),
)
DURATION = st.sampled_from(["30s", "1m30s", "500ms", "1h2m3.5s", "2.5s", "90us"])
REAL = st.floats(min_value=0, max_value=1e300, allow_nan=False, width=64)


def any_message(message: Message) -> st.SearchStrategy[dict[str, Any]]:
    """Whatever a message can hold; it need not make sense."""
    return st.fixed_dictionaries({}, optional={field.name: _field(field) for field in message.fields})


def _field(field: Field) -> st.SearchStrategy[Any]:
    one = _value(field)
    return st.lists(one, max_size=3) if field.repeated else one


def _value(field: Field) -> st.SearchStrategy[Any]:
    if field.type is Type.MESSAGE:
        return any_message(MESSAGES[field.of])
    if field.type is Type.ENUM:
        return st.sampled_from(ENUMERATIONS[field.of].values)
    if field.format == "go-duration":
        return DURATION
    return {
        Type.STRING: TEXT,
        Type.BOOL: st.booleans(),
        Type.INT32: st.integers(0, 2**31 - 1),
        Type.INT64: st.integers(0, 2**63 - 1),
        Type.DOUBLE: REAL,
        Type.MAP: st.dictionaries(TEXT, TEXT, max_size=3),
        Type.TIMESTAMP: TIME,
    }[field.type]


@st.composite
def sensible(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A document of one of the five parts without any fault, every field of it given."""
    value = _filled(draw, MESSAGES[name])
    value["smp_version"] = "v0.0.1"
    if name == "PerformanceTestResult":
        value |= {"start_time": "2026-01-31T12:00:00Z", "end_time": "2026-01-31T12:00:30.5Z", "actual_qps": 100.5}
    return value


def _filled(draw: st.DrawFn, message: Message) -> dict[str, Any]:
    if message.name == "PerformanceTestResult.Latency":
        rising = sorted(draw(st.lists(st.integers(1, 10**6), min_size=6, max_size=6, unique=True)))
        names = ("min", "p50", "average", "p90", "p99", "max")
        return {name: number / 8 for name, number in zip(names, rising, strict=True)}
    return {field.name: _sensible_field(draw, field) for field in message.fields}


def _sensible_field(draw: st.DrawFn, field: Field) -> Any:
    if field.repeated:
        return [_sensible_value(draw, field) for _ in range(draw(st.integers(1, 2)))]
    return _sensible_value(draw, field)


def _sensible_value(draw: st.DrawFn, field: Field) -> Any:
    if field.type is Type.MESSAGE:
        return _filled(draw, MESSAGES[field.of])
    if field.type is Type.ENUM:
        return draw(st.sampled_from(ENUMERATIONS[field.of].values[1:2]))
    if field.format == "url":
        return f"http://{draw(PLAIN).strip('-') or 'a'}:8080/{draw(PLAIN)}"
    if field.name == "load_generator":
        return "fortio"
    if field.type is Type.STRING and not field.format:
        return draw(PLAIN)
    if field.type is Type.MAP:
        return draw(st.dictionaries(PLAIN.map(lambda text: f"x{text}"), PLAIN, min_size=1, max_size=2))
    return draw(_value(field))
