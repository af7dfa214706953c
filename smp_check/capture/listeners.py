"""Which processes listen on a TCP port."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.capture.sampler import LostError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

    from smp_check.capture.processes import Find

FORWARDERS = frozenset({"docker-proxy", "rootlesskit", "rootlessport", "slirp4netns", "pasta", "kubectl", "ssh"})
"""Processes that listen on somebody else's behalf: what they use says nothing of the service behind them."""
PROC = Path("/proc")
LISTENING = "0A"


def by_port(port: int) -> Find:
    """Find all processes that listen on a TCP port, those that share one socket included."""

    def find() -> list[psutil.Process]:
        import psutil

        pids = _on_linux(port) if sys.platform.startswith("linux") else _elsewhere(port)
        try:
            found = [psutil.Process(pid) for pid in sorted(pids)]
            names = {process.name() for process in found}
        except psutil.NoSuchProcess as fault:
            raise LostError(f"what listened on port {port} has just ended") from fault
        if names & FORWARDERS:
            only = ", ".join(sorted(names & FORWARDERS))
            raise LostError(f"port {port} is held by {only}, which only forwards; give the pid, name or cgroup instead")
        return found

    return find


def _on_linux(port: int) -> set[int]:
    """Processes with an open descriptor of a listening socket; psutil names but one of those that share it."""
    wanted = {f"socket:[{inode}]" for inode in _sockets(port)}
    if not wanted:
        raise LostError(f"nothing listens on port {port}")
    pids = {pid for pid, target in _descriptors() if target in wanted}
    if not pids:
        raise LostError(f"what listens on port {port} belongs to another user; run as that user, or give its cgroup")
    return pids


def _sockets(port: int) -> Iterator[str]:
    """Inodes of listening sockets (https://docs.kernel.org/networking/proc_net_tcp.html)."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _descriptors() -> Iterator[tuple[int, str]]:
    """(process, what it points to) of every descriptor that we may see."""
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            for descriptor in (folder / "fd").iterdir():
                yield int(folder.name), os.readlink(descriptor)  # noqa: PTH115 - pathlib would make it a path
        except OSError:
            continue  # another user's, or it ended just now


def _elsewhere(port: int) -> set[int]:
    import psutil

    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied as fault:
        raise LostError(f"this system does not let us see what listens on port {port}; give its pid") from fault
    pids = {c.pid for c in connections if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port}
    if not pids or None in pids:
        raise LostError(f"no process is seen to listen on port {port}")
    return {pid for pid in pids if pid is not None}
