"""Ports on this machine: free ones to hand out, and whether something listens on one."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

from smp_check.errors import MeasurementError

BLOCK = 8
"""Consecutive free ports that one start command may use, from ``SMP_CHECK_PORT`` on."""
_RANGE = (20_000, 32_000)
"""Below the ports that Linux, macOS and Windows give to outgoing connections, so that none takes a free one."""
_ATTEMPTS = 400
_CONNECT_SECONDS = 1.0


def free_port() -> int:
    """The first of ``BLOCK`` consecutive free ports. Raises ``MeasurementError`` if there are none left."""
    chance = random.SystemRandom()
    for _ in range(_ATTEMPTS):
        port = chance.randrange(*_RANGE)
        if _all_free(range(port, port + BLOCK)):
            return port
    raise MeasurementError(
        f"no {BLOCK} consecutive free ports between {_RANGE[0]} and {_RANGE[1]}",
        hint="too much listens on this machine; give the URL of a running service instead of check.setup",
    )


def _all_free(ports: range) -> bool:
    with ExitStack() as stack:
        for port in ports:
            probe = stack.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


def listens(host: str, port: int) -> bool:
    """Whether a TCP connection to the address is accepted."""
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False
