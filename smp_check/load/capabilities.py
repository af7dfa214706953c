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
    population: Literal["all requests", "answers", "successes"] = "all requests"
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
        population="successes",
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
        success="200 to 299 and 418",
        install=f"go install fortio.org/fortio@latest ({_GO}), or the packages at github.com/fortio/fortio/releases",
        trap="Its histogram has buckets up to 25 % wide, in which a slowdown of 10 % can vanish: the latencies are "
        "taken from its access log instead. It exits with 0 when every request failed: its return codes are counted.",
    ),
    Capabilities(
        name="fortio-server",
        protocols=(HTTP, TCP, UDP, GRPC),
        model="as fortio, on any number of machines at once",
        percentile_method="fortio-buckets",
        resolution=1e-5,
        success="200 to 299 and 418",
        install="fortio server on each machine; examples/workers/ starts them in Kubernetes or with Compose",
        trap="Servers give histograms only, with buckets up to 25 % wide: changes below that may not show in it.",
    ),
    Capabilities(
        name="nighthawk",
        programs=("nighthawk_client",),
        model="closed loop with a schedule; says how often it was held up",
        rate="required",
        whole_rates=True,
        whole_seconds=True,
        body=False,
        percentile_method="hdr",
        resolution=1e-6,
        success="100 to 399",
        install="docker run envoyproxy/nighthawk-dev, or built from github.com/envoyproxy/nighthawk",
        trap="It ends at the first error unless told otherwise, which it is here.",
    ),
    Capabilities(
        name="wrk2",
        programs=("wrk2", "wrk"),
        open_loop=True,
        model="constant rate per connection, latency from the planned time",
        rate="required",
        whole_rates=True,
        min_seconds=20.0,
        whole_seconds=True,
        percentile_method="hdr",
        resolution=1e-3,
        population="answers",
        success="200 to 399",
        install="built from github.com/giltene/wrk2",
        trap="it calibrates for its first 10 seconds and throws away what it measured until then",
    ),
    Capabilities(
        name="wrk",
        programs=("wrk",),
        model="closed loop at full speed",
        rate="refused",
        whole_seconds=True,
        percentile_method="hdr",
        resolution=1e-6,
        population="answers",
        success="200 to 399",
        install="apt-get install wrk, or built from github.com/wg/wrk",
        trap="It invents latencies when a request takes long (its own correction): they are taken back.",
    ),
    Capabilities(
        name="k6",
        programs=("k6",),
        model="arrival rate; what finds no free connection is dropped, and told",
        many_urls=True,
        percentile_method="linear",
        resolution=1e-6,
        success="200 to 399",
        install="packages at grafana.com/docs/k6/latest/set-up/install-k6",
        trap="Latency leaves out connecting. Percentiles of several rounds come from 110 percentiles of each.",
    ),
    Capabilities(
        name="vegeta",
        programs=("vegeta",),
        open_loop=True,
        model="requests leave on time; waiting for a connection counts",
        many_urls=True,
        percentile_method="hdr",
        resolution=1e-6,
        success="200 to 399",
        install=f"go install github.com/tsenart/vegeta/v12@latest ({_GO})",
        trap="Its own report estimates percentiles and reads the rate too high: every request is read instead.",
    ),
    Capabilities(
        name="oha",
        programs=("oha",),
        open_loop=True,
        model="rate over all connections, latency from the planned time",
        percentile_method="nearest-rank",
        resolution=1e-6,
        population="answers",
        success="200 to 399",
        install="cargo install oha",
        trap="It calls every answer a success, 5xx too: statuses are counted here. Percentiles of several rounds come "
        "from nine percentiles of each.",
    ),
    Capabilities(
        name="hey",
        programs=("hey",),
        model="closed loop, a rate per worker",
        percentile_method="hey-rank",
        resolution=1e-4,
        population="answers",
        success="200 to 399",
        install="apt-get install hey, or go install github.com/rakyll/hey@latest",
        trap="Its CSV leaves failures out, so its summary is read: seven percentiles, 0.1 ms steps.",
    ),
    Capabilities(
        name="h2load",
        programs=("h2load",),
        model="closed loop per client with a schedule; all clients send at once",
        percentile_method="hdr",
        resolution=1e-6,
        population="answers",
        success="200 to 399",
        install="apt-get install nghttp2-client",
        trap="It sends in bursts of as many requests as there are connections. It makes no request, and says no more, "
        "when nothing answers.",
    ),
    Capabilities(
        name="autocannon",
        programs=("autocannon",),
        model="closed loop; the requests of a second leave in a burst at its start",
        whole_rates=True,
        whole_seconds=True,
        percentile_method="hdr-ms",
        resolution=1e-3,
        population="answers",
        success="200 to 399",
        install="npm install -g autocannon",
        trap="It counts whole milliseconds. With a rate it invents latencies unless told not to, which it is here.",
    ),
)
CAPABILITIES: Mapping[str, Capabilities] = {each.name: each for each in _ALL}
"""By name, in the order in which they are shown."""
