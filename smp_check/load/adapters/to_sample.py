"""A reading as the driver's ``Sample``: what the output does not tell is filled from the load and our own clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from smp_check.load.adapters.adapter import Measured
from smp_check.load.adapters.distribution import with_ends
from smp_check.load.adapters.fields import SourceError
from smp_check.load.port import Load, Sample
from smp_check.spec.histogram import merge
from smp_check.spec.run import Counts, Latency


def sample_of(measured: Measured, load: Load, *, start: datetime, seconds: float) -> Sample:
    """The sample of one process. Raises ``SourceError`` when the reading has no counts or cannot be true."""
    reading = measured.reading
    impossible = [remark.message for remark in reading.remarks if remark.severity == "error"]
    if impossible:
        raise SourceError("; ".join(impossible))
    if reading.counts is None:
        raise SourceError("it does not say how many requests were sent")
    begin = reading.start or start
    lasted = reading.seconds or seconds
    rate = reading.achieved_rps if reading.achieved_rps is not None else reading.counts.sent / lasted
    used = reading.connections or load.connections
    warnings = [remark.message for remark in reading.remarks if remark.severity == "warning"]
    if used < load.connections:
        warnings.append(f"{reading.generator} used {used} of the {load.connections} connections asked for")
    return Sample(
        start=begin,
        end=begin + timedelta(seconds=lasted),
        achieved_rps=rate,
        connections=used,
        counts=reading.counts,
        latency=reading.latency,
        service_time=measured.service_time,
        schedule_lag=measured.schedule_lag,
        warnings=tuple(warnings),
        faults={kind: _fault(kind, measured, load) for kind in reading.counts.errors},
    )


def _fault(kind: str, measured: Measured, load: Load) -> str:
    """One failure in words, naming where."""
    reading = measured.reading
    if kind in reading.faults:
        return f"{load.urls[0]}: {reading.faults[kind]}"
    bad = {code: count for code, count in (reading.counts or Counts(sent=0, ok=0)).status.items() if code >= "4"}
    if kind == "status" and bad:
        return f"{load.urls[0]} answered {max(bad, key=lambda code: bad[code])}"
    return f"{load.urls[0]}: {kind} error"


def merged(samples: Sequence[Sample]) -> Sample:
    """Samples taken side by side as one."""
    first = samples[0]
    if len(samples) == 1:
        return first
    services = [sample.service_time for sample in samples if sample.service_time is not None]
    lags = [sample.schedule_lag for sample in samples if sample.schedule_lag is not None]
    return Sample(
        start=min(sample.start for sample in samples),
        end=max(sample.end for sample in samples),
        achieved_rps=sum(sample.achieved_rps for sample in samples),
        connections=sum(sample.connections for sample in samples),
        counts=merged_counts([sample.counts for sample in samples]),
        latency=merged_latency([sample.latency for sample in samples]),
        service_time=merged_latency(services) if len(services) == len(samples) else None,
        schedule_lag=max(lags, default=None),
        warnings=tuple(dict.fromkeys(text for sample in samples for text in sample.warnings)),
        faults={kind: text for sample in samples for kind, text in sample.faults.items()},
    )


def merged_latency(latencies: Sequence[Latency]) -> Latency:
    """All values together, with exact ends and mean where all of them tell."""
    together = merge(latencies)
    used = [each for each in latencies if each.count]
    lows = [each.min for each in used if each.min is not None]
    highs = [each.max for each in used if each.max is not None]
    if not used or len(lows) < len(used) or len(highs) < len(used):
        return together
    exact = with_ends(together, min(lows), max(highs))
    return exact if any(each.mean is None for each in used) else replace(exact, mean=_mean(used))


def _mean(latencies: Sequence[Latency]) -> float:
    return sum((each.mean or 0.0) * each.count for each in latencies) / sum(each.count for each in latencies)


def merged_counts(counts: Sequence[Counts]) -> Counts:
    """Sums; a sum is unknown when one of its parts is."""
    errors: Counter[str] = Counter()
    status: Counter[str] = Counter()
    for each in counts:
        errors.update(each.errors)
        status.update(each.status)
    return Counts(
        sent=sum(each.sent for each in counts),
        ok=sum(each.ok for each in counts),
        errors=dict(errors),
        status=dict(status),
        bytes_received=_sum([each.bytes_received for each in counts]),
        bytes_sent=_sum([each.bytes_sent for each in counts]),
        connections_opened=_sum([each.connections_opened for each in counts]),
    )


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
