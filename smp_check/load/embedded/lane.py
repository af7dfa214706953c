"""One origin's share of a load: its connections, its schedule, and who sends next.

Send times are planned ahead: request k of an open loop is due at ``start + k / rate`` (or after exponential gaps,
for Poisson arrivals). It goes out when it is due if a connection is free, else as soon as one becomes free; its
response time counts from the planned moment either way. No queue is kept: what is due and not yet sent is the
distance between the plan and the clock.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from itertools import cycle
from typing import TYPE_CHECKING, Any

from smp_check.load.embedded.buckets import add_value
from smp_check.load.embedded.tally import Tally
from smp_check.load.embedded.timer import new_timer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smp_check.load.embedded.dialer import Dialer

NEVER = float("inf")
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5
"""Seconds before a failed connection is tried again."""


class Connection:
    """What a lane asks of a connection; one with several streams stands in ``Lane.idle`` once for each."""

    __slots__ = ()
    streams = 1

    def request(self, planned: float, now: float) -> None:
        """Send the next request; ``planned`` is what its response time counts from."""
        raise NotImplementedError

    def expire(self, before: float) -> None:
        """Give up requests sent before this moment."""
        raise NotImplementedError

    def close(self) -> None:
        """Close at once."""
        raise NotImplementedError


class Lane:
    """Mutable state of one origin's load; belongs to one event loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, dialer: Dialer, wire: Sequence[Any], rate: float | None, connections: int
    ) -> None:
        self.loop = loop
        self.dialer = dialer
        self.rate = rate
        self.size = connections
        self.next_wire: Callable[[], Any] = cycle(wire).__next__
        self.idle: deque[Connection] = deque()
        self.open: set[Connection] = set()
        self.tally = Tally()
        self.in_flight = 0
        self.cursor = NEVER
        """When the next request is due; ``NEVER`` when none is left (or the loop is closed)."""
        self.until = 0.0
        self.last = 0.0
        """When the last request went out."""
        self._planned = 0
        self._count = 0
        self._start = 0.0
        self._poisson: random.Random | None = None
        self._pause = FIRST_PAUSE
        self._dialing: set[asyncio.Task[None]] = set()
        self._closed = False
        self.broken: BaseException | None = None
        """A fault of our own while opening a connection."""
        self._timer = new_timer(loop, self.due)

    # The schedule

    def begin(self, start: float, seconds: float, *, phase: float, poisson: random.Random | None) -> None:
        """Plan the requests of a round; ``phase`` shifts this lane's against those of the others."""
        self.tally = Tally()
        self.until = start + seconds
        self._start, self._poisson, self._planned = start + phase, poisson, 0
        self.cursor, self.last = NEVER, start
        if self.rate is None:
            self.loop.call_later(max(0.0, start - time.perf_counter()), self._send_on_all)
            return
        self._count = max(1, round(self.rate * seconds))
        self.cursor = self._start if poisson is None else self._start + poisson.expovariate(self.rate)
        self._timer.arm(self.cursor)

    def _advance(self) -> None:
        self._planned += 1
        rate = self.rate or 1.0
        if self._poisson is not None:
            self.cursor += self._poisson.expovariate(rate)
            if self.cursor >= self.until:
                self.cursor = NEVER
        elif self._planned < self._count:
            self.cursor = self._start + self._planned / rate
        else:
            self.cursor = NEVER

    @property
    def unsent(self) -> int:
        """How many requests were due until now and have not been sent."""
        if self.cursor == NEVER or self.rate is None:
            return 0
        late = min(time.perf_counter(), self.until) - self.cursor
        return max(0, int(late * self.rate) + 1) if late >= 0 else 0

    @property
    def finished(self) -> bool:
        """Nothing is on its way and nothing is due any more."""
        return not self.in_flight and self.cursor == NEVER

    def stop(self) -> None:
        """Send nothing more."""
        self.cursor, self.until = NEVER, 0.0
        self._timer.disarm()

    # Sending

    def due(self) -> None:
        """The timer's call: send what is due over free connections."""
        idle = self.idle
        now = time.perf_counter()
        while self.cursor <= now and idle:
            planned = self.cursor
            self._advance()
            add_value(self.tally.lag, now - planned)
            self._send(idle.popleft(), planned, now)
            now = time.perf_counter()
        if idle and self.cursor != NEVER:
            self._timer.arm(self.cursor)
        else:
            self._timer.disarm()

    def _send(self, connection: Connection, planned: float, now: float) -> None:
        self.tally.sent += 1
        self.in_flight += 1
        self.last = now
        connection.request(planned, now)

    def _send_on_all(self) -> None:
        while self.idle:
            now = time.perf_counter()
            if now >= self.until:
                return
            self._send(self.idle.popleft(), now, now)

    def free(self, connection: Connection, now: float) -> None:
        """A connection can take a request: the next one that is due, or it waits."""
        if self.rate is None:
            if now < self.until:
                self._send(connection, now, now)
            else:
                self.idle.append(connection)
            return
        planned = self.cursor
        if planned > now:
            self.idle.append(connection)
            if len(self.idle) == 1 and planned != NEVER:
                self._timer.arm(planned)
            return
        if self.idle:
            add_value(self.tally.lag, now - planned)
        self._advance()
        self._send(connection, planned, now)

    def failed(self, kind: str, message: str) -> None:
        """A request that was on its way has failed."""
        self.in_flight -= 1
        self.tally.fail(kind, message)

    # Connections

    def dial(self) -> None:
        """Open connections until there are as many as there should be."""
        while not self._closed and len(self.open) + len(self._dialing) < self.size:
            task = self.loop.create_task(self._dial())
            self._dialing.add(task)
            task.add_done_callback(self._dialed)

    def _dialed(self, task: asyncio.Task[None]) -> None:
        self._dialing.discard(task)
        if task.cancelled():
            return
        if task.exception() is not None:
            self.broken = task.exception()
            return
        self.dial()

    async def _dial(self) -> None:
        from smp_check.load.embedded.dialer import DialError

        try:
            await self.dialer.connect(self)
        except DialError as fault:
            self._missed(fault.kind, str(fault))
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _missed(self, kind: str, message: str) -> None:
        """A connection could not be opened: the request that waits for it has failed; with none, only say why."""
        now = time.perf_counter()
        waiting = self.cursor <= now if self.rate is not None else self._start <= now < self.until
        if waiting:
            if self.rate is not None:
                self._advance()
            self.tally.sent += 1
            self.tally.fail(kind, message)
            self.last = now
        else:
            self.tally.faults.setdefault(kind, message)

    def opened(self, connection: Connection) -> None:
        """A new connection is ready."""
        self._pause = FIRST_PAUSE
        self.open.add(connection)
        self.tally.opened += 1
        for _ in range(connection.streams):
            self.free(connection, time.perf_counter())

    def lost(self, connection: Connection) -> None:
        """A connection is gone; another takes its place."""
        self.open.discard(connection)
        while connection in self.idle:
            self.idle.remove(connection)
        self.dial()

    @property
    def settled(self) -> bool:
        """Whether every connection is open, or opening it has failed at least once."""
        if self.broken is not None:
            raise self.broken
        return len(self.open) >= self.size or bool(self.tally.faults)

    def expire(self, before: float) -> None:
        """Give up requests sent before this moment."""
        for connection in tuple(self.open):
            connection.expire(before)

    def close(self) -> None:
        """Close everything at once."""
        self._closed = True
        self.stop()
        self._timer.close()
        for task in tuple(self._dialing):
            task.cancel()
        for connection in tuple(self.open):
            connection.close()
