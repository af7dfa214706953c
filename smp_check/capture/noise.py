"""What else happened on the machine during a round: steal, busy CPUs, run queue."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from smp_check.spec.run import Noise

LOADAVG = Path("/proc/loadavg")


class CpuTimes(NamedTuple):
    """Cumulated CPU seconds of the whole machine."""

    total: float
    idle: float
    steal: float | None
    """``None`` on systems that do not tell."""


def cpu_times() -> CpuTimes:
    """The machine's CPU times now; guest time is left out of the total, since user time holds it already."""
    import psutil

    times = psutil.cpu_times()
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    idle = times.idle + getattr(times, "iowait", 0.0)
    return CpuTimes(total=sum(times) - guests, idle=idle, steal=getattr(times, "steal", None))


def runnable_tasks() -> int | None:
    """Tasks running or ready to run on the whole machine just now, ourselves left out; ``None`` if unknown."""
    try:
        running = LOADAVG.read_text(encoding="ascii").split()[3].partition("/")[0]
        return max(int(running) - 1, 0)
    except (OSError, ValueError, IndexError):
        return None


class NoiseMeter:
    """Noise between a beginning and an end, with looks at the run queue in between."""

    def __init__(self) -> None:
        self._cores = os.cpu_count() or 1
        self._begin = cpu_times()
        self._queue: list[int] = []

    def look(self) -> None:
        """Count the run queue once; call this often and regularly."""
        tasks = runnable_tasks()
        if tasks is not None:
            self._queue.append(tasks)

    def read(self) -> Noise:
        """Shares since the beginning."""
        now = cpu_times()
        spent = now.total - self._begin.total
        queue = sum(self._queue) / len(self._queue) / self._cores if self._queue else None
        if spent <= 0:
            return Noise(run_queue=queue)
        steal = None
        if now.steal is not None and self._begin.steal is not None:
            steal = _share(now.steal - self._begin.steal, spent)
        busy = _share(spent - (now.idle - self._begin.idle), spent)
        return Noise(cpu_steal=steal, cpu_busy=busy, run_queue=queue)


def _share(part: float, whole: float) -> float:
    return min(max(part / whole, 0.0), 1.0)
