"""A small service: answers every HTTP/1.1 request with a few hundred bytes of JSON. `python service.py PORT`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

BODY = json.dumps({"items": [{"sku": f"A-{n}", "price": 100 + n} for n in range(8)]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


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
            self.transport.write(ANSWER * len(heads))


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
