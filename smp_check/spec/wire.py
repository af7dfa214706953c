"""SMP messages in protobuf's binary form, by the numbers of the tables in `messages`.

https://protobuf.dev/programming-guides/encoding/ : a field is a varint key (number * 8 + wire type) and its
value; as proto3 asks, fields at their default are not written. Timestamps are
``google.protobuf.Timestamp`` (seconds = 1, nanos = 2), map entries messages of key = 1 and value = 2.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from smp_check.spec.codec import parse_time
from smp_check.spec.messages import ENUMERATIONS, MESSAGES, Field, Message, Type

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FRACTION = re.compile(r"\.(\d+)")
_WIRE = {Type.BOOL: VARINT, Type.INT32: VARINT, Type.INT64: VARINT, Type.ENUM: VARINT, Type.DOUBLE: FIXED64}


def encode(value: Mapping[str, Any], message: Message) -> bytes:
    """The binary form of a message in canonical spelling."""
    parts = []
    for field in message.fields:
        given = value.get(field.name)
        if given is None:
            continue
        if field.type is Type.MAP:
            parts += [_keyed(field, LENGTH, _entry(key, each)) for key, each in given.items()]
        elif field.repeated:
            parts += [_keyed(field, LENGTH, _payload(each, field)) for each in given]
        else:
            parts.append(_single(given, field))
    return b"".join(parts)


def _single(given: Any, field: Field) -> bytes:
    """One value; nothing for a default, which proto3 does not write (messages have none)."""
    payload = _payload(given, field)
    has_default = field.type not in (Type.MESSAGE, Type.TIMESTAMP)
    if has_default and not payload.strip(b"\0"):
        return b""
    return _keyed(field, _WIRE.get(field.type, LENGTH), payload)


def _payload(given: Any, field: Field) -> bytes:
    if field.type is Type.MESSAGE:
        return encode(given, MESSAGES[field.of])
    if field.type is Type.TIMESTAMP:
        return _timestamp(given)
    if field.type is Type.ENUM:
        return varint(ENUMERATIONS[field.of].values.index(given))
    if field.type is Type.DOUBLE:
        return struct.pack("<d", given)
    return str(given).encode("utf-8") if field.type is Type.STRING else varint(int(given))


def _keyed(field: Field, wire: int, payload: bytes) -> bytes:
    return varint(field.number << 3 | wire) + (varint(len(payload)) if wire == LENGTH else b"") + payload


def _entry(key: str, value: str) -> bytes:
    parts = [(1 << 3 | LENGTH, key.encode("utf-8")), (2 << 3 | LENGTH, value.encode("utf-8"))]
    return b"".join(varint(number) + varint(len(text)) + text for number, text in parts)


def varint(number: int) -> bytes:
    """A whole number in groups of seven bits, lowest first; negative ones as 64 bits."""
    number &= 2**64 - 1
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def _timestamp(text: str) -> bytes:
    whole = parse_time(_FRACTION.sub("", text)) - _EPOCH
    seconds = whole.days * 86400 + whole.seconds
    fraction = _FRACTION.search(text)
    nanos = int(fraction[1][:9].ljust(9, "0")) if fraction else 0
    fields = ((1, seconds), (2, nanos))
    return b"".join(varint(number << 3 | VARINT) + varint(value) for number, value in fields if value)


def decode(data: bytes, message: Message) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """A message in canonical spelling, and (path, hexadecimal) of the fields that are none of its.

    Raises ``ValueError`` for bytes that are no such message.
    """
    value: dict[str, Any] = {}
    unknown: list[tuple[str, str]] = []
    numbers = {field.number: field for field in message.fields}
    for number, wire, payload in _fields(data):
        field = numbers.get(number)
        if field is None or _WIRE.get(field.type, LENGTH) != wire:
            unknown.append((f"field-{number}", payload.hex() if isinstance(payload, bytes) else f"{payload:x}"))
            continue
        found = _value(payload, field, unknown)
        if field.type is Type.MAP:
            value.setdefault(field.name, {}).update(found)
        elif field.repeated:
            value.setdefault(field.name, []).append(found)
        elif field.type is Type.MESSAGE and field.name in value:
            value[field.name] = value[field.name] | found  # a message given in pieces is one, says protobuf
        else:
            value[field.name] = found
    return value, unknown


def _value(payload: Any, field: Field, unknown: list[tuple[str, str]]) -> Any:
    if field.type is Type.MESSAGE:
        value, more = decode(payload, MESSAGES[field.of])
        unknown += [(f"{field.name}.{path}", text) for path, text in more]
        return value
    if field.type is Type.STRING:
        return payload.decode("utf-8")
    if field.type is Type.MAP:
        entry = {number: text for number, wire, text in _fields(payload) if wire == LENGTH}
        return {entry.get(1, b"").decode("utf-8"): entry.get(2, b"").decode("utf-8")}
    if field.type is Type.TIMESTAMP:
        return _time({number: each for number, wire, each in _fields(payload) if wire == VARINT})
    return _scalar(payload, field)


def _scalar(payload: Any, field: Field) -> Any:
    if field.type is Type.DOUBLE:
        return struct.unpack("<d", payload)[0]
    if field.type is Type.BOOL:
        return payload != 0
    if field.type is Type.ENUM:
        names = ENUMERATIONS[field.of].values
        return names[payload] if payload < len(names) else payload
    bits = 32 if field.type is Type.INT32 else 64
    return (payload + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def _time(parts: Mapping[int, int]) -> str:
    seconds = (parts.get(1, 0) + 2**63) % 2**64 - 2**63
    nanos = parts.get(2, 0)
    if nanos >= 10**9:
        raise ValueError(f"a time with {nanos} nanoseconds")
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"a time {seconds} seconds from 1970") from None
    fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f"{fraction}Z"


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """(number, wire type, payload) of each field: an int for a varint, else bytes."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            payload, at = _read_varint(data, at)
            yield number, wire, payload
            continue
        if wire not in (FIXED64, LENGTH, FIXED32) or number == 0:
            raise ValueError(f"byte {at}: no protobuf field begins here")
        size = {FIXED64: 8, FIXED32: 4}.get(wire)
        if size is None:
            size, at = _read_varint(data, at)
        if at + size > len(data):
            raise ValueError(f"byte {at}: the data end within a field")
        yield number, wire, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError(f"byte {at}: the data end within a number")
        number |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return number & (2**64 - 1), at
    raise ValueError(f"byte {at}: a number longer than 64 bits")
