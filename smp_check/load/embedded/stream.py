"""A request of HTTP/2 before it is sent, and while it is on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from h2.connection import H2Connection
from h2.events import ConnectionTerminated, Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hyperframe.frame import GoAwayFrame

    Headers = Sequence[tuple[bytes, bytes]]


class PatientConnection(H2Connection):
    """The h2 library takes GOAWAY for the end, but requests under way are still answered (RFC 9113, 6.8)."""

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Any], list[Event]]:
        left = ConnectionTerminated()
        left.last_stream_id = frame.last_stream_id
        return [], [left]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request ready to be sent; its length is what the run counts as sent: header and body before compression."""

    headers: Headers
    body: bytes

    def __len__(self) -> int:
        return sum(len(name) + len(value) for name, value in self.headers) + len(self.body)


class Stream:
    """One request and its answer."""

    __slots__ = ("answer", "first", "headers", "planned", "sent", "unsent")

    def __init__(self, planned: float, sent: float) -> None:
        self.planned = planned
        self.sent = sent
        self.first = 0.0
        self.headers: dict[bytes, bytes] = {}
        self.answer = b""
        self.unsent = b""
