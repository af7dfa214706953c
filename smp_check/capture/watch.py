"""Watch the machine and the system under test during each round, from one thread of low cost."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from smp_check.capture.noise import NoiseMeter
from smp_check.capture.port import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import Role

INTERVAL = 0.2
"""Seconds between two looks: 5 Hz."""


@contextmanager
def watch(configuration: Configuration) -> Iterator[Watcher]:  # noqa: ARG001
    """A watcher whose thread lives as long as the context."""
    watcher = Watcher()
    try:
        yield watcher
    finally:
        watcher.close()


class Watcher:
    """A ``RoundWatch``: looks around at 5 Hz between ``begin`` and ``end``, and sleeps otherwise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._closed = threading.Event()
        self._meter: NoiseMeter | None = None
        self._thread = threading.Thread(target=self._run, name="smp-check watch", daemon=True)
        self._thread.start()

    def begin(self, role: Role) -> None:  # noqa: ARG002
        """A round of this role starts now."""
        with self._lock:
            self._meter = NoiseMeter()
        self._awake.set()

    def end(self) -> Observation:
        """The round is over. Never raises: what could not be seen is absent, with a warning."""
        self._awake.clear()
        with self._lock:
            meter, self._meter = self._meter, None
        return Observation(noise=meter.read()) if meter is not None else Observation()

    def close(self) -> None:
        """Stop the thread."""
        self._closed.set()
        self._awake.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._awake.wait()
            with self._lock:
                if self._meter is not None:
                    self._meter.look()
            self._closed.wait(INTERVAL)
