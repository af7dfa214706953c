"""From any shape and spelling of SMP to the one that is asked for; nothing is lost, and all that is done is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from smp_check.spec.kinds import MESHERY_PLACEHOLDERS, MESSAGE_OF, PARTS, Kind, is_meshery_export, kind_of
from smp_check.spec.legacy import from_legacy
from smp_check.spec.messages import ENUMERATIONS, MESSAGES, Field, Message, Type
from smp_check.spec.semantics.parts import SMP_VERSION
from smp_check.spec.spelling import NOTHING, number
from smp_check.spec.times import mended_time

LatencyUnit = Literal["auto", "s", "ms"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How documents are to be written."""

    camel: bool = False
    """protobuf's JSON spelling: camelCase, and 64-bit numbers as text."""
    enum_numbers: bool = False


@dataclass(slots=True)
class Log:
    """What was done on the way, in the words that the user reads."""

    notes: list[str] = field(default_factory=list)
    """What was understood and done."""
    kept: list[tuple[str, Any]] = field(default_factory=list)
    """(path, value) of what SMP has no field for."""


def convert(value: Any, kind: Kind, spelling: Spelling, unit: LatencyUnit = "auto") -> tuple[Any, Kind, Log]:
    """A document in today's shape and the spelling asked for, its kind then, and what was done.

    Raises ``ValueError`` for a document that is none of SMP's.
    """
    log = Log()
    if kind is Kind.LIST and isinstance(value, list):
        several = [convert(each, kind_of(each), spelling, unit) for each in value]
        log.notes = [note for _, _, one in several for note in one.notes]
        return [each for each, _, _ in several], kind, log
    if kind is Kind.LEGACY_RESULT:
        return _document(_legacy(value, unit, log), Kind.RESULT, spelling, None, log), Kind.RESULT, log
    if kind in MESSAGE_OF and isinstance(value, Mapping):
        return _document(value, kind, spelling, unit, log), kind, log
    if kind in (Kind.RUN, Kind.CONFIGURATION) and isinstance(value, Mapping):
        return _envelope(value, kind, spelling, unit, log), kind, log
    if kind is Kind.COMPARISON:
        return value, kind, log
    raise ValueError(_REFUSED.get(kind, "this is no SMP document, so there is nothing to convert"))


_REFUSED = {
    Kind.MESHERY_RESULT: "this is a result as Meshery stores it: smp-check import turns it into a run document",
    Kind.GENERATOR_OUTPUT: "this is a load generator's own output: smp-check import turns it into a run document",
}


def _legacy(value: Mapping[str, Any], unit: LatencyUnit, log: Log) -> dict[str, Any]:
    seconds = unit != "ms"
    why = "the 2019-20 shape writes seconds" if unit == "auto" else f"--latency-unit {unit}"
    log.notes.append("moved the fields of the 2019-20 shape to today's")
    log.notes.append(
        f"took latencies as {'seconds, and multiplied them by 1,000' if seconds else 'milliseconds'}: {why}"
    )
    return from_legacy(value, scaled if seconds else lambda given: given, log.notes)


_BARE_MESH = set(MESSAGES["ServiceMesh"].by_name)


def _envelope(value: Mapping[str, Any], kind: Kind, spelling: Spelling, unit: LatencyUnit, log: Log) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, part in value.items():
        if key not in PARTS or not isinstance(part, Mapping):
            made[key] = part
        elif kind is Kind.CONFIGURATION and key == "mesh" and set(part) <= _BARE_MESH:
            made[key] = _document(part, Kind.SERVICE_MESH, spelling, unit, log)
        else:
            made[key] = _document(part, PARTS[key], spelling, unit, log)
    return made


def _document(
    value: Mapping[str, Any], kind: Kind, spelling: Spelling, unit: LatencyUnit | None, log: Log
) -> dict[str, Any]:
    """One message; ``unit`` is ``None`` where latencies are known to be milliseconds."""
    message = MESSAGE_OF[kind]
    plain = _respell(value, message, Spelling(), "", log)
    if kind is Kind.RESULT:
        plain = _in_milliseconds(plain, unit, log) if unit else plain
        plain = _in_utc(plain, log)
    if log.kept:
        plain["labels"] = _labels(plain.get("labels"), log)
    return _respell(plain, message, spelling, "", Log())


def _labels(labels: Any, log: Log) -> dict[str, Any]:
    """What SMP has no field for is kept as text."""
    kept = {path: each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for path, each in log.kept}
    log.notes.append(f"kept in labels, for SMP has no field for them: {', '.join(kept)}")
    log.kept = []
    return kept | (labels if isinstance(labels, dict) else {})


def scaled(given: Any) -> Any:
    """Seconds to milliseconds, exactly: 0.1137 s is 113.7 ms, and not 113.69999999999999."""
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return given
    if given != given or abs(given) == float("inf"):
        return given
    return float(Decimal(repr(given)) * 1000)


def _in_milliseconds(result: dict[str, Any], unit: LatencyUnit, log: Log) -> dict[str, Any]:
    exported = is_meshery_export(result)
    latencies = result.get("latencies_ms")
    if isinstance(latencies, Mapping):
        seconds = unit == "s" or (unit == "auto" and exported)
        why = (
            f"--latency-unit {unit}" if unit != "auto" else "Meshery's export" if exported else "nothing says otherwise"
        )
        log.notes.append(
            f"took latencies_ms as {'seconds, and multiplied by 1,000' if seconds else 'milliseconds'}: {why}"
        )
        if seconds:
            result = {**result, "latencies_ms": {name: scaled(each) for name, each in latencies.items()}}
    if exported:
        result = _without_placeholders(result, log)
    return result


def _without_placeholders(result: Mapping[str, Any], log: Log) -> dict[str, Any]:
    found = [name for name, text in MESHERY_PLACEHOLDERS.items() if result.get(name) == text]
    log.notes.append(f"removed Meshery's placeholders: {', '.join(found)}")
    kept = {name: each for name, each in result.items() if name not in found}
    return {"smp_version": SMP_VERSION} | kept


def _in_utc(result: dict[str, Any], log: Log) -> dict[str, Any]:
    for name in ("start_time", "end_time"):
        text = result.get(name)
        if isinstance(text, str):
            mended, note = mended_time(text)
            if note:
                log.notes.append(f"{name}: {note}")
            result = {**result, name: mended}
    return result


def _respell(value: Mapping[str, Any], message: Message, spelling: Spelling, at: str, log: Log) -> dict[str, Any]:
    """A message in another spelling; unknown fields go to the log, unfit values stay as they are."""
    made: dict[str, Any] = {}
    for key, given in value.items():
        field_ = message.by_name.get(key)
        if field_ is None:
            log.kept.append((f"{at}{key}", given))
        elif given is not None:
            name = field_.camel if spelling.camel else field_.name
            if name in made:
                log.kept.append((f"{at}{key}", given))
            else:
                made[name] = _field(given, field_, spelling, f"{at}{field_.name}", log)
    return made


def _field(given: Any, field_: Field, spelling: Spelling, at: str, log: Log) -> Any:
    if field_.repeated and isinstance(given, list):
        return [_value(each, field_, spelling, f"{at}.{index}.", log) for index, each in enumerate(given)]
    return _value(given, field_, spelling, f"{at}.", log)


def _value(given: Any, field_: Field, spelling: Spelling, at: str, log: Log) -> Any:
    if field_.type is Type.MESSAGE and isinstance(given, Mapping):
        return _respell(given, MESSAGES[field_.of], spelling, at, log)
    if field_.type is Type.ENUM:
        return _enum(given, ENUMERATIONS[field_.of].values, spelling)
    if field_.type in (Type.INT32, Type.INT64, Type.DOUBLE):
        plain = number(given, whole=field_.type is not Type.DOUBLE)
        if plain is NOTHING:
            return given
        return str(plain) if spelling.camel and field_.type is Type.INT64 else plain
    return given


def _enum(given: Any, names: tuple[str, ...], spelling: Spelling) -> Any:
    index = names.index(given) if given in names else number(given, whole=True)
    if index is NOTHING or not 0 <= index < len(names):
        return given
    return index if spelling.enum_numbers else names[index]
