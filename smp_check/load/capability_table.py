"""The capabilities of all load generators as tables: for the terminal, and for docs/generators.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from smp_check.load.capabilities import CAPABILITIES, Capabilities
from smp_check.units import format_duration, format_latency

BEGIN, END = "<!-- capabilities: written by `make docs` -->", "<!-- end of capabilities -->"
HEADINGS = ("generator", "protocols", "latency from", "rate", "percentiles", "step", "latencies of")
_METHODS = {
    "hdr": "all latencies",
    "fortio-buckets": "its buckets",
    "linear": "110 percentiles",
    "nearest-rank": "9 percentiles",
    "hey-rank": "7 percentiles",
    "hdr-ms": "20 percentiles",
}


def rows() -> list[tuple[str, ...]]:
    """One row for each generator, under ``HEADINGS``."""
    return [_row(each) for each in CAPABILITIES.values()]


def _row(each: Capabilities) -> tuple[str, ...]:
    return (
        each.name,
        " ".join(_protocols(each)),
        "planned time" if each.open_loop else "sending",
        _rate(each),
        _METHODS[each.percentile_method],
        re.sub(r"\.0+ ", " ", format_latency(each.resolution)),
        each.population,
    )


def _protocols(each: Capabilities) -> Iterable[str]:
    return (protocol.value.removeprefix("PROTOCOL_").lower() for protocol in each.protocols)


def _rate(each: Capabilities) -> str:
    if each.rate == "refused":
        return "full speed only"
    words = "whole" if each.whole_rates else "any"
    needed = "" if each.rate == "optional" else ", needed"
    return f"{words}{needed}"


def plain() -> list[Mapping[str, object]]:
    """The same for programs."""
    return [
        {
            "generator": each.name,
            "protocols": list(_protocols(each)),
            "open_loop": each.open_loop,
            "pacing": each.model,
            "rate": each.rate,
            "whole_rates": each.whole_rates,
            "shortest_round_seconds": each.min_seconds,
            "percentile_method": each.percentile_method,
            "resolution_seconds": each.resolution,
            "population": each.population,
            "success": each.success,
            "install": each.install,
            "note": each.trap,
        }
        for each in CAPABILITIES.values()
    ]


def markdown() -> str:
    """The table and a paragraph for each generator, between the marks that docs/generators.md has."""
    lines = [BEGIN, "", _line(HEADINGS), _line(["---"] * len(HEADINGS)), *(_line(row) for row in rows()), ""]
    for each in CAPABILITIES.values():
        lines += [f"**{each.name}**: {_paragraph(each)}", ""]
    return "\n".join([*lines, END])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _paragraph(each: Capabilities) -> str:
    sentences = [_sentence(each.model), f"Answers of {each.success} are good."]
    if each.min_seconds:
        sentences.append(f"Rounds of at least {format_duration(each.min_seconds)}.")
    if each.whole_seconds:
        sentences.append("Rounds are whole seconds.")
    sentences += [_sentence(each.trap), f"Get it: {each.install}."]
    return " ".join(sentence for sentence in sentences if sentence)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def updated(document: str) -> str:
    """A document with what stands between its marks written anew. Raises ``ValueError`` if it has no marks."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the document has no marks for the capabilities")
    return f"{before}{markdown()}{after}"
