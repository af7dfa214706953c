"""HTTP/1.1 over one keep-alive connection, one request at a time.

The hot path of the generator, about a microsecond an answer beside the event loop's own: one clock reading, llhttp
(httptools) for the parsing, counting inline. The requests are whole messages encoded before the run.
"""

from __future__ import annotations

import asyncio
import re
from time import perf_counter
from typing import TYPE_CHECKING, cast

import httptools

from smp_check.load.embedded.buckets import add_value
from smp_check.load.embedded.connection import Connection

if TYPE_CHECKING:
    from smp_check.load.embedded.lane import Lane

LENGTH_GIVEN = re.compile(rb"\r\n(?:content-length:|transfer-encoding:[^\r\n]*chunked)", re.IGNORECASE)
HEAD_LIMIT = 65536
IDLE = 0.2
"""Seconds after which servers may close an idle connection just when the next request is on its way."""


class Http1Connection(Connection, asyncio.Protocol):
    """A connection and the request on it."""

    __slots__ = (
        "_bodiless",
        "_busy",
        "_done",
        "_feed",
        "_first",
        "_head",
        "_keeps",
        "_lane",
        "_now",
        "_ok",
        "_partial",
        "_planned",
        "_repeatable",
        "_sent",
        "_status",
        "_transport",
        "_write",
    )

    def __init__(self, lane: Lane, ok: bytes, *, bodiless: bool = False, repeatable: bool = False) -> None:
        """``ok[status]`` is 1 for a success; ``bodiless`` answers (to HEAD) end with their header.

        ``repeatable`` requests are sent again when they meet the end of a connection that had idled.
        """
        self._lane = lane
        self._ok = ok
        self._bodiless = bodiless
        self._busy = self._done = self._partial = False
        self._head = b""
        self._repeatable = repeatable
        self._planned = self._sent = self._first = 0.0
        self._now = float("inf")  # nothing has come yet
        self.received = 0
        self._new_parser()

    def _new_parser(self) -> None:
        parser = httptools.HttpResponseParser(_HeadOnly(self) if self._bodiless else self)
        self._feed, self._status, self._keeps = parser.feed_data, parser.get_status_code, parser.should_keep_alive

    # The transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._write = self._transport.write
        self._lane.opened(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._now = perf_counter()
        self.received += len(data)
        if not self._busy:
            self._transport.abort()  # nobody asked
            return
        self._done = False
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as fault:
            self._break("protocol", f"{self._lane.dialer.origin} does not answer in HTTP/1.1: {fault}")
            return
        if not self._done:
            self._incomplete(data)

    def _incomplete(self, data: bytes) -> None:
        """A part of an answer: note when it began, and its header for the case that only the end can end it."""
        if not self._partial:
            self._partial, self._first, self._head = True, self._now, b""
        if len(self._head) < HEAD_LIMIT and b"\r\n\r\n" not in self._head:
            self._head += data

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by whomever."""
        if self._busy and not self._partial and self._repeatable and self._sent - self._now >= IDLE:
            self._busy = False
            self._lane.again(self._planned)
        if self._busy and self._partial and exc is None and self._ends_with_connection():
            self._now, self._done = perf_counter(), False
            self.on_message_complete()
        if self._busy:
            what = "before the answer was complete" if self._partial else "without an answer"
            self._drop("reset", f"{self._lane.dialer.origin} closed the connection {what}")
        self._lane.lost(self)

    def _ends_with_connection(self) -> bool:
        """Whether the answer says no length, so that only the end of the connection can end it (RFC 9112, 6.3)."""
        head, found, _ = self._head.partition(b"\r\n\r\n")
        return bool(found) and not LENGTH_GIVEN.search(head)

    # The parser's call

    def on_message_complete(self) -> None:
        """A whole answer is here: count it and send the next request."""
        status: int = self._status()
        if status < 200:
            return  # 100 Continue and its like: the answer is still to come
        if self._done:
            self._transport.abort()  # a second answer to one request
            return
        self._done = True
        lane = self._lane
        now = self._now
        lane.status[status] += 1
        if self._ok[status]:
            place = int((now - self._sent) * 1e6 + 0.5)
            if place >= 2048:
                shift = place.bit_length() - 11
                place = (shift << 10) + (place >> shift)
            lane.service[place] += 1
            if self._partial:
                self._count_first(place)
            if lane.rate is not None:
                place = int((now - self._planned) * 1e6 + 0.5)
                if place >= 2048:
                    shift = place.bit_length() - 11
                    place = (shift << 10) + (place >> shift)
                lane.response[place] += 1
        else:
            self._partial = False
            lane.tally.fail("status", f"{lane.dialer.origin} answered {status}")
        if not self._keeps():
            self._busy = False
            self._transport.close()
        elif lane.rate is None and now < lane.until:
            self._sent = now
            self._write(lane.next_wire())
        else:
            lane.free(self, now)

    def _count_first(self, place: int) -> None:
        self._partial = False
        tally = self._lane.tally
        tally.split[place] += 1
        add_value(tally.first, self._first - self._sent)

    # The lane's calls

    @property
    def pending(self) -> int:
        """Requests on their way."""
        return int(self._busy)

    def rest(self) -> None:
        """No request is due."""
        self._busy = False

    def request(self, planned: float, now: float) -> None:
        """Send the next request."""
        self._planned = planned
        self._sent = now
        self._busy = True
        self._partial = False
        self._write(self._lane.next_wire())

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
            self._lane.tally.fail(kind, message)


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
