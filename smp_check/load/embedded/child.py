"""A Python process of our own beside this one: it shares no interpreter lock, and ends when we do.

Messages are pickled frames on its stdin and stdout. The child runs in a session of its own, so that Ctrl-C reaches
only the parent, which closes the pipe; a child whose stdin ends exits.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any, cast

from smp_check.errors import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Callable

_LENGTH = struct.Struct(">I")
_START = "import sys; sys.path[:] = {path!r}; from {module} import main; main()"
GRACE = 0.3
"""Seconds that a child gets to end by itself."""


def write_frame(stream: IO[bytes], message: Any) -> None:
    """Write one message."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Any:
    """Read one message; ``None`` at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    data = stream.read(_LENGTH.unpack(head)[0])
    return pickle.loads(data)  # noqa: S301 - written by our own process over a private pipe


class Child:
    """A running child process, by the module whose ``main()`` it executes."""

    def __init__(self, module: str) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        code = _START.format(path=[os.path.abspath(each) for each in sys.path], module=module)  # noqa: PTH100
        flags: dict[str, Any] = {"creationflags": 0x200} if os.name == "nt" else {"start_new_session": True}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            **flags,
        )
        self._in = cast("IO[bytes]", self._process.stdin)
        self._out = cast("IO[bytes]", self._process.stdout)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def send(self, message: Any) -> None:
        """Give the child a message. Raises ``MeasurementError`` if it is gone."""
        try:
            write_frame(self._in, message)
        except (OSError, ValueError) as fault:
            raise self._gone() from fault

    def receive(self) -> Any:
        """Wait for the child's next message. Raises ``MeasurementError`` if it is gone, or the error that it sends."""
        try:
            message = read_frame(self._out)
        except (OSError, ValueError, EOFError) as fault:
            raise self._gone() from fault
        if message is None:
            raise self._gone()
        if isinstance(message, Exception):
            raise message
        return message

    def _gone(self) -> MeasurementError:
        said = ""
        if not self._errors.closed:
            self._errors.seek(0)
            said = self._errors.read()[-2000:].decode(errors="replace").strip().rpartition("\n")[2]
        return MeasurementError(f"a process of the load generator ended unexpectedly{': ' if said else ''}{said}")

    def close(self) -> None:
        """End the process: at once if it does not by itself."""
        with contextlib.suppress(OSError):
            self._in.close()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._out.close()
        self._errors.close()


def serve(handle: Callable[[Any], None]) -> None:
    """In the child: give each message to ``handle`` on a thread of its own, and exit when there will be no more."""

    def listen() -> None:
        while (message := read_frame(sys.stdin.buffer)) is not None:
            handle(message)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
