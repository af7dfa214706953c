"""Why a load cannot be honoured, as far as a generator's capabilities tell."""

from __future__ import annotations

from smp_check.load.capabilities import Capabilities
from smp_check.load.port import Load
from smp_check.units import format_rate


def refusal(capabilities: Capabilities, load: Load) -> str | None:
    """The first reason not to run this load with a generator of these capabilities."""
    return _protocol(capabilities, load) or _rate(capabilities, load) or _shape(capabilities, load)


def _protocol(capabilities: Capabilities, load: Load) -> str | None:
    if load.protocol in capabilities.protocols:
        return None
    known = ", ".join(_word(protocol.value) for protocol in capabilities.protocols)
    return f"it speaks {known}, not {_word(load.protocol.value)}; embedded and fortio speak http, tcp, udp and grpc"


def _word(protocol: str) -> str:
    return protocol.removeprefix("PROTOCOL_").lower()


def _rate(capabilities: Capabilities, load: Load) -> str | None:
    if load.arrival != "constant":
        return f"it spreads requests evenly; only embedded does arrival: {load.arrival}"
    if load.rate is None:
        return "it needs a rate: give rps above 0" if capabilities.rate == "required" else None
    if capabilities.rate == "refused":
        return f"it has no rate, only full speed, and {format_rate(load.rate)} is asked for: give rps 0"
    if capabilities.whole_rates and load.rate != round(load.rate):
        return f"its rate is a whole number of requests per second, not {load.rate:g}"
    return None


def _shape(capabilities: Capabilities, load: Load) -> str | None:
    if not capabilities.many_urls and load.connections < len(load.urls):
        return f"each of the {len(load.urls)} endpoints needs a connection of its own, and there are {load.connections}"
    if load.body and not capabilities.body:
        return "it cannot send the given body"
    return None
