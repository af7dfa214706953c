"""What happened to the requests of one round: counted where it happens, merged over lanes and processes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from smp_check.load.embedded.buckets import new_counts, sparse, to_histogram
from smp_check.load.port import Sample
from smp_check.spec.run import Counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.spec.run import Latency


STATUSES = 1000


class Tally:
    """Mutable counts of one lane in one round. Memory does not grow with the number of requests.

    Only what happens is counted, each request once: what was sent is what ended and what is still on its way.
    """

    __slots__ = (
        "bytes_received",
        "errors",
        "faults",
        "first",
        "lag",
        "missed",
        "opened",
        "repeated",
        "response",
        "service",
        "split",
        "status",
    )

    def __init__(self) -> None:
        self.response = new_counts()
        """From the planned send time; stays empty in a closed loop."""
        self.service = new_counts()
        """From the actual send time."""
        self.split = new_counts()
        """The part of ``service`` whose answers took more than one read..."""
        self.first = new_counts()
        """...and the time to the first byte of those; for all others it is the service time."""
        self.lag = new_counts()
        self.status = [0] * STATUSES
        """Answers by HTTP status code; those of protocols without one are at 0."""
        self.errors: dict[str, int] = {}
        self.faults: dict[str, str] = {}
        self.missed = 0
        """Failures before anything could be sent, for want of a connection."""
        self.repeated = 0
        """Requests sent once more, which the server had not touched."""
        self.opened = 0
        self.bytes_received = 0

    def fail(self, kind: str, message: str) -> None:
        """Count one failed request; the first message of a kind is kept as its example."""
        self.errors[kind] = self.errors.get(kind, 0) + 1
        self.faults.setdefault(kind, message)

    @property
    def failed(self) -> int:
        """Requests that did not succeed."""
        return sum(self.errors.values())

    @property
    def ok(self) -> int:
        """Answers that count as success."""
        return sum(self.status) - self.errors.get("status", 0)

    @property
    def finished(self) -> int:
        """Requests of which the end is known."""
        return self.ok + self.failed


@dataclass(slots=True, kw_only=True)
class Tallied:
    """The outcome of one round in a form that travels between processes and can be added up."""

    start: float
    """Wall clock, seconds since the epoch."""
    seconds: float
    """Length of the round: to its planned end, or to the last request sent if that was later."""
    connections: int
    open_loop: bool
    cpu: float
    """CPU seconds that the generator's own process used."""
    unsent: int = 0
    """Requests that were due in the round and never sent: all connections stayed busy."""
    repeated: int = 0
    sent: int = 0
    ok: int = 0
    opened: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    status: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    response: Counter[int] = field(default_factory=Counter)
    service: Counter[int] = field(default_factory=Counter)
    first: Counter[int] = field(default_factory=Counter)
    lag: Counter[int] = field(default_factory=Counter)

    def take(self, tally: Tally) -> None:
        """Add what one lane counted."""
        self.sent += tally.finished
        self.ok += tally.ok
        self.opened += tally.opened
        self.repeated += tally.repeated
        self.bytes_received += tally.bytes_received
        self.status.update({code: count for code, count in enumerate(tally.status) if code and count})
        self.errors.update(tally.errors)
        self.faults = {**tally.faults, **self.faults}
        self.response.update(sparse(tally.response))
        self.service.update(sparse(tally.service))
        self.lag.update(sparse(tally.lag))
        whole = Counter(sparse(tally.service))
        whole.subtract(sparse(tally.split))
        whole.update(sparse(tally.first))
        self.first.update(whole)

    def add(self, other: Tallied) -> None:
        """Add what another process counted in the same round."""
        self.start = min(self.start, other.start)
        self.seconds = max(self.seconds, other.seconds)
        for name in (
            "connections",
            "cpu",
            "unsent",
            "repeated",
            "sent",
            "ok",
            "opened",
            "bytes_received",
            "bytes_sent",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("status", "errors", "response", "service", "first", "lag"):
            getattr(self, name).update(getattr(other, name))
        self.faults = {**other.faults, **self.faults}


def merged(parts: Sequence[Tallied]) -> Tallied:
    """One round of several processes."""
    first, *others = parts
    for other in others:
        first.add(other)
    return first


def _summary(counted: Counter[int]) -> Latency:
    return to_histogram(counted).summary()


def to_sample(total: Tallied, workers: int = 1) -> Sample:
    """What the session's caller gets: distributions as HdrHistograms, counts, and warnings in words."""
    service = _summary(total.service)
    start = datetime.fromtimestamp(total.start, timezone.utc)
    return Sample(
        start=start,
        end=datetime.fromtimestamp(total.start + total.seconds, timezone.utc),
        achieved_rps=total.sent / total.seconds if total.seconds else 0.0,
        connections=total.connections,
        counts=Counts(
            sent=total.sent,
            ok=total.ok,
            errors=dict(total.errors),
            status={str(code): count for code, count in sorted(total.status.items())},
            bytes_received=total.bytes_received,
            bytes_sent=total.bytes_sent,
            connections_opened=total.opened,
        ),
        latency=_summary(total.response) if total.open_loop else service,
        service_time=service,
        first_byte=_summary(total.first),
        schedule_lag=to_histogram(total.lag).percentile(99) if total.lag else None,
        generator_cpu=total.cpu / total.seconds / workers if total.seconds else None,
        faults=total.faults,
        warnings=_warnings(total),
    )


def _warnings(total: Tallied) -> tuple[str, ...]:
    found = []
    if total.unsent:
        found.append(
            f"{total.unsent} planned requests were never sent, all connections being busy; "
            "their waiting time is missing in the latencies"
        )
    if total.repeated:
        found.append(f"{total.repeated} requests were sent again: the server had just closed their idle connections")
    return tuple(found)
