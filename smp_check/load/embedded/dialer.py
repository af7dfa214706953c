"""Opening connections: names, addresses and TLS, with every failure named by its kind."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from typing import TYPE_CHECKING, Any, cast

from smp_check.errors import InputError
from smp_check.load.embedded import direct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smp_check.load.embedded.readiness import Watch
    from smp_check.load.embedded.request import Origin
    from smp_check.load.embedded.settings import Settings


class DialError(Exception):
    """A connection could not be opened; ``kind`` is a key of ``Counts.errors``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Dialer:
    """Opens TCP connections, with TLS where the origin wants it, to one origin."""

    def __init__(
        self,
        origin: Origin,
        factory: Callable[[Any], asyncio.BaseProtocol],
        context: ssl.SSLContext | None,
        *,
        server_name: str | None = None,
        timeout: float,
        datagrams: bool = False,
        watch: Watch | None = None,
    ) -> None:
        """With a ``watch`` sockets are read and written directly; without it through the loop's own streams."""
        self.origin = origin
        self._factory = factory
        self._context = context
        self._server_name = server_name or origin.host
        self._timeout = timeout
        self._datagrams = datagrams
        self._watch = watch
        self._addresses: list[str] = []

    async def connect(self, owner: Any) -> None:
        """Open one connection for its ``owner``, trying each address of the name. Raises ``DialError``."""
        faults: list[DialError] = []
        for address in await self._resolve():
            try:
                await asyncio.wait_for(self._open(owner, address), self._timeout)
            except DialError as fault:
                faults.append(fault)
                continue
            except (OSError, asyncio.TimeoutError, ssl.SSLError) as fault:
                faults.append(self._explained(fault))
                continue
            if faults:  # this address works: begin with it next time
                self._addresses.sort(key=lambda each: each != address)
            return
        raise faults[0]

    async def _open(self, owner: Any, address: str) -> None:
        loop = asyncio.get_running_loop()
        if self._datagrams:
            there = (address, self.origin.port)
            await loop.create_datagram_endpoint(lambda: cast("Any", self._factory(owner)), remote_addr=there)
            return
        transport, protocol = await self._stream(loop, lambda: cast("Any", self._factory(owner)), address)
        ready = getattr(protocol, "ready", None)
        if ready is not None:
            try:
                await ready
            except asyncio.CancelledError:
                transport.abort()
                raise

    async def _stream(
        self, loop: asyncio.AbstractEventLoop, factory: Callable[[], Any], address: str
    ) -> tuple[asyncio.Transport, Any]:
        if self._watch is not None:
            return await direct.connect(
                self._watch, factory, address, self.origin.port, self._context, self._server_name
            )
        secure: dict[str, Any] = {"ssl": self._context, "server_hostname": self._server_name} if self._context else {}
        return await loop.create_connection(factory, address, self.origin.port, **secure)

    async def _resolve(self) -> Sequence[str]:
        if not self._addresses:
            loop = asyncio.get_running_loop()
            try:
                found = await loop.getaddrinfo(self.origin.host, self.origin.port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as fault:
                reason = getattr(fault, "strerror", None) or str(fault)
                raise DialError("dns", f"the name {self.origin.host} does not resolve: {reason}") from fault
            self._addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        return tuple(self._addresses)

    def _explained(self, fault: Exception) -> DialError:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return DialError("tls", f"the TLS certificate of {self.origin} was refused: {fault.verify_message}")
        if isinstance(fault, ssl.SSLError):
            return DialError("tls", f"no TLS connection to {self.origin}: {fault.reason or fault}")
        if isinstance(fault, (asyncio.TimeoutError, TimeoutError)):
            return DialError("timeout", f"no connection to {self.origin} in {self._timeout:g} s")
        if self._context is not None and isinstance(fault, ConnectionResetError):
            return DialError("tls", f"{self.origin} ended the connection during the TLS handshake")
        number = getattr(fault, "errno", None)
        reason = os.strerror(number) if number else str(fault)
        return DialError("connect", f"no connection to {self.origin}: {reason}")


def tls_context(settings: Settings, ca_file: str | None, alpn: Sequence[str]) -> ssl.SSLContext:
    """How to speak TLS. Raises ``InputError`` for certificates that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as fault:
        raise InputError(f"ssl_certificate {ca_file} is of no use: {_reason(fault)}") from fault
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert:
        try:
            context.load_cert_chain(settings.cert, settings.key)
        except (OSError, ssl.SSLError) as fault:
            raise InputError(f"--cert {settings.cert} is of no use: {_reason(fault)}") from fault
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def _reason(fault: OSError) -> str:
    if isinstance(fault, ssl.SSLError):
        return "it is no certificate in PEM" if fault.reason in {None, "NO_CERTIFICATE_OR_CRL_FOUND"} else fault.reason
    return fault.strerror or str(fault)
