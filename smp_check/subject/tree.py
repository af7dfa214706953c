"""All the processes that a command left behind, found again and ended, daemons included.

A process that makes itself a daemon leaves its parent, its process group and its session. What it keeps is its
environment: each start puts a mark of its own there, and every descendant inherits it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import psutil

MARK = "SMP_CHECK_SUBJECT"
"""Environment variable that tells the processes of one start from all others."""
GRACE = 5.0
"""Seconds between asking a process to end and ending it. A cancelled CI job has about 7 for everything."""
_KILL_SECONDS = 3.0


def members(mark: str, root: int | None = None) -> list[psutil.Process]:
    """The living processes of the start with this mark; ``root`` adds those of its group and descent."""
    found = {process.pid: process for process in psutil.process_iter() if _carries(process, mark)}
    if root is not None:
        for process in _of_root(root):
            found.setdefault(process.pid, process)
    found.pop(os.getpid(), None)
    return [process for process in found.values() if _alive(process)]


def _carries(process: psutil.Process, mark: str) -> bool:
    with suppress(psutil.Error, OSError):
        return bool(process.environ().get(MARK) == mark)
    return False


def _of_root(root: int) -> Iterator[psutil.Process]:
    """The start's own process, its descendants and whoever is still in its process group."""
    with suppress(psutil.Error):
        process = psutil.Process(root)
        yield process
        yield from process.children(recursive=True)
    if os.name == "nt":  # which has no process groups
        return
    for process in psutil.process_iter():
        with suppress(OSError):
            if os.getpgid(process.pid) == root:
                yield process


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def end(mark: str, root: int | None = None, *, grace: float = GRACE) -> list[int]:
    """Ask all processes of a start to end, and end those that don't. Returns the pids that even that left alive.

    A second Ctrl-C meanwhile cuts the waiting short, never the ending.
    """
    try:
        _signal(members(mark, root), force=False)
        _wait(mark, root, grace)
    finally:
        left = _kill(mark, root)
    return left


def _kill(mark: str, root: int | None) -> list[int]:
    for _ in range(3):  # a process may have made another one between the look and the signal
        left = members(mark, root)
        if not left:
            return []
        _signal(left, force=True)
        psutil.wait_procs(left, timeout=_KILL_SECONDS)
    return [process.pid for process in members(mark, root)]


def _wait(mark: str, root: int | None, seconds: float) -> None:
    gone_or_not: Sequence[psutil.Process] = members(mark, root)
    psutil.wait_procs(gone_or_not, timeout=seconds)


def _signal(processes: Iterable[psutil.Process], *, force: bool) -> None:
    for process in processes:
        with suppress(psutil.Error):
            if force:
                process.kill()
            else:
                process.terminate()
                process.resume()  # a stopped process would never see the request


def named(processes: Iterable[psutil.Process], name: str) -> list[psutil.Process]:
    """Those that have this name, exactly."""
    return [process for process in processes if _name(process) == name]


def tops(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those with no parent among them: who counts a process with its children counts each once."""
    many = list(processes)
    pids = {process.pid for process in many}
    return [process for process in many if not pids & _line(process)]


def apart_from(processes: Iterable[psutil.Process], others: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that are none of the others, nor above nor below one of them."""
    taken = {process.pid for process in others}
    above = {pid for process in others for pid in _line(process)}
    return [p for p in processes if p.pid not in taken | above and not taken & _line(p)]


def _name(process: psutil.Process) -> str | None:
    with suppress(psutil.Error):
        return str(process.name())
    return None


def _line(process: psutil.Process) -> set[int]:
    """The process ids of its parent, its parent's parent..."""
    with suppress(psutil.Error):
        return {parent.pid for parent in process.parents()}
    return set()
