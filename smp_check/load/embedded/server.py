"""The built-in target's process: a minimal HTTP/1.1 server whose answers leave at the planned moment."""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from itertools import count
from typing import IO, TYPE_CHECKING, Any, cast

import httptools

from smp_check.load.embedded.child import serve, write_frame
from smp_check.load.embedded.delays import parse_delay
from smp_check.load.embedded.timer import new_timer
from smp_check.load.embedded.worker import new_loop, take_stdout

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = b"smp-check built-in target\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(BODY)
BUFFER = memoryview(bytearray(65536))


class Delayer:
    """Calls back at planned moments: one precise timer, and a heap of what waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = new_timer(loop, self._wake)
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._start = time.perf_counter()
        self.configure("none", 0)

    def configure(self, delay: str, seed: int) -> None:
        """Draw delays in this way from now on."""
        self._draw = parse_delay(delay)
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._none = delay == "none"

    def after_delay(self, callback: Callable[[], None]) -> None:
        """Call back when this request's delay is over."""
        if self._none:
            callback()
            return
        now = time.perf_counter()
        at = now + self._draw(self._chance, now - self._start)
        heapq.heappush(self._waiting, (at, next(self._number), callback))
        if self._waiting[0][0] == at:
            self._timer.arm(at)

    def _wake(self) -> None:
        waiting = self._waiting
        while waiting and waiting[0][0] <= time.perf_counter():
            heapq.heappop(waiting)[2]()
        if waiting:
            self._timer.arm(waiting[0][0])
        else:
            self._timer.disarm()


class Connection(asyncio.BufferedProtocol):
    """One client's connection; answers leave in the order of the requests only if their delays do."""

    def __init__(self, delayer: Delayer) -> None:
        self._delayer = delayer
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the transport reads into."""
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        try:
            self._parser.feed_data(BUFFER[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._transport.close()

    def on_message_complete(self) -> None:
        """A whole request is here."""
        head = self._parser.get_method() == b"HEAD"
        keep = self._parser.should_keep_alive()
        self._delayer.after_delay(lambda: self._answer(head, keep))

    def _answer(self, head: bool, keep: bool) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(ANSWER if head else ANSWER + BODY)
        if not keep:
            self._transport.close()


class Server:
    """Answers the parent's messages in the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, out: IO[bytes]) -> None:
        self._loop = loop
        self._out = out
        self._delayer = Delayer(loop)

    def take(self, message: tuple[Any, ...]) -> None:
        """Called on the listening thread for each message."""
        asyncio.run_coroutine_threadsafe(self._handle(*message), self._loop)

    async def _handle(self, what: str, delay: str, seed: int) -> None:
        self._delayer.configure(delay, seed)
        port = 0
        if what == "serve":
            self._server = await self._loop.create_server(
                lambda: Connection(self._delayer), "127.0.0.1", 0, backlog=1024
            )
            port = self._server.sockets[0].getsockname()[1]
        write_frame(self._out, ("ready", port))


def main() -> None:
    """Serve until the parent closes the pipe."""
    out = take_stdout()
    loop = new_loop()
    serve(Server(loop, out).take)
    loop.run_forever()
