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
from smp_check.load.embedded.dialer import Dialer, DialError
from smp_check.load.embedded.schedule import NEVER, Schedule
from smp_check.load.embedded.tally import Tally
from smp_check.load.embedded.timer import new_timer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smp_check.load.embedded.connection import Connection

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5
"""Seconds before a failed connection is tried again."""


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
        self._again: deque[float] = deque()
        self.open: set[Connection] = set()
        self.tally: Tally
        self.renew()
        self.plan = Schedule()
        """Of an open loop; never due in a closed one."""
        self.start = self.until = 0.0
        self.last = 0.0
        """When the last request of the round went out, if after its planned end."""
        self._pause = FIRST_PAUSE
        self._dialing: set[asyncio.Task[None]] = set()
        self._closed = False
        self.broken: BaseException | None = None
        """A fault of our own while opening a connection."""
        self._timer = new_timer(loop, self.due)

    def begin(self, start: float, seconds: float, *, phase: float, poisson: random.Random | None) -> None:
        """Plan the requests of a round; ``phase`` shifts this lane's against those of the others."""
        self.renew()
        self.start, self.until, self.last = start, start + seconds, start
        if self.rate is None:
            self.loop.call_later(max(0.0, start - time.perf_counter()), self._send_on_all)
            return
        self.plan.begin(start, seconds, self.rate, phase, poisson)
        self._timer.arm(self.plan.cursor)

    def renew(self) -> None:
        """Count from nothing; the hot loops reach the counts without a detour."""
        self.tally = Tally()
        self.status, self.service, self.response = self.tally.status, self.tally.service, self.tally.response
        for connection in self.open:
            connection.received = 0

    @property
    def pending(self) -> int:
        """Requests on their way."""
        return sum(connection.pending for connection in self.open)

    @property
    def finished(self) -> bool:
        """Nothing is on its way and nothing is due any more."""
        return self.plan.cursor == NEVER and not self.pending and not self._again

    def overdue(self, now: float) -> int:
        """Requests that were due by now and are not on their way."""
        return self.plan.overdue(now) + len(self._again)

    def stop(self) -> None:
        """Send nothing more."""
        self.plan.stop()
        self._again.clear()
        self.until = 0.0
        self._timer.disarm()

    def due(self) -> None:
        """The timer's call: send what is due over free connections."""
        idle, plan = self.idle, self.plan
        now = time.perf_counter()
        while self._again and idle:
            self._send(idle.popleft(), self._again.popleft(), now)
        while plan.cursor <= now and idle:
            planned = plan.cursor
            plan.advance()
            add_value(self.tally.lag, now - planned)
            self._send(idle.popleft(), planned, now)
            now = time.perf_counter()
        if idle and plan.cursor != NEVER:
            self._timer.arm(plan.cursor)
        else:
            self._timer.disarm()

    def _send(self, connection: Connection, planned: float, now: float) -> None:
        if now > self.until:
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
                connection.request(now, now)
            else:
                connection.rest()
                self.idle.append(connection)
            return
        if self._again:
            self._send(connection, self._again.popleft(), now)
            return
        planned = self.plan.cursor
        if planned > now:
            connection.rest()
            self.idle.append(connection)
            if len(self.idle) == 1 and planned != NEVER:
                self._timer.arm(planned)
            return
        if self.idle:
            add_value(self.tally.lag, now - planned)
        self.plan.advance()
        self._send(connection, planned, now)

    def count(self, planned: float, sent: float, first: float, now: float, status: int, fault: str | None) -> None:
        """Count one answer; ``fault`` says what is wrong with it. (HTTP/1.1 does the same inline.)"""
        tally = self.tally
        tally.status[status] += 1
        if fault is not None:
            tally.fail("status", fault)
            return
        add_value(tally.service, now - sent)
        if self.rate is not None:
            add_value(tally.response, now - planned)
        if first and first < now:
            add_value(tally.split, now - sent)
            add_value(tally.first, first - sent)

    def again(self, planned: float) -> None:
        """Send a request once more that its server has not touched; its response time goes on counting."""
        self.tally.repeated += 1
        if self.rate is not None:
            self._again.append(planned)
            self.loop.call_soon(self.due)

    def dial(self) -> None:
        """Open connections until there are as many as there should be."""
        while not self._closed and len(self.open) + len(self._dialing) < self.size:
            task = self.loop.create_task(self._dial())
            self._dialing.add(task)
            task.add_done_callback(self._dialed)

    def _dialed(self, task: asyncio.Task[None]) -> None:
        self._dialing.discard(task)
        if not task.cancelled():
            self.broken = task.exception()
            if self.broken is None:
                self.dial()

    async def _dial(self) -> None:
        try:
            await self.dialer.connect(self)
        except DialError as fault:
            self._missed(fault.kind, str(fault))
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _missed(self, kind: str, message: str) -> None:
        """A connection could not be opened: the request that waits for it has failed; with none, only say why."""
        now = time.perf_counter()
        waiting = self.plan.cursor <= now if self.rate is not None else self.start <= now < self.until
        if waiting:
            if self.rate is not None:
                self.plan.advance()
            self.tally.missed += 1
            self.tally.fail(kind, message)
            self.last = max(self.last, now)
        else:
            self.tally.faults.setdefault(kind, message)

    def opened(self, connection: Connection) -> None:
        """A new connection is ready."""
        self._pause = FIRST_PAUSE
        self.open.add(connection)
        self.tally.opened += 1
        for _ in range(connection.streams):
            self.free(connection, time.perf_counter())

    def retire(self, connection: Connection) -> None:
        """A connection takes no more requests."""
        while connection in self.idle:
            self.idle.remove(connection)

    def lost(self, connection: Connection) -> None:
        """A connection is gone; another takes its place."""
        self.open.discard(connection)
        self.tally.bytes_received += connection.received
        self.retire(connection)
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
