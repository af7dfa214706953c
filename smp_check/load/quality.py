"""When a round should not be trusted, and when measuring has become pointless. Pure.

A round is *noisy* when something beside the service shaped its numbers. A run *fails* when there is nothing to
measure: no request succeeds, or most fail, in two rounds in a row (or from the start).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.errors import MeasurementError
from smp_check.units import format_count, format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.load.port import Load, Sample
    from smp_check.spec.run import Noise, Role

STEAL = 0.02
"""Share of the machine's time that its host may take."""
RUN_QUEUE = 2.0
"""Runnable tasks per core, on average over the round."""
LAG = 0.001
LAG_SHARE = 0.25
"""The generator's own lateness (99th percentile) may be this many seconds, or this share of the measured p99."""
GENERATOR_CPU = 0.9
"""Share of its core above which an open-loop generator, not the service, sets the pace."""
ERROR_BUDGET = 0.5
"""Above this share of failures a round measures the failures, not the service."""
LATE_PATIENCE = 2
"""So many useless rounds in a row end a run that has been useful before."""


def noisy(sample: Sample, load: Load, noise: Noise) -> tuple[str, ...]:
    """Why a round should not be trusted; empty for a calm one."""
    reasons = []
    if noise.cpu_steal is not None and noise.cpu_steal > STEAL:
        reasons.append(f"{format_share(noise.cpu_steal)} of the CPU time was stolen by the host")
    if noise.run_queue is not None and noise.run_queue > RUN_QUEUE:
        reasons.append(f"{noise.run_queue:.1f} tasks wanted each core")
    lag, p99 = sample.schedule_lag, sample.latency.percentiles.get("p99", 0.0)
    if lag is not None and lag > max(LAG, LAG_SHARE * p99):
        reasons.append(f"the generator itself was {format_latency(lag)} late (p99)")
    if load.rate is not None and sample.generator_cpu is not None and sample.generator_cpu > GENERATOR_CPU:
        reasons.append(f"the generator used {format_share(sample.generator_cpu, digits=0)} of its core")
    return tuple(reasons)


def useless(sample: Sample) -> bool:
    """Whether a round measured failures rather than the service."""
    counts = sample.counts
    return counts.ok == 0 or counts.failed > ERROR_BUDGET * (counts.ok + counts.failed)


def unreachable(role: Role, loads: Sequence[Load], samples: Sequence[Sample]) -> MeasurementError | None:
    """The error for a role none of whose requests to a client's target got any answer; ``None`` if all got some."""
    for load, sample in zip(loads, samples, strict=True):
        if sample.counts.ok == 0 and not sample.counts.status:
            return _failure(role, load, sample, "no request got an answer")
    return None


class Patience:
    """Counts useless rounds in a row of each role and client."""

    def __init__(self) -> None:
        self._useful: set[tuple[Role, str]] = set()
        self._useless: dict[tuple[Role, str], int] = {}

    def judge(self, role: Role, load: Load, sample: Sample) -> MeasurementError | None:
        """The error that ends the run after this round, or ``None``."""
        key = (role, load.client)
        if not useless(sample):
            self._useful.add(key)
            self._useless[key] = 0
            return None
        self._useless[key] = self._useless.get(key, 0) + 1
        if key in self._useful and self._useless[key] < LATE_PATIENCE:
            return None
        counts = sample.counts
        total = counts.ok + counts.failed
        what = "no request succeeds" if counts.ok == 0 else f"{counts.failed} of {total} requests fail"
        return _failure(role, load, sample, f"{what} any more" if key in self._useful and not counts.ok else what)


def _failure(role: Role, load: Load, sample: Sample, what: str) -> MeasurementError:
    where = f"the reference {load.urls[0]}" if role == "reference" else load.urls[0]
    details = "; ".join(dict.fromkeys(sample.faults.values())) or _counted(sample.counts.errors)
    reason = f": {details}" if details else ""
    status = ", ".join(f"{format_count(count)} x {code}" for code, count in sample.counts.status.items())
    answers = f" (answers by status: {status})" if status else ""
    return MeasurementError(
        f"{load.client}: {what} at {where}{reason}{answers}", hint=_hint(sample.counts.errors, sample.counts.status)
    )


def _counted(errors: Mapping[str, int]) -> str:
    return ", ".join(f"{format_count(count)} x {kind}" for kind, count in errors.items())


def _hint(errors: Mapping[str, int], status: Mapping[str, int]) -> str:
    kinds = set(errors)
    if "dns" in kinds:
        return "check the host name in endpoint_urls"
    if "tls" in kinds:
        return "check https:// against http://, and ssl_certificate for a private authority"
    if "connect" in kinds:
        return "is the service running and listening there? check.setup and check.ready_url start it and wait for it"
    if status:
        return "the service answers, but with errors: check path, method, headers and body"
    return "see that the service speaks the protocol of the test and answers in time"
