"""CPU time and memory of processes and their children."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.capture.sampler import LostError, Mean
from smp_check.spec.run import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import psutil

    Find = Callable[[], "list[psutil.Process]"]

PROC = Path("/proc")


def by_pid(pid: int) -> Find:
    """Find one process."""

    def find() -> list[psutil.Process]:
        import psutil

        try:
            return [psutil.Process(pid)]
        except psutil.NoSuchProcess as fault:
            raise LostError(f"there is no process {pid}") from fault

    return find


def by_name(name: str) -> Find:
    """Find all processes of a name."""

    def find() -> list[psutil.Process]:
        import psutil

        found = [process for process in psutil.process_iter(["name"]) if process.info["name"] == name]
        if not found:
            raise LostError(f"there is no process named {name!r}")
        return found

    return find


class ProcessSampler:
    """Samples a set of processes with all their children.

    A child that ends is accounted for by its parent, if the parent waits for it as it should; any other process
    that ends takes its share along, so the round is given up.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._roots: list[psutil.Process] = []
        self._members: dict[int, psutil.Process] = {}
        self._parents: dict[int, int] = {}
        self._begin: dict[int, float] = {}
        self._memory = Mean()

    def begin(self) -> None:
        """Find the processes, those of the round before if they still run, and read their CPU times."""
        if not self._roots or not all(_alive(process) for process in self._roots):
            self._roots = self._find()
            dead = next((process.pid for process in self._roots if not _alive(process)), None)
            if dead is not None:
                raise LostError(f"process {dead} has ended")
        self._members = _with_children(self._roots)
        self._parents = {pid: _parent(process) for pid, process in self._members.items()}
        self._begin = _cpu_times(self._members)
        self._memory = Mean()
        self.look()

    def look(self) -> None:
        """Resident memory of all processes, those left out that have ended meanwhile."""
        import psutil

        total = 0
        for pid, process in list(self._members.items()):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                del self._members[pid]
            except psutil.AccessDenied as fault:
                raise LostError(f"process {pid} does not let us see what it uses") from fault
        self._memory.add(total)

    def end(self, seconds: float) -> Usage:  # noqa: ARG002 - CPU times are differences, not rates
        """CPU seconds since ``begin``, mean memory."""
        self.look()
        self._members |= _with_children(p for p in self._roots if p.pid in self._members)
        now = _cpu_times(self._members)
        dead = {process.pid for process in self._roots if not _alive(process)}
        dead |= {pid for pid in self._begin.keys() - now.keys() if self._parents[pid] not in now}
        if dead:
            raise LostError(f"process {min(dead)} ended during a round")
        used = sum(now.values()) - sum(self._begin.values())
        if used < 0:
            raise LostError("processes were replaced during a round")
        return Usage(cpu_seconds=used, memory=self._memory.value, instances=len(now), samples=self._memory.count)

    def close(self) -> None:
        """Nothing is held open."""


def _alive(process: psutil.Process) -> bool:
    """Whether it runs (ended but not yet waited for is not running), and is the same as before."""
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _parent(process: psutil.Process) -> int:
    import psutil

    try:
        return process.ppid()
    except psutil.Error:
        return 0


def _with_children(roots: Iterable[psutil.Process]) -> dict[int, psutil.Process]:
    import psutil

    members = {}
    for root in roots:
        members[root.pid] = root
        try:
            for child in _children(root):
                members.setdefault(child.pid, child)
        except psutil.NoSuchProcess:
            continue
    return members


def _children(root: psutil.Process) -> list[psutil.Process]:
    """All descendants: asked of Linux process by process, which is far cheaper than looking through all there are."""
    import psutil

    found: dict[int, psutil.Process] = {}
    waiting = [root.pid]
    while waiting:
        folder = PROC / str(waiting.pop()) / "task"
        try:
            texts = [(thread / "children").read_text(encoding="ascii") for thread in folder.iterdir()]
        except OSError:
            return root.children(recursive=True)  # no Linux, a kernel without that file, or it ended just now
        for pid in (int(text) for text in " ".join(texts).split()):
            with contextlib.suppress(psutil.NoSuchProcess):
                found[pid] = psutil.Process(pid)
                waiting.append(pid)
    return list(found.values())


def _cpu_times(members: Mapping[int, psutil.Process]) -> dict[int, float]:
    """CPU seconds of each process and of those of its children that it has waited for."""
    import psutil

    found = {}
    for pid, process in members.items():
        try:
            times = process.cpu_times()
            own = _precise(pid)
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied as fault:
            raise LostError(f"process {pid} does not let us see what it uses") from fault
        found[pid] = (own if own is not None else times.user + times.system) + (
            times.children_user + times.children_system
        )
    return found


def _precise(pid: int) -> float | None:
    """CPU seconds to the nanosecond where Linux's clock of that process can be read; ``/proc`` counts in 10 ms.

    The clock's number follows from the process id as in ``clock_getcpuclockid(3)`` of glibc.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None
