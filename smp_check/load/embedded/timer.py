"""When the next request is due: a timerfd in the event loop on Linux, the loop's own timer elsewhere.

An event loop's timers wait in whole milliseconds and wake about half a millisecond late; a timerfd is a file
that becomes readable within some 30 µs of the moment (timerfd_create(2)).
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

PRECISE = sys.platform.startswith("linux")
CLOCK_MONOTONIC = 1
TFD_NONBLOCK = 0o4000
TFD_CLOEXEC = 0o2000000
TFD_TIMER_ABSTIME = 1


class Timer(Protocol):
    """Calls back once at a moment of ``time.perf_counter``."""

    def arm(self, at: float) -> None:
        """Replace the moment."""
        ...

    def disarm(self) -> None:
        """Call nobody."""
        ...

    def close(self) -> None:
        """Give back what the timer holds."""
        ...


class FileTimer:
    """A timerfd. ``time.perf_counter`` reads CLOCK_MONOTONIC on Linux, as the timer does."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        self._loop = loop
        self._fd: int = libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._spec = (ctypes.c_long * 4)()  # struct itimerspec: interval s, ns; value s, ns
        self._set = libc.timerfd_settime
        self._reference = ctypes.byref(self._spec)
        loop.add_reader(self._fd, callback)

    def arm(self, at: float) -> None:
        """Replace the moment; one in the past calls back at once. Setting a timer also marks it as read."""
        seconds = int(at)
        self._spec[2] = seconds
        self._spec[3] = int((at - seconds) * 1e9) or 1  # all zeros would disarm it
        self._set(self._fd, TFD_TIMER_ABSTIME, self._reference, None)

    def disarm(self) -> None:
        """Call nobody, and mark the timer as read."""
        self._spec[2] = self._spec[3] = 0
        self._set(self._fd, 0, self._reference, None)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1


class LoopTimer:
    """The event loop's own timer, about a millisecond late."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None

    def arm(self, at: float) -> None:
        """Replace the moment."""
        self.disarm()
        self._handle = self._loop.call_later(max(0.0, at - time.perf_counter()), self._callback)

    def disarm(self) -> None:
        """Call nobody."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def close(self) -> None:
        """Forget the moment."""
        self.disarm()


def new_timer(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> Timer:
    """The most precise timer of this system."""
    return FileTimer(loop, callback) if PRECISE else LoopTimer(loop, callback)
