"""HTTP/2 over one connection, several requests at a time (the h2 library; RFC 9113)."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from h2.config import H2Configuration
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from smp_check.load.embedded.connection import Connection
from smp_check.load.embedded.dialer import DialError
from smp_check.load.embedded.stream import PatientConnection, Stream

if TYPE_CHECKING:
    from smp_check.load.embedded.lane import Lane
    from smp_check.load.embedded.stream import Request

WINDOW = 2**30
"""Bytes that a server may send without being told to go on."""
CONFIGURATION = H2Configuration(
    client_side=True,
    header_encoding=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    validate_inbound_headers=False,
)


class Http2Connection(asyncio.Protocol, Connection):
    """A connection and the requests on it."""

    keep_body = False

    def __init__(self, lane: Lane, ok: bytes, streams: int) -> None:
        self._lane = lane
        self._ok = ok
        self.streams = streams
        self._open: dict[int, Stream] = {}
        self._h2 = PatientConnection(CONFIGURATION)
        self._ready = self._reading = False
        self._leaving = False
        self.ready: asyncio.Future[None] = lane.loop.create_future()
        """Done when the server has greeted us."""
        self.received = 0

    # The transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open: say hello."""
        self._transport = cast("asyncio.Transport", transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != "h2":
            self._refuse(f"{self._lane.dialer.origin} does not offer HTTP/2 (ALPN)")
            return
        self._h2.local_settings = type(self._h2.local_settings)(
            client=True, initial_values={SettingCodes.ENABLE_PUSH: 0, SettingCodes.INITIAL_WINDOW_SIZE: WINDOW}
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW)
        self._flush()

    def _refuse(self, message: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(DialError("protocol", message))
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        now = perf_counter()
        self.received += len(data)
        try:
            events = self._h2.receive_data(data)
        except ProtocolError as fault:
            self._refuse(f"{self._lane.dialer.origin} does not speak HTTP/2: {fault}")
            self._drop_all("protocol", f"{self._lane.dialer.origin} broke HTTP/2: {fault}")
            return
        self._reading = True  # what these events set off leaves together
        for event in events:
            handle = HANDLERS.get(type(event))
            if handle is not None:
                handle(self, event, now)
        self._reading = False
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is closed, by whomever."""
        self._refuse(f"{self._lane.dialer.origin} closed the connection instead of speaking HTTP/2")
        self._drop_all("reset", f"{self._lane.dialer.origin} closed the connection before the answer was complete")
        if self._ready:
            self._lane.lost(self)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self._transport.write(data)

    # The protocol's events

    def _greeted(self, event: RemoteSettingsChanged, _now: float) -> None:
        most = event.changed_settings.get(SettingCodes.MAX_CONCURRENT_STREAMS)
        if most is not None and not self._ready:
            self.streams = max(1, min(self.streams, most.new_value))
        if not self._ready:
            self._ready = True
            self.ready.set_result(None)
            self._lane.opened(self)

    def _headers(self, event: ResponseReceived | TrailersReceived, now: float) -> None:
        stream = self._open.get(event.stream_id)
        if stream is not None:
            stream.first = stream.first or now
            stream.headers.update(cast("dict[bytes, bytes]", dict(event.headers or ())))

    def _data(self, event: DataReceived, _now: float) -> None:
        length = event.flow_controlled_length or 0
        if length:
            self._h2.acknowledge_received_data(length, event.stream_id)
        stream = self._open.get(event.stream_id)
        if stream is not None and self.keep_body:
            stream.answer += event.data or b""

    def _ended(self, event: StreamEnded, now: float) -> None:
        stream = self._open.pop(event.stream_id, None)
        if stream is None:
            return
        fault = self.judge(stream)
        self._lane.count(stream.planned, stream.sent, stream.first, now, self._code(stream), fault)
        self._next(now)

    def _next(self, now: float) -> None:
        if not self._leaving:
            self._lane.free(self, now)
        elif not self._open:
            self._transport.close()

    def _code(self, stream: Stream) -> int:
        return int(stream.headers.get(b":status", b"0"))

    def judge(self, stream: Stream) -> str | None:
        """What is wrong with an answer, or ``None`` for a success."""
        status = self._code(stream)
        return None if self._ok[status] else f"{self._lane.dialer.origin} answered {status}"

    def _reset(self, event: StreamReset, now: float) -> None:
        stream = self._open.pop(event.stream_id, None)
        if stream is None:
            return
        if event.error_code == ErrorCodes.REFUSED_STREAM:
            self._lane.again(stream.planned)
        else:
            self._lane.tally.fail("reset", f"{self._lane.dialer.origin} reset a request: code {event.error_code}")
        self._next(now)

    def _goodbye(self, event: ConnectionTerminated, _now: float) -> None:
        """GOAWAY: what the server has not begun is sent again elsewhere (RFC 9113, 6.8)."""
        self._leaving = True
        self._lane.retire(self)
        last = event.last_stream_id or 0
        for number in [each for each in self._open if each > last]:
            self._lane.again(self._open.pop(number).planned)
        if not self._open:
            self._transport.close()

    def _window(self, _event: WindowUpdated, _now: float) -> None:
        for number, stream in self._open.items():
            if stream.unsent:
                self._send_body(number, stream)

    # The lane's calls

    @property
    def pending(self) -> int:
        """Requests on their way."""
        return len(self._open)

    def rest(self) -> None:
        """No request is due."""

    def request(self, planned: float, now: float) -> None:
        """Send the next request on a stream of its own."""
        request: Request = self._lane.next_wire()
        number = self._h2.get_next_available_stream_id()
        stream = self._open[number] = Stream(planned, now)
        stream.unsent = request.body
        self._h2.send_headers(number, request.headers, end_stream=not request.body)
        if request.body:
            self._send_body(number, stream)
        if not self._reading:
            self._flush()

    def _send_body(self, number: int, stream: Stream) -> None:
        """Send as much of a body as the server allows just now."""
        while stream.unsent:
            room = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
            if room <= 0:
                return
            part, stream.unsent = stream.unsent[:room], stream.unsent[room:]
            self._h2.send_data(number, part, end_stream=not stream.unsent)

    def expire(self, before: float) -> None:
        """Give up requests sent before this moment; the others go on."""
        for number in [number for number, stream in self._open.items() if stream.sent < before]:
            del self._open[number]
            self._lane.tally.fail("timeout", f"{self._lane.dialer.origin} did not answer in time")
            self._h2.reset_stream(number, ErrorCodes.CANCEL)
            self._next(perf_counter())
        self._flush()

    def close(self) -> None:
        """Close at once; requests on their way are forgotten."""
        self._open.clear()
        self._transport.abort()

    def _drop_all(self, kind: str, message: str) -> None:
        for _ in range(len(self._open)):
            self._lane.tally.fail(kind, message)
        self._open.clear()


HANDLERS: dict[type, Any] = {
    RemoteSettingsChanged: Http2Connection._greeted,
    ResponseReceived: Http2Connection._headers,
    TrailersReceived: Http2Connection._headers,
    DataReceived: Http2Connection._data,
    StreamEnded: Http2Connection._ended,
    StreamReset: Http2Connection._reset,
    ConnectionTerminated: Http2Connection._goodbye,
    WindowUpdated: Http2Connection._window,
}
