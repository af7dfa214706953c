"""A small service that answers HTTP/1.1 requests with JSON. `python service.py PORT`.

A few hundred bytes for `/`, a whole catalogue of about 30 kB for `/all`.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys


def answer(items: int) -> bytes:
    """The whole answer with so many items."""
    body = json.dumps({"items": [{"sku": f"A-{n}", "price": 100 + n} for n in range(items)]}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


FEW, ALL = answer(8), answer(1000)


class Service(asyncio.BufferedProtocol):
    """One connection; requests come one after another and carry no body."""

    def __init__(self) -> None:
        self.buffer = bytearray(65_536)
        self.seen = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller connects."""
        self.transport = transport  # type: ignore[assignment]

    def get_buffer(self, _size: int) -> bytearray:
        """Where the next bytes go."""
        return self.buffer

    def buffer_updated(self, size: int) -> None:
        """Answer every request head that is complete."""
        *heads, self.seen = (self.seen + self.buffer[:size]).split(b"\r\n\r\n")
        if heads and self.transport is not None:
            self.transport.write(b"".join(ALL if head.startswith(b"GET /all ") else FEW for head in heads))


async def serve(port: int) -> None:
    """Serve until told to stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await loop.create_server(Service, "127.0.0.1", port)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
