"""Which protocol a load speaks: its encoded requests, its connections and what TLS negotiates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smp_check.spec.configuration import Protocol

if TYPE_CHECKING:
    import asyncio

    from smp_check.load.embedded.lane import Lane
    from smp_check.load.embedded.request import Target
    from smp_check.load.embedded.settings import Settings
    from smp_check.load.embedded.stream import Request
    from smp_check.load.port import Load


IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""What may be sent again when the connection ends without a word (RFC 9110, 9.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """How one origin is spoken to."""

    requests: list[Any]
    """What ``Connection.request`` sends, in turn."""
    connection: Callable[[Lane], asyncio.BaseProtocol]
    alpn: tuple[str, ...] = ()
    datagrams: bool = False


def wiring(load: Load, settings: Settings, turns: list[Target]) -> Wiring:
    """The wiring for a load's protocol."""
    if load.protocol is Protocol.GRPC:
        return _grpc(load, settings, turns)
    if load.protocol in {Protocol.TCP, Protocol.UDP}:
        return _echo(load, settings, turns)
    return _http2(load, settings, turns) if settings.http == "2" else _http1(load, settings, turns)


def _http1(load: Load, settings: Settings, turns: list[Target]) -> Wiring:
    from smp_check.load.embedded.http1 import Http1Connection, ok_table
    from smp_check.load.embedded.request import encode_http1

    encoded = {
        target: encode_http1(target, settings.method, load.headers, load.body) for target in dict.fromkeys(turns)
    }
    ok, head, repeatable = ok_table(settings.ok_statuses), settings.method == "HEAD", settings.method in IDEMPOTENT
    return Wiring(
        requests=[encoded[target] for target in turns],
        connection=lambda lane: Http1Connection(lane, ok, bodiless=head, repeatable=repeatable),
        alpn=("http/1.1",),
    )


def _http2(load: Load, settings: Settings, turns: list[Target]) -> Wiring:
    from smp_check.load.embedded.http1 import ok_table
    from smp_check.load.embedded.http2 import Http2Connection

    ok = ok_table(settings.ok_statuses)
    return Wiring(
        requests=[_request(target, settings.method, target.path, load.headers, load.body) for target in turns],
        connection=lambda lane: Http2Connection(lane, ok, settings.streams),
        alpn=("h2",),
    )


def _grpc(load: Load, settings: Settings, turns: list[Target]) -> Wiring:
    from smp_check.load.embedded.grpc import HEADERS, HEALTH_CHECK, GrpcConnection, frame
    from smp_check.load.embedded.http1 import ok_table

    ok = ok_table(((200, 200),))
    body = frame(settings.payload or load.body)
    headers = {**load.headers, **HEADERS}
    health = settings.grpc_method == HEALTH_CHECK
    return Wiring(
        requests=[_request(target, "POST", settings.grpc_method, headers, body) for target in turns],
        connection=lambda lane: GrpcConnection(lane, ok, settings.streams, health=health),
        alpn=("h2",),
    )


def _request(target: Target, method: str, path: str, headers: Any, body: bytes) -> Request:
    from smp_check.load.embedded.request import checked_headers, has_body
    from smp_check.load.embedded.stream import Request

    given = {name.lower(): value for name, value in checked_headers(headers).items()}
    authority = given.pop("host", target.authority)
    scheme = "https" if target.origin.secure else "http"
    lines = [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]
    lines += ({"user-agent": "smp-check"} | given).items()
    if has_body(method, body) and "content-length" not in given:
        lines.append(("content-length", str(len(body))))
    dropped = {"connection", "keep-alive", "transfer-encoding", "upgrade"}  # not in HTTP/2 (RFC 9113, 8.2.2)
    encoded = [(n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in lines if n not in dropped]
    return Request(headers=tuple(encoded), body=body)


def _echo(load: Load, settings: Settings, turns: list[Target]) -> Wiring:
    from smp_check.load.embedded.echo import DEFAULT_PAYLOAD, TcpEcho, UdpEcho

    payload = settings.payload or load.body or DEFAULT_PAYLOAD
    datagrams = load.protocol is Protocol.UDP
    return Wiring(requests=[payload] * len(turns), connection=UdpEcho if datagrams else TcpEcho, datagrams=datagrams)
