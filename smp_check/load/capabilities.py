"""What each load generator can do and how its numbers read, as data: for `doctor`, the documents and the refusals.

The facts were measured, or read in the generators' own sources; docs/generators.md is generated from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from smp_check.spec.configuration import Protocol

HTTP, TCP, UDP, GRPC = Protocol.HTTP, Protocol.TCP, Protocol.UDP, Protocol.GRPC


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """One load generator."""

    name: str
    """As ``load_generator`` spells it."""
    programs: tuple[str, ...] = ()
    """Executables that it may be called by."""
    protocols: tuple[Protocol, ...] = (HTTP,)
    open_loop: bool = False
    """Whether latency counts from the planned send time, so that a stall is not hidden."""
    model: str
    """How it paces requests, in words."""
    rate: Literal["optional", "required", "refused"] = "optional"
    """Whether a rate may be given; without one it is a closed loop at full speed."""
    whole_rates: bool = False
    """Whether only whole requests per second can be asked for."""
    many_urls: bool = False
    """Whether one process drives several URLs; else there is a process for each."""
    min_seconds: float = 0.0
    """Shortest round that gives a trustworthy answer."""
    whole_seconds: bool = False
    body: bool = True
    percentile_method: str
    """``hdr``: from all latencies, in a histogram of three digits; else the generator's own method."""
    resolution: float
    """Smallest step of a latency, seconds."""
    population: Literal["all requests", "answers"] = "all requests"
    """What the latencies are of: a request that got no answer counts only in the first."""
    success: str
    """Which answers count as good."""
    install: str
    """How to get it."""
    trap: str = ""
    """What its users are misled by, and what is done about it here."""


_GO = "a current Go"
_ALL: tuple[Capabilities, ...] = (
    Capabilities(
        name="embedded",
        protocols=(HTTP, TCP, UDP, GRPC),
        open_loop=True,
        model="open loop: requests at planned times, constant or Poisson",
        many_urls=True,
        percentile_method="hdr",
        resolution=1e-6,
        success="200 to 399",
        install="part of smp-check",
    ),
    Capabilities(
        name="fortio",
        programs=("fortio",),
        protocols=(HTTP, TCP, UDP, GRPC),
        model="closed loop with a schedule; late requests are skipped",
        percentile_method="hdr",
        resolution=1e-6,
        success="200 to 299, 418",
        install=f"go install fortio.org/fortio@latest ({_GO}), or the packages at github.com/fortio/fortio/releases",
        trap="Its histogram has buckets up to 25 % wide, in which a slowdown of 10 % can vanish: the latencies are "
        "taken from its access log instead. It exits with 0 when every request failed: its return codes are counted.",
    ),
)
CAPABILITIES: Mapping[str, Capabilities] = {each.name: each for each in _ALL}
"""By name, in the order in which they are shown."""
