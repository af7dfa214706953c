"""A request of HTTP/2 before it is sent, and while it is on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Headers = Sequence[tuple[bytes, bytes]]


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
