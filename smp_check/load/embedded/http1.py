"""HTTP/1.1 over one keep-alive connection, one request at a time.

The hot path of the generator: one clock reading per read, llhttp (httptools) for the parsing, counting inline. The
requests are whole messages encoded before the run. ``BufferedProtocol`` spares asyncio a 256 KiB buffer per read.
"""

from __future__ import annotations

import asyncio
import re
from time import perf_counter
from typing import TYPE_CHECKING, cast

import httptools

from smp_check.load.embedded.lane import Connection

if TYPE_CHECKING:
    from smp_check.load.embedded.lane import Lane

LENGTH_GIVEN = re.compile(rb"\r\n(?:content-length:|transfer-encoding:[^\r\n]*chunked)", re.IGNORECASE)
HEAD_LIMIT = 65536
BUFFER = memoryview(bytearray(262144))
"""One for all connections of a process: what is read is parsed before the next read."""


class Http1Connection(asyncio.BufferedProtocol, Connection):
    """A connection and the request on it."""

    __slots__ = (
        "_bodiless",
        "_busy",
        "_feed",
        "_first",
        "_head",
        "_lane",
        "_now",
        "_ok",
        "_parser",
        "_planned",
        "_reads",
        "_sent",
        "_transport",
    )

    def __init__(self, lane: Lane, ok: bytes, *, bodiless: bool = False) -> None:
        """``ok[status]`` is 1 for a success; ``bodiless`` answers (to HEAD) end with their header."""
        self._lane = lane
        self._ok = ok
        self._bodiless = bodiless
        self._busy = False
        self._reads = 0
        self._head = b""
        self._planned = self._sent = self._first = self._now = 0.0
        self._new_parser()

    def _new_parser(self) -> None:
        self._parser = httptools.HttpResponseParser(_HeadOnly(self) if self._bodiless else self)
        self._feed = self._parser.feed_data

    # The transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._lane.opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the transport reads into."""
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        now = self._now = perf_counter()
        self._lane.tally.bytes_received += nbytes
        if not self._busy:
            self._transport.abort()  # nobody asked
            return
        self._reads += 1
        if self._reads == 1:
            self._first = now
        try:
            self._feed(BUFFER[:nbytes])
        except httptools.HttpParserError as fault:
            self._break("protocol", f"{self._lane.dialer.origin} does not answer in HTTP/1.1: {fault}")
            return
        if self._busy and len(self._head) < HEAD_LIMIT and b"\r\n\r\n" not in self._head:
            self._head += bytes(BUFFER[:nbytes])

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by whomever."""
        self._now = perf_counter()
        if self._busy and exc is None and self._ends_with_connection():
            self.on_message_complete()
        if self._busy:
            what = "before the answer was complete" if self._reads else "without an answer"
            self._drop("reset", f"{self._lane.dialer.origin} closed the connection {what}")
        self._lane.lost(self)

    def _ends_with_connection(self) -> bool:
        """Whether the answer says no length, so that only the end of the connection can end it (RFC 9112, 6.3)."""
        head, found, _ = self._head.partition(b"\r\n\r\n")
        return bool(found) and not LENGTH_GIVEN.search(head)

    # The parser's call

    def on_message_complete(self) -> None:
        """A whole answer is here: count it and send the next request."""
        parser = self._parser
        status: int = parser.get_status_code()
        if status < 200:
            return  # 100 Continue and its like: the answer is still to come
        self._busy = False
        lane, now = self._lane, self._now
        tally = lane.tally
        lane.in_flight -= 1
        seen = tally.status
        seen[status] = seen.get(status, 0) + 1
        if self._ok[status]:
            tally.ok += 1
            value = int((now - self._sent) * 1e6 + 0.5)
            if value >= 2048:
                shift = value.bit_length() - 11
                value = (shift << 10) + (value >> shift)
            tally.service[value] += 1
            if self._reads > 1:
                self._count_first(value)
            if lane.rate is not None:
                value = int((now - self._planned) * 1e6 + 0.5)
                if value >= 2048:
                    shift = value.bit_length() - 11
                    value = (shift << 10) + (value >> shift)
                tally.response[value] += 1
        else:
            tally.fail("status", f"{lane.dialer.origin} answered {status}")
        if parser.should_keep_alive() and not self._transport.is_closing():
            lane.free(self, now)
        else:
            self._transport.close()

    def _count_first(self, place: int) -> None:
        from smp_check.load.embedded.buckets import add_value

        tally = self._lane.tally
        tally.split[place] += 1
        add_value(tally.first, self._first - self._sent)

    # The lane's calls

    def request(self, planned: float, now: float) -> None:
        """Send the next request."""
        self._planned = planned
        self._sent = now
        self._reads = 0
        self._busy = True
        if self._head:
            self._head = b""
        self._transport.write(self._lane.next_wire())

    def expire(self, before: float) -> None:
        """Give up a request sent before this moment."""
        if self._busy and self._sent < before:
            self._break("timeout", f"{self._lane.dialer.origin} did not answer in time")

    def close(self) -> None:
        """Close at once; a request on its way is forgotten."""
        self._busy = False
        self._transport.abort()

    def _break(self, kind: str, message: str) -> None:
        self._drop(kind, message)
        self._transport.abort()

    def _drop(self, kind: str, message: str) -> None:
        if self._busy:
            self._busy = False
            self._lane.failed(kind, message)


class _HeadOnly:
    """Parser calls for answers to HEAD: their Content-Length announces a body that never comes (RFC 9110, 9.3.2)."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Http1Connection) -> None:
        self._connection = connection

    def on_headers_complete(self) -> None:
        """The answer is complete; the parser, which waits for a body, is replaced."""
        self._connection.on_message_complete()
        self._connection._new_parser()


def ok_table(ranges: tuple[tuple[int, int], ...]) -> bytes:
    """Which status codes count as success, as a table: ``table[code]`` is 1 or 0."""
    return bytes(any(low <= code <= high for low, high in ranges) for code in range(1000))
