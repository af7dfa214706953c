"""What ``additional_options`` of an embedded client can say, and the settings of one load with all defaults decided.

The options are spelled like a command line's: ``--method PUT --timeout 2s --weights 3,1``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError
from smp_check.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smp_check.load.port import Load

MAX_WEIGHT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the embedded generator knows of a load beyond the common fields."""

    method: str
    timeout: float
    insecure: bool
    weights: tuple[int, ...] = ()
    """One per URL; empty for equal shares."""
    ok_statuses: tuple[tuple[int, int], ...] = ((200, 399),)
    """Inclusive ranges of HTTP status codes that count as success."""
    server_name: str | None = None
    """Name to ask for and to verify in TLS, instead of the URL's host."""
    cert: str | None = None
    key: str | None = None
    """PEM files of the client's own certificate."""
    http: str = "1.1"
    """``1.1`` or ``2`` (by ALPN on https, by prior knowledge on http)."""
    streams: int = 1
    """Requests in flight on one HTTP/2 or gRPC connection."""
    grpc_method: str = "/grpc.health.v1.Health/Check"
    payload: bytes = b""
    """The encoded protobuf message of a gRPC request, or what TCP and UDP send."""


def _method(text: str) -> str:
    if not text.isascii() or not text.isalpha():
        raise ValueError(f"{text!r} is no HTTP method")
    return text.upper()


def _timeout(text: str) -> float:
    seconds = parse_duration(text)
    if seconds <= 0:
        raise ValueError("a timeout is longer than nothing")
    return seconds


def _weights(text: str) -> tuple[int, ...]:
    weights = tuple(_whole(part, most=MAX_WEIGHT) for part in text.split(","))
    shared = math.gcd(*weights)
    return tuple(weight // shared for weight in weights)


def _whole(text: str, *, most: int) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text) <= most:
        raise ValueError(f"{text!r} is no whole number from 1 to {most}")
    return int(text)


def _statuses(text: str) -> tuple[tuple[int, int], ...]:
    ranges = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        first, last = _whole(low, most=599), _whole(high or low, most=599)
        if not 100 <= first <= last:
            raise ValueError(f"{part!r} is no status code or range such as 200-299")
        ranges.append((first, last))
    return tuple(ranges)


def _http(text: str) -> str:
    if text not in {"1.1", "2"}:
        raise ValueError(f"{text!r} is neither 1.1 nor 2")
    return text


def _grpc_method(text: str) -> str:
    path = "/" + text.lstrip("/")
    if path.count("/") != 2 or not all(path.split("/")[1:]):
        raise ValueError(f"{text!r} is no gRPC method such as helloworld.Greeter/SayHello")
    return path


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as fault:
        raise ValueError(f"{text!r} is no hexadecimal text") from fault


OPTIONS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "--method": ("method", _method),
    "--timeout": ("timeout", _timeout),
    "--weights": ("weights", _weights),
    "--ok-status": ("ok_statuses", _statuses),
    "--server-name": ("server_name", str),
    "--cert": ("cert", str),
    "--key": ("key", str),
    "--http": ("http", _http),
    "--streams": ("streams", lambda text: _whole(text, most=1000)),
    "--grpc-method": ("grpc_method", _grpc_method),
    "--payload-hex": ("payload", _hex),
}
FLAGS = {"--insecure": "insecure"}


def settings_of(load: Load) -> Settings:
    """The settings of a load. Raises ``InputError`` naming the option that cannot be understood."""
    settings = Settings(method=load.method, timeout=load.timeout, insecure=load.insecure)
    words = iter(load.options)
    changes: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name in FLAGS and not equals:
            changes[FLAGS[name]] = True
            continue
        if name not in OPTIONS:
            raise InputError(f"the embedded generator has no option {name!r}", hint=_advice(name))
        field, convert = OPTIONS[name]
        try:
            changes[field] = convert(value if equals else next(words))
        except StopIteration:
            raise InputError(f"the option {name} needs a value") from None
        except ValueError as fault:
            raise InputError(f"{name}: {fault}") from fault
    return replace(settings, **changes)


def _advice(name: str) -> str:
    from difflib import get_close_matches

    known = (*OPTIONS, *FLAGS)
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"additional_options knows {', '.join(sorted(known))}"
