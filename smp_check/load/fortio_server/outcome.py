"""What several workers measured in a round, as one sample, by the rule for those that are lost or lag. Pure.

* A worker is **lost** when it stops answering, or its run ends without a result. The round is *partial*: what the
  others measured is kept, the round is marked noisy and names the worker. The next round needs all workers again;
  one that is still missing then ends the run, as a failed measurement.
* A worker **lags** when its part ends later than agreed by more than a tenth of the round (at least 0.25 s), or when
  it sent less than 98 % of its share. The round counts all that it measured, is marked noisy and names the worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smp_check.load.adapters.adapter import Measured
from smp_check.load.adapters.reading import Reading
from smp_check.load.adapters.to_sample import merged, sample_of
from smp_check.load.fortio_server.arguments import Share
from smp_check.load.port import Sample
from smp_check.spec.run import WorkerShare
from smp_check.units import format_latency, format_share

LATE_SHARE, LATE_LEAST = 0.1, 0.25
SENT_SHARE = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What became of one share."""

    share: Share
    name: str
    """The worker, for people."""
    reading: Reading | None = None
    late: float = 0.0
    """Seconds after the agreed time at which it must have begun."""
    fault: str | None = None
    """Why there is no reading."""


def with_rate(reading: Reading, rate: float | None) -> Reading:
    """The reading with the true send rate.

    The last connection starts ``(c - 1) / rate`` late, being staggered, and its last call ends the run: the time
    that the calls take at this rate is the run's, plus one gap, less that call.
    """
    if rate is None or not reading.seconds or not reading.latency.count:
        return reading
    seconds = max(reading.seconds + 1 / rate - (reading.latency.mean or 0.0), 1 / rate)
    return replace(reading, achieved_rps=reading.latency.count / seconds, seconds=seconds)


def outcome(parts: Sequence[Part], seconds: float) -> Sample:
    """The sample of a round that at least one worker measured."""
    samples, workers = [], []
    troubles: list[str] = []
    for part in parts:
        if part.reading is None:
            troubles.append(f"partial: worker {part.name} was lost ({part.fault})")
            continue
        sample = _sample(part, part.reading, seconds)
        samples.append(sample)
        workers.append(_share(part, sample))
        troubles += _lag(part, sample, seconds)
    together = merged(samples)
    return replace(
        together,
        workers=tuple(workers),
        noisy=tuple(troubles),
        warnings=(*together.warnings, *troubles),
    )


def _sample(part: Part, reading: Reading, seconds: float) -> Sample:
    """Raises ``SourceError`` for a reading that cannot be true."""
    from datetime import datetime, timezone

    begun = reading.start or datetime.fromtimestamp(0, timezone.utc)
    return sample_of(Measured(reading=reading), part.share.load, start=begun, seconds=seconds)


def _share(part: Part, sample: Sample) -> WorkerShare:
    return WorkerShare(
        worker=part.name,
        url=part.share.load.urls[0],
        start=sample.start,
        requested_rps=part.share.load.rate,
        achieved_rps=sample.achieved_rps,
        connections=sample.connections,
        counts=sample.counts,
        latency=sample.latency,
        late=part.late,
    )


def _lag(part: Part, sample: Sample, seconds: float) -> list[str]:
    found = []
    if part.late > max(LATE_LEAST, LATE_SHARE * seconds):
        found.append(f"worker {part.name} lagged: it was {format_latency(part.late)} late")
    rate = part.share.load.rate
    if rate is not None and sample.achieved_rps < SENT_SHARE * rate:
        found.append(f"worker {part.name} lagged: it sent {format_share(sample.achieved_rps / rate)} of its share")
    return found
