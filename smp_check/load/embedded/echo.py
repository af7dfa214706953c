"""TCP and UDP echo: what is sent must come back (SMP's PROTOCOL_TCP and PROTOCOL_UDP)."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, cast

from smp_check.load.embedded.connection import Connection

if TYPE_CHECKING:
    from smp_check.load.embedded.lane import Lane

DEFAULT_PAYLOAD = b"smp-check echo, 24 byte\n"


class EchoConnection(Connection):
    """One request at a time: a payload on its way there and back."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._payload = b""
        self._busy = False
        self._first = self._planned = self._sent = 0.0
        self.received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)
        self._lane.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is closed, by whomever."""
        self._drop("reset", f"{self._lane.dialer.origin} closed the connection before all had come back")
        self._lane.lost(self)

    def _finish(self, now: float, fault: str | None = None) -> None:
        self._busy = False
        self._lane.count(self._planned, self._sent, self._first, now, 0, fault)
        self._lane.free(self, now)

    @property
    def pending(self) -> int:
        """Requests on their way."""
        return int(self._busy)

    def rest(self) -> None:
        """No request is due."""

    def request(self, planned: float, now: float) -> None:
        """Send the payload."""
        self._planned, self._sent, self._first, self._busy = planned, now, 0.0, True
        self._payload = self._lane.next_wire()
        self._send(self._payload)

    def _send(self, payload: bytes) -> None:
        raise NotImplementedError

    def expire(self, before: float) -> None:
        """Give up a request sent before this moment. The connection goes too, and with it what comes late."""
        if self._busy and self._sent < before:
            self._drop("timeout", f"{self._lane.dialer.origin} did not send all back in time")
            self._transport.abort()

    def close(self) -> None:
        """Close at once."""
        self._busy = False
        self._transport.abort()

    def _drop(self, kind: str, message: str) -> None:
        if self._busy:
            self._busy = False
            self._lane.tally.fail(kind, message)


class TcpEcho(EchoConnection, asyncio.Protocol):
    """Over a stream the echo may come in pieces."""

    def __init__(self, lane: Lane) -> None:
        super().__init__(lane)
        self._back = bytearray()

    def _send(self, payload: bytes) -> None:
        self._back.clear()
        self._transport.write(payload)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        now = perf_counter()
        self.received += len(data)
        if not self._busy:
            self._transport.abort()  # nobody asked
            return
        self._first = self._first or now
        self._back += data
        if len(self._back) < len(self._payload):
            return
        if self._back != self._payload:
            self._drop("protocol", f"{self._lane.dialer.origin} sent back something else: is it an echo server?")
            self._transport.abort()
        else:
            self._finish(now)


class UdpEcho(EchoConnection, asyncio.DatagramProtocol):
    """Over datagrams it comes whole, or never."""

    def _send(self, payload: bytes) -> None:
        cast("asyncio.DatagramTransport", self._transport).sendto(payload)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's signature
        """A datagram has come."""
        now = perf_counter()
        self.received += len(data)
        if not self._busy:
            return
        self._first = now
        if data == self._payload:
            self._finish(now)
        else:
            self._drop("protocol", f"{self._lane.dialer.origin} sent back something else: is it an echo server?")
            self._transport.abort()

    def error_received(self, exc: Exception) -> None:
        """The network says that nobody listens there."""
        self._drop("connect", f"{self._lane.dialer.origin}: {getattr(exc, 'strerror', None) or exc}")
        self._transport.abort()
