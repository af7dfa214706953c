"""What a lane asks of a connection, whatever protocol it speaks."""

from __future__ import annotations


class Connection:
    """What a lane asks of a connection; one with several streams stands in ``Lane.idle`` once for each."""

    __slots__ = ("received",)
    received: int
    """Bytes received since the round began."""
    streams: int = 1

    @property
    def pending(self) -> int:
        """Requests on their way."""
        raise NotImplementedError

    def rest(self) -> None:
        """No request is due: wait in ``Lane.idle``."""

    def request(self, planned: float, now: float) -> None:
        """Send the next request; ``planned`` is what its response time counts from."""
        raise NotImplementedError

    def expire(self, before: float) -> None:
        """Give up requests sent before this moment."""
        raise NotImplementedError

    def close(self) -> None:
        """Close at once."""
        raise NotImplementedError
