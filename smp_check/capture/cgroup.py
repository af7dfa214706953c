"""CPU time and memory of a cgroup v2: a container, a service, a slice."""

from __future__ import annotations

from pathlib import Path

from smp_check.capture.sampler import LostError, Mean
from smp_check.spec.run import Usage

ROOT = Path("/sys/fs/cgroup")


class CgroupSampler:
    """Samples one cgroup with everything below it (https://docs.kernel.org/admin-guide/cgroup-v2.html)."""

    def __init__(self, path: str) -> None:
        self._name = path.strip("/")
        self._folder = ROOT / self._name
        self._begin = 0.0
        self._identity = 0
        self._memory = Mean()
        self._looks = 0

    def begin(self) -> None:
        """Read the CPU counter."""
        self._identity = self._inode()
        self._begin = self._cpu()
        self._memory = Mean()
        self._looks = 0
        self.look()

    def look(self) -> None:
        """The working set, as Kubernetes counts it: all that is charged, less file pages that nobody used lately."""
        self._looks += 1
        try:
            charged = int((self._folder / "memory.current").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return  # the memory controller is not on for this group; the CPU is seen all the same
        inactive = _field(self._folder / "memory.stat", "inactive_file") or 0
        self._memory.add(max(charged - inactive, 0))

    def end(self, seconds: float) -> Usage:  # noqa: ARG002 - a difference, not a rate
        """CPU seconds since ``begin``, mean memory."""
        self.look()
        used = self._cpu() - self._begin
        if used < 0 or self._inode() != self._identity:
            raise LostError(f"cgroup {self._name} was replaced during a round")
        return Usage(cpu_seconds=used, memory=self._memory.value, instances=1, samples=self._looks)

    def close(self) -> None:
        """Nothing is held open."""

    def _cpu(self) -> float:
        micros = _field(self._folder / "cpu.stat", "usage_usec")
        if micros is None:
            raise LostError(f"there is no cgroup v2 {self._folder} with a cpu.stat")
        return micros / 1e6

    def _inode(self) -> int:
        try:
            return self._folder.stat().st_ino
        except OSError as fault:
            raise LostError(f"there is no cgroup {self._folder}") from fault


def _field(path: Path, name: str) -> int | None:
    """One number out of a flat keyed file."""
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    except (OSError, ValueError):
        return None
    return None
