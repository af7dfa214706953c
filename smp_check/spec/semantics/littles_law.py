"""Little's law: requests under way = rate x latency, and each takes a connection.

It holds for latencies that count from the moment of sending: those of closed loops. In an open loop they
count from the planned moment, and waiting takes no connection; there nothing can be said. Neither can it
where one connection carries several requests at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smp_check.spec.findings import Severity
from smp_check.spec.rules import breach

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from smp_check.spec.findings import Finding

MOST = 1.5
"""Requests under way per connection above this are a breach: rounding and warm-up explain less."""
LEAST = 0.02
"""A closed loop at full speed keeps its connections busy; below this share, latencies are in too large a unit."""
_ONE_AT_A_TIME = {"fortio", "wrk", "wrk2", "hey", "embedded"}


def check_littles_law(
    test: Mapping[str, Any], result: Mapping[str, Any], details: Mapping[str, Any]
) -> Iterator[Finding]:
    """Rate x mean latency against the connections of the test."""
    clients = test.get("clients", [])
    average, rate = result.get("latencies_ms", {}).get("average"), result.get("actual_qps")
    if not clients or not average or not rate or not _counts_from_sending(clients, details):
        return
    if "imported" in details.get("plan", {}) and not all({"connections", "rps"} <= client.keys() for client in clients):
        return  # the source does not tell, so a default must not stand for it
    connections = sum(max(client.get("connections", 1), 1) for client in clients)
    under_way = rate * average / 1e3
    if under_way > MOST * connections:
        what = f"{rate:.4g}/s x {average:.4g} ms are {under_way:.3g} requests under way, over {connections} connections"
        yield breach("SMP207", "/result/latencies_ms/average", what, "are the latencies in a smaller unit than ms?")
    elif under_way < LEAST * connections and all(client.get("rps", 0) == 0 for client in clients):
        what = f"{connections} connections at full speed, and only {under_way:.2g} requests under way"
        fix = "are the latencies seconds instead of milliseconds?"
        yield breach("SMP207", "/result/latencies_ms/average", what, fix, severity=Severity.WARNING)


def _counts_from_sending(clients: list[Mapping[str, Any]], details: Mapping[str, Any]) -> bool:
    generators = details.get("generators", {})
    for index, client in enumerate(clients, 1):
        info = generators.get(f"client-{index}", {})
        full_speed = client.get("rps", 0) == 0
        name = info.get("name") or client.get("load_generator") or "embedded"
        open_loop = info.get("open_loop", name in ("embedded", "wrk2")) and not full_speed
        if open_loop or name not in _ONE_AT_A_TIME or client.get("protocol", "PROTOCOL_HTTP") != "PROTOCOL_HTTP":
            return False
    return True
