"""The direct transport keeps asyncio's promises to its protocol, over TCP and TLS, in both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from smp_check.load.embedded import direct
from smp_check.load.embedded.readiness import Watch

LOOPS = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}
BIG = bytes(range(256)) * 40_000
"""More than the buffers of any kernel: 10 MB."""


@dataclass
class Listening(asyncio.Protocol):
    """Keeps all that it is told."""

    loop: asyncio.AbstractEventLoop
    data: bytearray = field(default_factory=bytearray)
    ends: list[Exception | None] = field(default_factory=list)
    ended: Any = None

    def __post_init__(self) -> None:
        self.ended = self.loop.create_future()

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends.append(exc)
        if not self.ended.done():
            self.ended.set_result(None)


@pytest.fixture(params=sorted(LOOPS))
def loop(request: pytest.FixtureRequest) -> Iterator[asyncio.AbstractEventLoop]:
    made = LOOPS[request.param]()
    yield made
    made.close()


@pytest.fixture(params=["tcp", "tls"])
def contexts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """TLS contexts of the server and the client, or neither."""
    if request.param == "tcp":
        return None, None
    import trustme

    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    return server, client


@contextlib.contextmanager
def serving(converse: Callable[[socket.socket], None], context: ssl.SSLContext | None) -> Iterator[int]:
    """One conversation on a port of its own."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            if context is None:
                converse(connection)
                return
            with context.wrap_socket(connection, server_side=True) as secure:
                converse(secure)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # so that much waits on the other side
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(30)
        assert not thread.is_alive()


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65536):
        connection.sendall(data)


def take_all(into: bytearray) -> Callable[[socket.socket], None]:
    def converse(connection: socket.socket) -> None:
        while data := connection.recv(65536):
            into.extend(data)

    return converse


async def connected(
    loop: asyncio.AbstractEventLoop, port: int, context: ssl.SSLContext | None
) -> tuple[asyncio.Transport, Listening]:
    watch = Watch(loop)
    transport, protocol = await direct.connect(watch, lambda: Listening(loop), "127.0.0.1", port, context, "localhost")
    assert isinstance(protocol, Listening)
    return transport, protocol


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


def test_what_is_written_arrives_whole_however_much_it_is(loop: asyncio.AbstractEventLoop, contexts: Any) -> None:
    async def talk(port: int) -> None:
        transport, protocol = await connected(loop, port, contexts[1])
        transport.write(BIG)
        transport.write(b"and the end")  # while the first still waits
        await until(lambda: len(protocol.data) == len(BIG) + 11)
        assert protocol.data == BIG + b"and the end"
        transport.close()
        await protocol.ended
        assert protocol.ends == [None]

    with serving(echo, contexts[0]) as port:
        loop.run_until_complete(talk(port))


@pytest.mark.parametrize("end", ["close", "abort"])
def test_closing_sends_what_waits_and_aborting_does_not(
    loop: asyncio.AbstractEventLoop, contexts: Any, end: str
) -> None:
    came, gone = bytearray(), threading.Event()

    def read_late(connection: socket.socket) -> None:
        if end == "abort":
            gone.wait(20)
        take_all(came)(connection)

    async def talk(port: int) -> None:
        transport, protocol = await connected(loop, port, contexts[1])
        transport.write(BIG)
        getattr(transport, end)()
        assert transport.is_closing()
        transport.write(b"too late")
        transport.close()
        await protocol.ended
        await asyncio.sleep(0)
        assert protocol.ends == [None], "the end is told once"
        gone.set()

    with serving(read_late, contexts[0]) as port:
        loop.run_until_complete(talk(port))
    assert BIG.startswith(came)
    assert (len(came) == len(BIG)) == (end == "close")


def test_the_other_sides_end_is_told(loop: asyncio.AbstractEventLoop, contexts: Any) -> None:
    async def talk(port: int) -> None:
        transport, protocol = await connected(loop, port, contexts[1])
        await protocol.ended
        assert protocol.data == b"last words"
        assert protocol.ends == [None]
        assert transport.is_closing()

    with serving(lambda connection: connection.sendall(b"last words"), contexts[0]) as port:
        loop.run_until_complete(talk(port))


@pytest.mark.parametrize("writing", [False, True])
def test_a_reset_is_told_at_once(loop: asyncio.AbstractEventLoop, writing: bool) -> None:
    """libuv stops watching a socket that was reset, and says nothing: waiting for it must not hang."""

    def reset(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def talk(port: int) -> None:
        transport, protocol = await connected(loop, port, None)
        transport.write(BIG if writing else b"hello")
        await asyncio.wait_for(protocol.ended, 20)
        assert len(protocol.ends) == 1
        assert writing or isinstance(protocol.ends[0], ConnectionResetError)

    with serving(reset, None) as port:
        loop.run_until_complete(talk(port))


def test_an_answer_is_read_though_the_request_is_not(loop: asyncio.AbstractEventLoop) -> None:
    came = threading.Event()

    def refuse(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"413")
        came.wait(20)

    async def talk(port: int) -> None:
        transport, protocol = await connected(loop, port, None)
        transport.write(BIG)
        await until(lambda: protocol.data == b"413")
        came.set()
        await asyncio.wait_for(protocol.ended, 20)

    with serving(refuse, None) as port:
        loop.run_until_complete(talk(port))


def test_failing_to_connect_or_to_shake_hands_raises_and_leaves_nothing_open(loop: asyncio.AbstractEventLoop) -> None:
    async def to(port: int, context: ssl.SSLContext | None) -> None:
        await connected(loop, port, context)

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            loop.run_until_complete(to(unused.getsockname()[1], None))
    plain = serving(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None)
    with plain as port, pytest.raises(ssl.SSLError):
        loop.run_until_complete(to(port, ssl.create_default_context()))


def test_cancelling_the_handshake_closes_the_socket(loop: asyncio.AbstractEventLoop) -> None:
    came = bytearray()

    async def give_up(port: int) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(connected(loop, port, ssl.create_default_context()), 0.2)

    with serving(take_all(came), None) as port:  # listens, and never answers: its end shows that we have gone
        loop.run_until_complete(give_up(port))
    assert came[:1] == b"\x16", "the client's hello"
