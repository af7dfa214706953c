"""The generator's own process: takes a load and rounds from its parent, and sends back what it counted."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import IO, TYPE_CHECKING, Any, cast

from smp_check.errors import SmpCheckError
from smp_check.load.embedded.child import serve, write_frame

if TYPE_CHECKING:
    from smp_check.load.embedded.engine import Engine


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's loop where it is installed (and ``SMP_CHECK_LOOP`` does not say ``asyncio``), else asyncio's."""
    if os.environ.get("SMP_CHECK_LOOP") == "asyncio":
        return asyncio.new_event_loop()
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    made: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return made


def take_stdout() -> IO[bytes]:
    """Keep the pipe to the parent for messages: whatever else is printed goes to stderr."""
    kept = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return kept


class Worker:
    """Answers the parent's messages, one after the other, in the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, out: IO[bytes]) -> None:
        self._loop = loop
        self._out = out
        self._engine: Engine | None = None

    def take(self, message: tuple[Any, ...]) -> None:
        """Called on the listening thread for each message."""
        asyncio.run_coroutine_threadsafe(self._answer(message), self._loop)

    async def _answer(self, message: tuple[Any, ...]) -> None:
        try:
            write_frame(self._out, await self._handle(message))
        except SmpCheckError as fault:
            write_frame(self._out, fault)
        except Exception as fault:
            import traceback

            traceback.print_exc(file=sys.stderr)
            write_frame(self._out, RuntimeError(f"{type(fault).__name__} in the load generator: {fault}"))

    async def _handle(self, message: tuple[Any, ...]) -> Any:
        from smp_check.load.embedded.engine import Engine

        if message[0] == "open":
            self._engine = Engine(self._loop, message[1], seed=message[2])
            await self._engine.open()
            return ("ready",)
        _, start, seconds, phase = message
        engine = cast("Engine", self._engine)
        return ("done", await engine.measure(start, seconds, phase, self._tick))

    def _tick(self, elapsed: float, sent: int, ok: int, failed: int) -> None:
        write_frame(self._out, ("tick", elapsed, sent, ok, failed))


def main() -> None:
    """Serve until the parent closes the pipe."""
    out = take_stdout()
    loop = new_loop()
    serve(Worker(loop, out).take)
    loop.run_forever()
