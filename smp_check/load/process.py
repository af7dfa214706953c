"""The one place that runs load generators: own process group, allow-listed environment, bounded output and time.

A process gets a group of its own, so that everything it starts can be stopped with it, and so that a Ctrl-C
on the terminal reaches us first. Its output goes to files, not pipes: nothing can fill up and block.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO

from smp_check.errors import MeasurementError

ALLOWED_ENVIRONMENT = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""What a generator may see of our environment: no token of a CI job, and no proxy that would be measured too."""
OUTPUT_CAP = 512 * 1024 * 1024
"""Bytes of output, all files of one process together, after which it is stopped."""
PATIENCE = 3.0
"""Seconds that a process has to end by itself when asked to."""
POLL = 0.02


def allowed_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that a load generator gets."""
    return {name: environ[name] for name in ALLOWED_ENVIRONMENT if name in environ}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What became of a process."""

    returncode: int
    stdout: bytes
    stderr: bytes
    start: datetime
    seconds: float
    stopped: str | None = None
    """Why we had to stop it, if we had to."""


class Process:
    """One running program. Leaving the context stops it and everything it started."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        stdin: bytes = b"",
        stop_signal: signal.Signals = signal.SIGINT,
    ) -> None:
        """Start ``command``; ``folder`` takes its output. Raises ``MeasurementError`` if it cannot be started."""
        self._folder = folder
        self._stop_signal = stop_signal
        self._stopped: str | None = None
        self._lock = threading.Lock()
        (folder / "stdin").write_bytes(stdin)
        self.start = datetime.now(timezone.utc)
        self._began = time.monotonic()
        self._seconds: float | None = None
        with (
            (folder / "stdin").open("rb") as source,
            (folder / "stdout").open("wb") as out,
            (folder / "stderr").open("wb") as err,
        ):
            self._process = _start(command, source, out, err)

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("left")

    def running(self) -> bool:
        """Whether it is still there; one that writes too much is stopped here."""
        if self._process.poll() is not None:
            if self._seconds is None:
                self._seconds = time.monotonic() - self._began
            return False
        if self._size() > OUTPUT_CAP:
            self.stop(f"it wrote more than {OUTPUT_CAP // 1024 // 1024} MB")
        return True

    def _size(self) -> int:
        return sum(entry.stat().st_size for entry in self._folder.iterdir())

    def stop(self, why: str) -> None:
        """Ask the group to end, wait, then kill it. Stopping twice does nothing; any thread may call."""
        with self._lock:
            if self._process.poll() is None:
                self._stopped = self._stopped or why
                self._signal(self._stop_signal)
                try:
                    self._process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    self._stopped = f"{self._stopped}; it had to be killed"
            self._signal(_KILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        """Send to the whole group, which may outlive its leader; nobody left is fine."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass
        except AttributeError:  # Windows has no groups
            self._process.terminate()

    def finished(self) -> Finished:
        """The outcome, once it has ended."""
        return Finished(
            returncode=self._process.wait(),
            stdout=(self._folder / "stdout").read_bytes(),
            stderr=_ends(self._folder / "stderr"),
            start=self.start,
            seconds=self._seconds if self._seconds is not None else time.monotonic() - self._began,
            stopped=self._stopped,
        )


def _start(command: Sequence[str], source: IO[bytes], out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = allowed_environment(os.environ)
    try:
        return subprocess.Popen(
            list(command), stdin=source, stdout=out, stderr=err, env=environment, start_new_session=True
        )
    except (OSError, ValueError) as fault:
        raise MeasurementError(f"cannot start {command[0]}: {fault}") from fault


_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def _ends(path: Path, size: int = 65536) -> bytes:
    """The beginning and the end of a file that may hold one line per failed request."""
    with path.open("rb") as file:
        head = file.read(size)
        length = file.seek(0, os.SEEK_END)
        if length <= size:
            return head
        file.seek(max(size, length - size))
        return head + file.read(size)


def wait_for(processes: Sequence[Process], limit: float, on_wait: Callable[[float], None]) -> None:
    """Wait until all have ended; after ``limit`` seconds stop the rest. ``on_wait`` hears the seconds so far."""
    began = time.monotonic()
    while [process for process in processes if process.running()]:  # each of them is looked at each time
        elapsed = time.monotonic() - began
        if elapsed > limit:
            for process in processes:
                process.stop(f"it had not ended after {limit:.1f} s")
            return
        on_wait(elapsed)
        time.sleep(POLL)


def run_briefly(command: Sequence[str], *, limit: float = 10.0) -> Finished:
    """Run a program that ends by itself, such as ``fortio version``."""
    with TemporaryDirectory(prefix="smp-check-") as name, Process(command, Path(name)) as process:
        wait_for([process], limit, lambda _: None)
        return process.finished()
