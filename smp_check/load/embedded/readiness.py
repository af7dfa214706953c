"""Which sockets can be read or written just now, and which have failed."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

EPOLLIN, EPOLLOUT = 1, 4
"""Of epoll_ctl(2); the module ``select`` has them on Linux only."""
BATCH, BATCHES = 64, 4
"""Sockets that are served before the kernel is asked again, and how often it is before timers have their turn."""


class Watch:
    """Which sockets can be read or written, in one event loop.

    On Linux the loop watches one epoll, which watches the sockets: that serves them in batches, and libuv, which stops
    watching a socket that was reset and tells nobody, never sees them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._readers: dict[int, Callable[[], None]] = {}
        self._writers: dict[int, Callable[[], None]] = {}
        self._known: set[int] = set()
        self._epoll: select.epoll | None = None
        if sys.platform == "linux":
            self._epoll = select.epoll()
            loop.add_reader(self._epoll.fileno(), self._serve)

    def add(self, fd: int, reader: Callable[[], None]) -> None:
        """Call when there is something to read, or the end."""
        self._readers[fd] = reader
        if self._epoll is None:
            self.loop.add_reader(fd, reader)
        else:
            self._set(fd)

    def add_writer(self, fd: int, writer: Callable[[], None]) -> None:
        """Call when more can be written, or there is nobody to write to."""
        self._writers[fd] = writer
        if self._epoll is None:
            self.loop.add_writer(fd, writer)
        else:
            self._set(fd)

    def remove(self, fd: int) -> None:
        """Nothing more is to be read; what waits may still be written."""
        if self._readers.pop(fd, None) is None:
            return
        if self._epoll is None:
            self.loop.remove_reader(fd)
        else:
            self._set(fd)

    def remove_writer(self, fd: int) -> None:
        """What waited has been written."""
        if self._writers.pop(fd, None) is None:
            return
        if self._epoll is None:
            self.loop.remove_writer(fd)
        else:
            self._set(fd)

    def forget(self, fd: int) -> None:
        """Watch no more; before the socket is closed."""
        self.remove(fd)
        self.remove_writer(fd)

    def _set(self, fd: int) -> None:
        epoll = cast("select.epoll", self._epoll)
        if epoll.closed:
            return
        wanted = (EPOLLIN if fd in self._readers else 0) | (EPOLLOUT if fd in self._writers else 0)
        if not wanted:
            epoll.unregister(fd)
            self._known.discard(fd)
        elif fd in self._known:
            epoll.modify(fd, wanted)
        else:
            epoll.register(fd, wanted)
            self._known.add(fd)

    def close(self) -> None:
        """Watch nothing more."""
        if self._epoll is not None and not self._epoll.closed:
            self.loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _serve(self) -> None:
        poll, readers = cast("select.epoll", self._epoll).poll, self._readers
        for _ in range(BATCHES):
            ready = poll(0, BATCH)
            if not ready:
                return
            for fd, events in ready:
                if events != EPOLLOUT and fd in readers:  # errors and ends are read as well
                    readers[fd]()
                if events != EPOLLIN and fd in self._writers:
                    self._writers[fd]()
