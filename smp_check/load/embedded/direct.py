"""TCP and TLS without a layer between: one system call for each read and one for each write.

The streams of event loops queue and copy, which pays for large transfers; a load generator sends small messages over
few sockets. Python's TLS gains a sixth without that, and so does asyncio's own loop; uvloop's plain streams, which are
compiled, stay ahead. ``DirectTransport`` serves any ``asyncio.Protocol`` in every loop that can watch sockets
(``add_reader``): uvloop's and asyncio's on Linux and macOS.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.load.embedded.readiness import Watch

BLOCKED = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""Nothing can be read or written just now."""
SMALLEST_READ, LARGEST_READ = 16384, 262144
"""Bytes asked for at once; a TLS record, of at most 16384, never stays behind unread."""


class DirectTransport(asyncio.Transport):
    """One connected socket, whose TLS handshake is over, and the protocol that it serves."""

    def __init__(self, watch: Watch, connected: socket.socket, protocol: asyncio.Protocol) -> None:
        secure = isinstance(connected, ssl.SSLSocket)
        super().__init__({"socket": connected, "ssl_object": connected if secure else None})
        self._watch = watch
        self._socket = connected
        self._fd = connected.fileno()
        self._protocol = protocol
        self._received = protocol.data_received
        self._recv = connected.read if isinstance(connected, ssl.SSLSocket) else connected.recv
        self._send: Callable[[Any], int] = connected.write if isinstance(connected, ssl.SSLSocket) else connected.send
        self._size = SMALLEST_READ
        self._backlog = bytearray()
        self._held = False
        """Nothing may be sent just now: more waits before it, or the end has begun."""
        self._closing = self._closed = False
        self._fault: OSError | None = None
        watch.add(self._fd, self._readable)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send now what the kernel takes, and the rest as soon as it can."""
        if self._held:
            if self._backlog and not self._closing:
                self._backlog += data
            return
        try:
            sent = self._send(data)
        except BLOCKED:
            sent = 0
        except OSError as fault:
            self._broken(fault)
            return
        if sent < len(data):
            self._backlog += memoryview(data)[sent:]
            self._held = True
            self._watch.add_writer(self._fd, self._writable)

    def _broken(self, fault: OSError) -> None:
        """Nothing more can be sent; what the other side said before it went is still to be read."""
        self._fault = fault
        self._held = True
        self._backlog.clear()

    def _writable(self) -> None:
        try:
            with memoryview(self._backlog) as waiting:
                sent = self._send(waiting)
            del self._backlog[:sent]
        except BLOCKED:
            return
        except OSError as fault:
            self._broken(fault)
        if not self._backlog:
            self._watch.remove_writer(self._fd)
            self._held = self._closing or self._fault is not None
            if self._closing:
                self._lose(None)

    def _readable(self) -> None:
        try:
            data = self._recv(self._size)
        except BLOCKED:
            return
        except OSError as fault:
            self._lose(fault)
            return
        if data:
            if len(data) == self._size < LARGEST_READ:
                self._size *= 2
            self._received(data)
        else:
            self._lose(self._fault)

    def close(self) -> None:
        """Send what is still to be sent, then close."""
        if self._closing:
            return
        self._closing = self._held = True
        self._watch.remove(self._fd)
        if not self._backlog:
            self._lose(None)

    def abort(self) -> None:
        """Close at once."""
        self._backlog.clear()
        self._lose(None)

    def is_closing(self) -> bool:
        """Whether the end has begun."""
        return self._closing

    def _lose(self, fault: OSError | None) -> None:
        if self._closed:
            return
        self._closing = self._closed = self._held = True
        self._watch.forget(self._fd)
        self._watch.loop.call_soon(self._end, fault)

    def _end(self, fault: OSError | None) -> None:
        if isinstance(self._socket, ssl.SSLSocket) and fault is None:
            with contextlib.suppress(OSError, ValueError):
                self._socket.unwrap()  # says goodbye; the answer is not waited for
        self._socket.close()
        self._protocol.connection_lost(fault)


def better(loop: asyncio.AbstractEventLoop, *, secure: bool) -> bool:
    """Whether to go past a loop's own streams: Windows' own loop cannot watch sockets, and uvloop is quick in plain."""
    kind = type(loop)
    return not kind.__name__.startswith("Proactor") and (secure or kind.__module__.startswith("asyncio"))


async def connect(
    watch: Watch,
    factory: Callable[[], Any],
    address: str,
    port: int,
    context: ssl.SSLContext | None,
    server_name: str,
) -> tuple[asyncio.Transport, Any]:
    """Connect to a numeric address, shake hands, and give the connection to a new protocol.

    Raises ``OSError``, of which ``ssl.SSLError`` is one.
    """
    family, kind, number, _, where = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
    )[0]
    connected = socket.socket(family, kind, number)
    try:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await _reach(watch, connected, where)
        if context is not None:
            connected = context.wrap_socket(connected, server_hostname=server_name, do_handshake_on_connect=False)
            await _shake_hands(watch, connected)
    except BaseException:
        connected.close()
        raise
    protocol = factory()
    transport = DirectTransport(watch, connected, protocol)
    protocol.connection_made(transport)
    return transport, protocol


async def _reach(watch: Watch, connecting: socket.socket, where: Any) -> None:
    code = connecting.connect_ex(where)
    if code in {errno.EINPROGRESS, errno.EWOULDBLOCK}:
        await _until(watch, connecting.fileno(), writable=True)
        code = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


async def _shake_hands(watch: Watch, secure: ssl.SSLSocket) -> None:
    while True:
        try:
            secure.do_handshake()
        except ssl.SSLWantReadError:
            await _until(watch, secure.fileno(), writable=False)
        except ssl.SSLWantWriteError:
            await _until(watch, secure.fileno(), writable=True)
        else:
            return


async def _until(watch: Watch, fd: int, *, writable: bool) -> None:
    """Wait until a socket can be read, or written, or has failed."""
    ready = watch.loop.create_future()

    def came() -> None:
        if not ready.done():
            ready.set_result(None)

    if writable:
        watch.add_writer(fd, came)
    else:
        watch.add(fd, came)
    try:
        await ready
    finally:
        watch.forget(fd)
