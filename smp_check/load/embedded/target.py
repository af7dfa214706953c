"""A small HTTP server with response times known in advance: the reference workload, the demo's service, the truth.

It lives in a process of its own, so that it and the load generator do not share an interpreter.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from smp_check.load.embedded.child import Child
from smp_check.load.embedded.delays import parse_delay

if TYPE_CHECKING:
    from types import TracebackType


class BuiltinTarget:
    """An HTTP/1.1 server on a free loopback port, running as long as the context.

    It answers every request with 200 and a few bytes after ``delay`` (see ``delays``).
    """

    def __init__(self, delay: str = "none", *, seed: int = 0) -> None:
        parse_delay(delay)  # a bad one fails here, not in the other process
        self._delay = delay
        self._seed = seed
        self._port = 0
        self._stack = ExitStack()

    def __enter__(self) -> BuiltinTarget:
        try:
            self._child = Child("smp_check.load.embedded.server")
            self._stack.callback(self._child.close)
            self._child.send(("serve", self._delay, self._seed))
            self._port = self._child.receive()[1]
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._child.pid

    def set_delay(self, delay: str) -> None:
        """Change the response times from now on. Raises ``InputError`` for a delay that is none."""
        parse_delay(delay)
        self._child.send(("delay", delay, self._seed))
        self._child.receive()
