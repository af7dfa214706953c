"""One event loop's share of a load: lanes to every origin, driven for one round at a time."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from typing import TYPE_CHECKING

from smp_check.load.embedded.dialer import Dialer, tls_context
from smp_check.load.embedded.direct import better
from smp_check.load.embedded.lane import Lane
from smp_check.load.embedded.protocols import wiring
from smp_check.load.embedded.readiness import Watch
from smp_check.load.embedded.request import divide, rotation, targets_of
from smp_check.load.embedded.settings import settings_of
from smp_check.load.embedded.tally import Tallied

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.load.embedded.request import Origin, Target
    from smp_check.load.port import Load

TICK = 0.1
LEAD_IN = 0.2
"""Seconds of the same load before a round counts: caches, clocks and connections that idled during other rounds."""
DRAIN_POLL = 0.002


class Engine:
    """Connections and schedule of one load; lives in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, load: Load, *, seed: int = 0) -> None:
        self._loop = loop
        self._load = load
        self._settings = settings_of(load)
        self._random = random.Random(f"{load.client} {seed}") if load.arrival == "poisson" else None  # noqa: S311 - no secret
        self._watch = Watch(loop) if better(loop, secure=True) else None
        self._targets = targets_of(load, self._settings)
        self._wires: dict[Origin, list[bytes]] = {}
        self._sent_before: dict[Origin, int] = {}
        self._lanes = self._make_lanes()

    def _make_lanes(self) -> dict[Origin, Lane]:
        total = sum(target.weight for target in self._targets)
        origins: dict[Origin, list[Target]] = {}
        for target in self._targets:
            origins.setdefault(target.origin, []).append(target)
        weights = [sum(target.weight for target in targets) for targets in origins.values()]
        sizes = divide(self._load.connections, weights)
        return {
            origin: self._lane(origin, rotation(targets), weight / total, size)
            for (origin, targets), weight, size in zip(origins.items(), weights, sizes, strict=True)
        }

    def _lane(self, origin: Origin, turns: list[Target], share: float, size: int) -> Lane:
        load, settings = self._load, self._settings
        wired = wiring(load, settings, turns)
        context = tls_context(settings, load.ca_file, wired.alpn) if origin.secure else None
        dialer = Dialer(
            origin,
            wired.connection,
            context,
            server_name=settings.server_name,
            timeout=settings.timeout,
            datagrams=wired.datagrams,
            watch=self._watch if better(self._loop, secure=origin.secure) else None,
        )
        self._wires[origin] = wired.requests
        self._sent_before[origin] = 0
        rate = None if load.rate is None else load.rate * share
        return Lane(self._loop, dialer, wired.requests, rate, size)

    async def open(self) -> None:
        """Open all connections, or learn why one cannot be opened."""
        for lane in self._lanes.values():
            lane.dial()
        deadline = time.perf_counter() + self._settings.timeout
        while not all(lane.settled for lane in self._lanes.values()) and time.perf_counter() < deadline:
            await asyncio.sleep(DRAIN_POLL)

    async def measure(
        self, start: float, seconds: float, phase: float, on_tick: Callable[[float, int, int, int], None]
    ) -> Tallied:
        """One round from ``start`` (of ``perf_counter``), after a lead-in that does not count."""
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            lead_in = min(LEAD_IN, seconds / 5)
            await self._run(start, lead_in, phase, lambda *_: None)
            return await self._run(max(start + lead_in, time.perf_counter()), seconds, phase, on_tick)
        finally:
            gc.enable()

    async def _run(
        self, start: float, seconds: float, phase: float, on_tick: Callable[[float, int, int, int], None]
    ) -> Tallied:
        wall = time.time() + start - time.perf_counter()
        cpu = time.process_time()
        for place, lane in enumerate(self._lanes.values()):
            shift = phase if self._load.rate is None else phase + place / self._load.rate
            lane.begin(start, seconds, phase=shift, poisson=self._random)
        end = start + seconds
        while (now := time.perf_counter()) < end:
            await asyncio.sleep(min(TICK, end - now))
            self._expire()
            lanes = self._lanes.values()
            on_tick(
                time.perf_counter() - start,
                sum(lane.tally.finished + lane.pending for lane in lanes),
                sum(lane.tally.ok for lane in lanes),
                sum(lane.tally.failed for lane in lanes),
            )
        await self._drain(end, seconds)
        return self._collect(wall, start, end, time.process_time() - cpu)

    def _expire(self) -> None:
        before = time.perf_counter() - self._settings.timeout
        for lane in self._lanes.values():
            lane.expire(before)

    async def _drain(self, end: float, seconds: float) -> None:
        """Send what is overdue, for half a round at most; wait for what is on its way, to its timeout."""
        give_up = end + min(self._settings.timeout, max(0.5, seconds / 2))
        while not all(lane.finished for lane in self._lanes.values()):
            await asyncio.sleep(DRAIN_POLL)
            self._expire()
            if time.perf_counter() >= give_up:
                break
        self._unsent = sum(lane.overdue(time.perf_counter()) for lane in self._lanes.values())
        for lane in self._lanes.values():
            lane.stop()
        while any(lane.pending for lane in self._lanes.values()):
            await asyncio.sleep(DRAIN_POLL)
            self._expire()

    def _collect(self, wall: float, start: float, end: float, cpu: float) -> Tallied:
        lanes = self._lanes
        total = Tallied(
            start=wall,
            seconds=max(end, *(lane.last for lane in lanes.values())) - start,
            connections=sum(len(lane.open) for lane in lanes.values()),
            open_loop=self._load.rate is not None,
            cpu=cpu,
            unsent=self._unsent,
        )
        for origin, lane in lanes.items():
            total.take(lane.tally)
            total.bytes_received += sum(connection.received for connection in lane.open)
            total.bytes_sent += self._bytes_sent(origin, lane.tally.finished - lane.tally.missed)
        return total

    def _bytes_sent(self, origin: Origin, sent: int) -> int:
        """Requests take turns, so the bytes follow from how many went out before and in this round."""
        lengths = [len(wire) for wire in self._wires[origin]]
        before = self._sent_before[origin] % len(lengths)
        self._sent_before[origin] += sent
        rounds, rest = divmod(sent, len(lengths))
        return rounds * sum(lengths) + sum(lengths[(before + i) % len(lengths)] for i in range(rest))

    def close(self) -> None:
        """Close all connections at once."""
        for lane in self._lanes.values():
            lane.close()
        if self._watch is not None:
            self._watch.close()
