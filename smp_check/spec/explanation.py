"""From what jsonschema says to findings that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from smp_check.spec.messages import MESSAGES
from smp_check.spec.reading import escape
from smp_check.spec.rules import breach as finding
from smp_check.units import parse_duration

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

    from smp_check.spec.findings import Finding

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_FORMS = {
    "go-duration": "a Go duration such as 30s",
    "date-time": "an RFC 3339 time such as 2026-01-31T12:00:00Z",
    "int32": "a whole number",
    "int64": "a whole number",
    "double": "a number",
    "share": "a percentage such as 10%",
}
_FORM_RULES = {"go-duration": "SMP104", "date-time": "SMP109"}
_OTHER_NAMES = {
    "url": "endpoint_urls",
    "urls": "endpoint_urls",
    "endpoint": "endpoint_urls",
    "endpoint_url": "endpoint_urls",
    "qps": "rps",
    "rate": "rps",
    "threads": "connections",
    "concurrency": "connections",
    "concurrent_requests": "connections",
    "generator": "load_generator",
    "mean": "average",
    "avg": "average",
    "median": "p50",
    "start": "start_time",
    "end": "end_time",
    "latencies": "latencies_ms",
    "latency_ms": "latencies_ms",
}
_SHORT_FORMS = {"mesh": "write mesh: {{type: {0}}}", "Gate": "write {{tolerance: {0}}}"}
"""What people write who hope for a shorter form than there is."""
_UNUSED = {"cpu", "memory", "swap"}


def show(value: Any) -> str:
    """A value as a message shows it: short, and in JSON."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return "NaN" if value != value else "infinity" if value > 0 else "-infinity"
    text = json.dumps(value[:60] if isinstance(value, str) else value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1] if isinstance(value, str) else ''}"


def explain(error: ValidationError, at: str = "") -> Iterator[Finding]:
    """The findings of one validation error; ``at`` is the pointer of the value that was validated."""
    pointer = at + "".join(f"/{escape(str(part))}" for part in error.absolute_path)
    validator = str(error.validator)
    if validator == "anyOf":  # an object or null: the object is what was meant
        yield from _meant(error, at, pointer)
    elif validator == "additionalProperties":
        yield from _unknown_fields(error, pointer)
    elif validator == "required":
        name = error.message.split("'")[1]
        yield finding("SMP107", pointer, f"{name} is missing", f"add {name}")
    else:
        yield _EXPLAINERS.get(validator, _malformed)(error, pointer)


def _meant(error: ValidationError, at: str, pointer: str) -> Iterator[Finding]:
    if not isinstance(error.instance, Mapping):
        yield finding("SMP102", pointer, f"must be a mapping, not {show(error.instance)}")
        return
    for inner in error.context or ():
        if inner.schema_path[0] == 0:
            yield from explain(inner, at)


def _unknown_fields(error: ValidationError, pointer: str) -> Iterator[Finding]:
    properties: Mapping[str, Any] = error.schema["properties"]  # type: ignore[index]
    offered = [name for name, schema in properties.items() if not schema.get("doNotSuggest")]
    instance: Mapping[str, Any] = error.instance  # type: ignore[assignment]
    for name in instance:
        if name not in properties:
            what = f"{show(name)} is no field of {error.schema.get('title', 'this part')}"  # type: ignore[union-attr]
            yield finding("SMP101", f"{pointer}/{escape(name)}", what, _suggestion(name, offered))


def _suggestion(name: str, offered: list[str]) -> str:
    plain = "".join(f"_{c.lower()}" if c.isupper() else c for c in name[:80]).replace("-", "_").lstrip("_").lower()
    other = _OTHER_NAMES.get(plain)
    near = [other] if other in offered else get_close_matches(plain, offered, n=1)
    if near:
        return f"did you mean {near[0]}?"
    if plain in _UNUSED and "latencies_ms" in offered:
        return "SMP declares this message, but no field holds it; put it into labels"
    owner = next((m.name for m in MESSAGES.values() if plain in m.by_name), None)
    if owner:
        return f"{plain} is a field of {owner}"
    return f"it has {', '.join(offered[:12])}" if offered else "it has no fields"


def _wrong_type(error: ValidationError, pointer: str) -> Finding:
    schema: Mapping[str, Any] = error.schema  # type: ignore[assignment]
    value, form = error.instance, schema.get("format", "")
    if form == "go-duration" and isinstance(value, (int, float)) and not isinstance(value, bool):
        message = f"the duration {show(value)} has no unit"
        return finding("SMP104", pointer, message, f"write {show(value)}s for seconds or {show(value)}m for minutes")
    wanted = _wanted(schema)
    return finding("SMP102", pointer, f"must be {wanted}, not {show(value)}", _retyped(value, schema))


def _wanted(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {_choices(schema['enum'])}"
    if schema.get("format") in _FORMS:
        return _FORMS[schema["format"]]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(_KINDS[kind] for kind in kinds if kind != "null")


def _choices(values: list[Any]) -> str:
    names = [each for each in values if isinstance(each, str)]
    return ", ".join(names or [show(each) for each in values])


def _retyped(value: Any, schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", [])
    if isinstance(value, str) and schema.get("title") in _SHORT_FORMS:
        return _SHORT_FORMS[schema["title"]].format(value[:40])
    if "string" in kinds and isinstance(value, (int, float)) and "format" not in schema:
        return f'put it into quotes: "{show(value)}"'
    if "array" in kinds and not isinstance(value, (list, Mapping)):
        return f"write a list: [{show(value)}]"
    if "boolean" in kinds and isinstance(value, str) and value.lower() in {"yes", "on", "no", "off", "true", "false"}:
        return f"write {'true' if value.lower() in {'yes', 'on', 'true'} else 'false'}"
    return ""


def _unknown_value(error: ValidationError, pointer: str) -> Finding:
    wanted: Any = error.validator_value
    values: list[Any] = list(wanted) if error.validator == "enum" else [wanted]
    names = [each for each in values if isinstance(each, str)]
    near = _nearest(error.instance, names)
    fix = f"did you mean {near}?" if near else f"one of {_choices(values)}"
    return finding("SMP103", pointer, f"{show(error.instance)} is none of the values known here", fix)


def _nearest(value: Any, names: list[str]) -> str | None:
    if not isinstance(value, str):
        return None
    plain = value[:80].upper().replace("-", "_").replace(" ", "_")
    by_end = [name for name in names if plain and name.upper().endswith(f"_{plain}")]
    near = by_end or get_close_matches(plain, [name.upper() for name in names], n=1)
    return next((name for name in names if near and name.upper() == near[0].upper()), None)


def _malformed(error: ValidationError, pointer: str) -> Finding:
    schema: Mapping[str, Any] = error.schema  # type: ignore[assignment]
    form = schema.get("format", "")
    value = error.instance
    if form == "double" and str(value).lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        return finding("SMP105", pointer, f"{show(value)} is not finite", "leave out what is not known")
    if form in ("int32", "int64", "double") and str(value).lstrip("-").replace(".", "", 1).isdecimal():
        return finding("SMP106", pointer, f"{show(value)} is out of range: {_range(form)}")
    rule = _FORM_RULES.get(form, "SMP113")
    return finding(
        rule, pointer, f"{show(value)} is not {_FORMS.get(form, 'of the form asked for')}", _reformed(form, value)
    )


def _range(form: str) -> str:
    return {"int32": "0 to 2147483647", "int64": "0 to 9223372036854775807"}.get(form, "0 or more")


def _reformed(form: str, value: Any) -> str:
    if form != "go-duration":
        return ""
    try:
        parse_duration(str(value))
    except ValueError as fault:
        return str(fault).partition("; ")[2]
    return ""


def _out_of_range(error: ValidationError, pointer: str) -> Finding:
    if error.validator == "minimum":
        why = "must not be negative" if error.validator_value == 0 else f"must be at least {error.validator_value}"
    else:
        why = f"must be at most {error.validator_value}"
    return finding("SMP106", pointer, f"{show(error.instance)} is out of range: {why}")


def _empty(error: ValidationError, pointer: str) -> Finding:
    wanted: Any = error.validator_value
    if wanted > 1:
        return _length(error, pointer)
    return finding("SMP114", pointer, f"{show(error.instance)} is empty", "give it a value, or leave it out")


def _length(error: ValidationError, pointer: str) -> Finding:
    instance: Any = error.instance
    return finding("SMP113", pointer, f"must have {error.validator_value} items, not {len(instance)}")


_EXPLAINERS = {
    "type": _wrong_type,
    "enum": _unknown_value,
    "const": _unknown_value,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "minLength": _empty,
    "minProperties": _empty,
    "minItems": _empty,
    "maxItems": _length,
}
