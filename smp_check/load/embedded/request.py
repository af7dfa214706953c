"""Where requests go and what they look like: pure, computed once before the first byte is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from smp_check.errors import InputError
from smp_check.spec.configuration import Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.load.embedded.settings import Settings
    from smp_check.load.port import Load

PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}
SECURE = frozenset({"https", "grpcs", "tls"})
SCHEMES: Mapping[Protocol, frozenset[str]] = {
    Protocol.HTTP: frozenset({"http", "https"}),
    Protocol.GRPC: frozenset({"http", "https", "grpc", "grpcs"}),
    Protocol.TCP: frozenset({"tcp", "tls"}),
    Protocol.UDP: frozenset({"udp"}),
}
BODYLESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A place that connections go to."""

    host: str
    port: int
    secure: bool

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One URL: its origin, what to ask there and how often compared with the others."""

    origin: Origin
    authority: str
    path: str
    weight: int = 1


def targets_of(load: Load, settings: Settings) -> tuple[Target, ...]:
    """The load's URLs, taken apart. Raises ``InputError`` for one that this protocol cannot reach."""
    weights = settings.weights or (1,) * len(load.urls)
    if len(load.urls) == 1:
        weights = (1,)  # moved to a single other place, the shares have lost their meaning
    if len(weights) != len(load.urls):
        raise InputError(f"--weights names {len(weights)} shares for {len(load.urls)} endpoint_urls")
    return tuple(_target(url, load.protocol, weight) for url, weight in zip(load.urls, weights, strict=True))


def _target(url: str, protocol: Protocol, weight: int) -> Target:
    text = url if "://" in url else f"{_bare_scheme(protocol)}://{url}"
    try:
        parts = urlsplit(text)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError as fault:
        raise InputError(f"{url!r} is no URL: {fault}") from fault
    if parts.scheme not in SCHEMES[protocol]:
        known = ", ".join(f"{scheme}://" for scheme in sorted(SCHEMES[protocol]))
        raise InputError(f"{url!r} cannot be reached by {protocol.value}: write {known}")
    if not parts.hostname or not port:
        raise InputError(f"{url!r} names no {'port' if parts.hostname else 'host'}")
    origin = Origin(host=parts.hostname, port=port, secure=parts.scheme in SECURE)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(origin=origin, authority=_authority(parts, origin), path=_escaped(path), weight=weight)


def _bare_scheme(protocol: Protocol) -> str:
    return {Protocol.TCP: "tcp", Protocol.UDP: "udp"}.get(protocol, "http")


def _authority(parts: SplitResult, origin: Origin) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return host if PORTS.get(parts.scheme) == origin.port else f"{host}:{origin.port}"


def _escaped(path: str) -> str:
    """Percent-encode what may not stand in a request line; what is encoded already stays."""
    from urllib.parse import quote

    return quote(path, safe="/?&=:@!$'()*+,;%~-._[]|")


def rotation(targets: Sequence[Target]) -> list[Target]:
    """The order in which targets take turns: each as often as its weight says, spread evenly.

    The smooth weighted round robin of nginx (ngx_http_upstream_round_robin.c).
    """
    current = [0] * len(targets)
    total = sum(target.weight for target in targets)
    order = []
    for _ in range(total):
        current = [value + target.weight for value, target in zip(current, targets, strict=True)]
        chosen = current.index(max(current))
        current[chosen] -= total
        order.append(targets[chosen])
    return order


def divide(total: int, weights: Sequence[int]) -> list[int]:
    """Whole shares of ``total`` that follow the weights, none below 1: each further one goes where most is missing."""
    shares = [1] * len(weights)
    for _ in range(total - len(weights)):
        missing = [weight / share for weight, share in zip(weights, shares, strict=True)]
        shares[missing.index(max(missing))] += 1
    return shares


def has_body(method: str, body: bytes) -> bool:
    """Whether the request says how long its body is: always when there is one, and where servers expect one."""
    return bool(body) or method not in BODYLESS


def encode_http1(target: Target, method: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """One HTTP/1.1 request as it goes over the wire (RFC 9112).

    Raises ``InputError`` for a header that would break it.
    """
    given = {name.lower() for name in headers}
    lines = [f"{method} {target.path} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {target.authority}")
    if "user-agent" not in given:
        lines.append("User-Agent: smp-check")
    lines += [f"{name}: {value}" for name, value in checked_headers(headers).items()]
    if has_body(method, body) and "content-length" not in given and "transfer-encoding" not in given:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers, if they can be sent. Raises ``InputError`` naming the one that cannot."""
    for name, value in headers.items():
        token = name and all(c.isalnum() or c in "!#$%&'*+-.^_`|~" for c in name) and name.isascii()
        if not token:
            raise InputError(f"{name!r} is no header name")
        if any(c in value for c in "\r\n\0"):
            raise InputError(f"the value of header {name} contains a line break")
    return headers
