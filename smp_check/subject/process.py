"""Start a system under test with a command, wait until it takes load, and leave nothing of it behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil

from smp_check.errors import InputError, MeasurementError
from smp_check.subject import tree
from smp_check.subject.ports import BLOCK, listens
from smp_check.subject.ready import Readiness, wait_until

if TYPE_CHECKING:
    from smp_check.spec.run import Role

OnWarning = Callable[[str], None]

NOTHING = ":"
"""The command of a system that somebody else starts."""
TEARDOWN_SECONDS = 60.0
_TAIL_LINES = 20
_TAIL_BYTES = 16_384
_SETTLE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How one side of the system under test is started."""

    command: str
    """For ``sh -e -c``: it may stay in the foreground, or end with 0 and leave daemons or containers behind."""
    role: Role
    port: int
    """The first of ``BLOCK`` free ports, handed over as SMP_CHECK_PORT."""
    folder: Path
    """Where the command runs."""
    log: Path
    """What it and ``teardown`` print goes to this file, which is made anew."""
    ready: Readiness
    teardown: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    launch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A system under test that takes load."""

    start: Start
    process: subprocess.Popen[bytes]
    mark: str

    def processes(self) -> list[psutil.Process]:
        """What the start has brought to life and is alive now."""
        return tree.members(self.mark, _root(self.process))

    def death(self) -> str | None:
        """How it ended, with the end of its log: its command has failed, or none of its processes is left."""
        code = self.process.poll()
        if code is None or (code == 0 and self.processes()):
            return None
        return f"the {self.start.role} {_ended(code)}{tail(self.start.log)}"


@contextmanager
def running(start: Start, on_warning: OnWarning) -> Iterator[Running]:
    """Start the command, wait until it is ready, and at the end stop everything that it started.

    Leaving the context, however that happens, runs ``teardown``, ends every process of the start (also those
    that made themselves daemons) and sees that its ports are free. Raises ``MeasurementError`` with the end of
    the log when the command fails or is not ready in time, ``InputError`` when it can't be started at all.
    """
    mark = uuid.uuid4().hex
    environment = _environment(start, mark)
    process: subprocess.Popen[bytes] | None = None
    with start.log.open("wb") as log:
        before = _warn_of_a_stranger(start, on_warning)
        try:
            process = _spawn(start, environment, log)
            _wait_until_ready(start, process, stranger=before)
            yield Running(start=start, process=process, mark=mark)
        finally:
            _take_down(start, process, mark, environment, log, on_warning)


def _environment(start: Start, mark: str) -> dict[str, str]:
    own = {
        "SMP_CHECK_PORT": str(start.port),
        "SMP_CHECK_ROLE": start.role,
        "SMP_CHECK_LAUNCH": str(start.launch),
        tree.MARK: mark,
    }
    return {**start.environment, **own}


def shell() -> str:
    """The POSIX shell that runs ``setup`` and ``teardown``; on Windows the one that comes with Git."""
    return "/bin/sh" if os.name != "nt" else shutil.which("sh") or "sh"


def _spawn(start: Start, environment: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [shell(), "-e", "-c", start.command],
            cwd=start.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for smp-check, which then stops this in good order
        )
    except OSError as fault:
        raise InputError(
            f"cannot start the {start.role} in {start.folder}: {fault.strerror}",
            hint=f"the start command runs with {shell()} in the folder that smp-check was called in",
        ) from fault


def _warn_of_a_stranger(start: Start, on_warning: OnWarning) -> bool:
    """A fixed address that is taken already may be an old copy of the service, and would be measured instead."""
    addresses = () if start.command == NOTHING else start.ready.addresses
    taken = [f"{host}:{port}" for host, port in addresses if listens(host, port)]
    if taken:
        on_warning(
            f"{', '.join(taken)} accepted connections before the {start.role} was started: is an older copy running? "
            "${SMP_CHECK_PORT} in endpoint_urls gives each start a port of its own"
        )
    return bool(taken)


def _wait_until_ready(start: Start, process: subprocess.Popen[bytes], *, stranger: bool) -> None:
    ready = wait_until(start.ready, lambda: bool(process.poll()))
    if stranger:
        time.sleep(_SETTLE)  # who can't have the port says so and ends; the stranger answers all the while
    code = process.poll()
    if code:
        raise MeasurementError(
            f"the {start.role} {_ended(code)} before it was ready{tail(start.log)}",
            hint=f"its whole log: {start.log}",
        )
    if not ready:
        raise MeasurementError(
            f"the {start.role} was not ready after {start.ready.seconds:g} s: {start.ready} "
            f"{'gave no good answer' if start.ready.url else 'accepts no connection'}{tail(start.log)}",
            hint=f"it is to listen on port {start.port}, which it gets as SMP_CHECK_PORT; its whole log: {start.log}",
        )


def _take_down(
    start: Start,
    process: subprocess.Popen[bytes] | None,
    mark: str,
    environment: Mapping[str, str],
    log: IO[bytes],
    on_warning: OnWarning,
) -> None:
    try:
        if start.teardown:
            _teardown(start, start.teardown, environment, log, on_warning)
    finally:
        left = tree.end(mark, None if process is None else _root(process))
        if process is not None and not left:
            process.wait()
        _see_that_all_is_gone(start, left, on_warning)


def _teardown(
    start: Start, command: str, environment: Mapping[str, str], log: IO[bytes], on_warning: OnWarning
) -> None:
    # With the mark of the start: whatever it leaves behind is ended with the rest.
    with subprocess.Popen(
        [shell(), "-e", "-c", command],
        cwd=start.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            code = process.wait(TEARDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            on_warning(f"check.teardown of the {start.role} was stopped after {TEARDOWN_SECONDS:g} s; see {start.log}")
        else:
            if code:
                on_warning(f"check.teardown of the {start.role} {_ended(code)}{tail(start.log)}")
        finally:
            if process.poll() is None:
                _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With its group, where there are groups."""
    if os.name == "nt":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _see_that_all_is_gone(start: Start, left: list[int], on_warning: OnWarning) -> None:
    if left:
        on_warning(f"processes of the {start.role} could not be ended: {', '.join(map(str, left))}")
    taken = [port for port in range(start.port, start.port + BLOCK) if listens("127.0.0.1", port)]
    if taken:
        on_warning(
            f"something that the {start.role} started still listens on port {', '.join(map(str, taken))}: "
            "containers and services of the system are stopped by check.teardown"
        )


def _root(process: subprocess.Popen[bytes]) -> int | None:
    """Its process id as long as that can be nobody else's: not after its end has been noticed."""
    return process.pid if process.poll() is None else None


def _ended(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def tail(log: Path) -> str:
    """The last lines of a log, indented, to be put after a message."""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    shown = [line.rstrip() for line in lines if line.strip()][-_TAIL_LINES:]
    if not shown:
        return " and printed nothing"
    return "; the end of its log:\n" + "\n".join(f"    {line}" for line in shown)
