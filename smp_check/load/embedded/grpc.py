"""Unary gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from urllib.parse import unquote

from smp_check.load.embedded.http2 import Http2Connection

if TYPE_CHECKING:
    from smp_check.load.embedded.lane import Lane
    from smp_check.load.embedded.stream import Stream

HEALTH_CHECK = "/grpc.health.v1.Health/Check"
SERVING = b"\x00\x00\x00\x00\x02\x08\x01"
"""A ``HealthCheckResponse`` with status SERVING (grpc/health/v1/health.proto), framed."""
HEADERS = {"content-type": "application/grpc", "te": "trailers"}
STATUS = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
}


def frame(message: bytes) -> bytes:
    """A message as gRPC sends it: not compressed, its length before it."""
    return struct.pack(">BI", 0, len(message)) + message


class GrpcConnection(Http2Connection):
    """Success is gRPC status OK, and SERVING for a health check."""

    def __init__(self, lane: Lane, ok: bytes, streams: int, *, health: bool) -> None:
        super().__init__(lane, ok, streams)
        self.keep_body = health

    def judge(self, stream: Stream) -> str | None:
        """What is wrong with an answer, or ``None`` for a success."""
        origin = self._lane.dialer.origin
        status = stream.headers.get(b"grpc-status")
        if status is None:
            return f"{origin} answered {self._code(stream)} without a gRPC status: is it a gRPC server?"
        if status != b"0":
            name = STATUS.get(int(status) if status.isdigit() else 0, status.decode("latin-1"))
            said = unquote(stream.headers.get(b"grpc-message", b"").decode("latin-1"))
            return f"{origin} answered gRPC status {name}{': ' if said else ''}{said}"
        if self.keep_body and stream.answer != SERVING:
            return f"the health service of {origin} does not answer SERVING"
        return None
