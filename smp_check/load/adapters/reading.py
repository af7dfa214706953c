"""What a generator's own output says, before anybody decides what to do with it.

The live adapters make a ``Sample`` of it, ``smp-check import`` a run document.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from smp_check.load.adapters.fields import SourceError
from smp_check.load.capabilities import CAPABILITIES
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, Latency, Remark

LITTLE_MARGIN = 1.05
MOST_CONNECTIONS = 2**31 - 1
MOST_RATE = 1e12
LONGEST = 1e8
"""Seconds."""
EARLIEST = 1980


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One run as its generator tells it; what it does not tell is ``None`` or empty, never zero."""

    generator: str | None
    """``None`` for a table of runs, which does not tell."""
    version: str | None = None
    protocol: Protocol | None = None
    targets: tuple[str, ...] = ()
    start: datetime | None = None
    seconds: float | None = None
    """Time under load."""
    requested_rps: float | None = None
    """``None`` also for a closed loop at full speed; then ``closed_loop`` is true."""
    closed_loop: bool | None = None
    achieved_rps: float | None = None
    connections: int | None = None
    """Really used, where the output tells."""
    counts: Counts | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    """Kind of failure -> an example in the generator's words."""
    latency: Latency
    percentile_method: str
    resolution: float
    """Smallest step of a latency, seconds."""
    labels: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


def warning(code: str, message: str) -> Remark:
    """A remark that a reader should see."""
    return Remark(code=code, severity="warning", message=message)


def note(code: str, message: str) -> Remark:
    """A remark for the curious."""
    return Remark(code=code, severity="note", message=message)


def examined(reading: Reading) -> Reading:
    """The reading with remarks about what cannot be true of it.

    Checks that latencies are finite and ordered, and Little's law: in a closed loop, requests per second times
    mean latency cannot exceed the connections, so that a mix-up of seconds and milliseconds shows.
    """
    found = [*_disorder(reading.latency)]
    found += [] if reading.latency.mean is None else _little(reading, reading.latency.mean)
    return replace(reading, remarks=(*reading.remarks, *found))


def _disorder(latency: Latency) -> list[Remark]:
    order = [("min", latency.min), *latency.percentiles.items(), ("max", latency.max)]
    known = [(name, value) for name, value in order if value is not None]
    if not all(math.isfinite(value) and value >= 0 for _, value in known):
        return [Remark(code="impossible", severity="error", message="a latency is negative or no number")]
    for (name, value), (later, greater) in pairwise(known):
        if value > greater * (1 + 1e-9):
            text = f"{name} ({value:g} s) is above {later} ({greater:g} s)"
            return [Remark(code="impossible", severity="error", message=text)]
    return []


def _little(reading: Reading, mean: float) -> list[Remark]:
    known = CAPABILITIES.get(reading.generator or "")
    if (known and known.open_loop) or not reading.connections or reading.achieved_rps is None:
        return []  # in an open loop more requests may wait than there are connections
    busy = reading.achieved_rps * mean
    if busy <= reading.connections * LITTLE_MARGIN + 1:
        return []
    return [
        warning(
            "impossible",
            f"{reading.achieved_rps:g} requests/s of {mean:g} s each would keep {busy:.1f} connections busy, "
            f"but there were {reading.connections}: is a unit wrong?",
        )
    ]


def bounded(reading: Reading) -> Reading:
    """The reading without numbers that no load generator ever wrote: they say nothing. For files of any origin.

    Raises ``SourceError`` for latencies of that kind.
    """
    latency = reading.latency
    values = [latency.min, latency.mean, latency.max, *latency.percentiles.values()]
    if any(value is not None and not 0 <= value <= LONGEST for value in values) or latency.count > MOST_RATE:
        raise SourceError("its latencies are beyond anything that can be measured")
    return replace(
        reading,
        seconds=_within(reading.seconds, LONGEST),
        requested_rps=_within(reading.requested_rps, MOST_RATE),
        achieved_rps=_within(reading.achieved_rps, MOST_RATE),
        connections=reading.connections if _within(reading.connections, MOST_CONNECTIONS) else None,
        counts=reading.counts if reading.counts is None or reading.counts.sent <= MOST_RATE else None,
        start=reading.start if reading.start is not None and reading.start.year >= EARLIEST else None,
    )


def _within(number: float | None, most: float) -> float | None:
    return number if number is not None and 0 < number <= most else None
