"""The contract of everything that samples what one part of the system under test uses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Protocol as Interface

from smp_check.spec.run import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class LostError(Exception):
    """The target cannot be seen: gone, restarted, closed, refused. ``final`` when asking again costs too much."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class Sampler(Interface):
    """Samples one target, one round at a time; every method raises ``LostError`` when the target is lost."""

    def begin(self) -> None:
        """A round starts: find the target and read its counters."""
        ...

    def look(self) -> None:
        """Read what is not a counter; called at 5 Hz, so it must be cheap."""
        ...

    def end(self, seconds: float) -> Usage:
        """The round of that many seconds is over: what was used."""
        ...

    def close(self) -> None:
        """Give up whatever is held open."""
        ...


class Mean:
    """The mean of values that come one by one; no value, no mean."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.count += 1
        self._sum += value

    @property
    def value(self) -> float | None:
        """The mean so far."""
        return self._sum / self.count if self.count else None


def together(usages: Sequence[Usage]) -> Usage:
    """What several targets used as one component; what any of them cannot tell, the component cannot."""
    instances = _total(usage.instances for usage in usages)
    return Usage(
        cpu_seconds=_total(usage.cpu_seconds for usage in usages),
        memory=_total(usage.memory for usage in usages),
        instances=None if instances is None else int(instances),
        bytes_transferred=_total(usage.bytes_transferred for usage in usages),
        samples=min((usage.samples for usage in usages), default=0),
    )


def _total(values: Iterable[float | None]) -> float | None:
    known = list(values)
    if not known or any(value is None for value in known):
        return None
    return sum(value for value in known if value is not None)
