"""Whether a system under test can take load: its health URL answers, or its endpoints accept connections."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smp_check.errors import InputError
from smp_check.subject.ports import listens

if TYPE_CHECKING:
    from collections.abc import Iterable

_INTERVAL = 0.05
_ANSWER_SECONDS = 5.0
_FIRST_ERROR = 400
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What has to be true before load is sent: ``url`` answers below 400 or, without one, ``addresses`` accept."""

    url: str | None = None
    addresses: tuple[tuple[str, int], ...] = ()
    seconds: float
    """How long to wait for it."""

    def __str__(self) -> str:
        return self.url or ", ".join(f"{host}:{port}" for host, port in self.addresses)

    @property
    def met(self) -> bool:
        """Ask now, once."""
        if self.url is not None:
            return _answers(self.url)
        return all(listens(host, port) for host, port in self.addresses)


def readiness(url: str | None, endpoints: Iterable[str], *, seconds: float = 120.0) -> Readiness:
    """What the configuration means by ready. Raises ``InputError`` for an endpoint without a host."""
    if url is not None:
        return Readiness(url=url, seconds=seconds)
    return Readiness(addresses=tuple(dict.fromkeys(map(address, endpoints))), seconds=seconds)


def address(endpoint: str) -> tuple[str, int]:
    """Host and port of an endpoint: a URL, or ``host:port`` as gRPC clients write it."""
    parts = urlsplit(endpoint if "://" in endpoint else f"tcp://{endpoint}")
    try:
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise InputError(
            f"cannot tell whether {endpoint} is ready: it names no host and port",
            hint="write the port into the endpoint, or give check.ready_url",
        )
    return parts.hostname, port


def wait_until(ready: Readiness, hopeless: Callable[[], bool]) -> bool:
    """Ask until the system is ready (true), the time is over or ``hopeless`` says so (false)."""
    deadline = time.monotonic() + ready.seconds
    while True:
        if ready.met:
            return True
        if hopeless() or time.monotonic() > deadline:
            return False
        time.sleep(_INTERVAL)


def _answers(url: str) -> bool:
    import requests
    from urllib3.exceptions import InsecureRequestWarning

    session = requests.Session()
    session.trust_env = False  # the load goes there directly as well, whatever proxy the job has
    with session, suppress(requests.RequestException), warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureRequestWarning)
        # Ready is not trusted: judging the certificate is the load generator's business.
        with session.get(url, timeout=_ANSWER_SECONDS, verify=False, stream=True) as answer:
            return answer.status_code < _FIRST_ERROR
    return False
