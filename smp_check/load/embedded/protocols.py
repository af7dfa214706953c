"""Which protocol a load speaks: its encoded requests, its connections and what TLS negotiates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from smp_check.load.embedded.lane import Lane
    from smp_check.load.embedded.request import Target
    from smp_check.load.embedded.settings import Settings
    from smp_check.load.port import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """How one origin is spoken to."""

    requests: list[Any]
    """What ``Connection.request`` sends, in turn."""
    connection: Callable[[Lane], asyncio.BaseProtocol]
    alpn: tuple[str, ...] = ()


def wiring(load: Load, settings: Settings, turns: list[Target]) -> Wiring:
    """The wiring for a load's protocol."""
    return _http1(load, settings, turns)


def _http1(load: Load, settings: Settings, turns: list[Target]) -> Wiring:
    from smp_check.load.embedded.http1 import connection_for, ok_table
    from smp_check.load.embedded.request import encode_http1

    encoded = {
        target: encode_http1(target, settings.method, load.headers, load.body) for target in dict.fromkeys(turns)
    }
    ok, head = ok_table(settings.ok_statuses), settings.method == "HEAD"
    return Wiring(
        requests=[encoded[target] for target in turns],
        connection=lambda lane: connection_for(lane.loop)(lane, ok, bodiless=head),
        alpn=("http/1.1",),
    )
