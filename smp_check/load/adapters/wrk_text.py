"""The text reports of wrk and wrk2, told apart by what each of them prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from smp_check.load.adapters.distribution import from_quantiles, known_percentiles, ladder, spread, with_ends
from smp_check.load.adapters.fields import SourceError, number_of
from smp_check.load.adapters.reading import Reading, examined, note
from smp_check.load.adapters.wrk import ERROR_KINDS, wrk_counts
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import PERCENTILES, Latency, Remark

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = r"(\d{1,15}(?:\.\d{1,15})?)"
_TIME = rf"{_NUMBER}(us|ms|s|m|h)"
_HEAD = re.compile(r"^Running (?P<time>\S+) test @ (?P<url>\S+)", re.MULTILINE)
_SPECTRUM = re.compile(
    rf"^\s*{_NUMBER}\s+([01]\.\d{{1,15}})\s+(\d{{1,15}})\s+(?:{_NUMBER[1:-1]}|inf)\s*$", re.MULTILINE
)
_FOOTER = re.compile(rf"#\[(Mean|Max)\s*=\s*{_NUMBER},\s*(\w[\w ]*?)\s*=\s*{_NUMBER}\]")
_PERCENT = re.compile(rf"^\s*{_NUMBER}%\s+{_TIME}\s*$", re.MULTILINE)


def is_wrk(text: str) -> bool:
    """Whether this is a report of wrk or wrk2."""
    return bool(_HEAD.search(text)) and "Requests/sec" in text


def read_wrk_text(text: str) -> Reading:
    """Read a report; the spectrum of wrk2 gives a histogram, wrk's distribution percentiles alone."""
    head = _HEAD.search(text)
    total = re.search(rf"^\s*(\d{{1,15}}) requests in {_TIME}", text, re.MULTILINE)
    if head is None or total is None:
        raise SourceError("this is no whole report of wrk: the line with the number of requests is missing")
    seconds = _seconds(total[2], total[3])
    wrk2 = "HdrHistogram" in text or "Detailed Percentile spectrum" in text or "Thread calibration" in text
    counts = wrk_counts(int(total[1]), _errors(text))
    latency = _spectrum(text) if _SPECTRUM.search(text) else _distribution(text, int(total[1]))
    connections = re.search(r"\b(\d{1,9}) connections", text)
    rate = re.search(r"^Requests/sec:\s*([\d.]+)", text, re.MULTILINE)
    return examined(
        Reading(
            generator="wrk2" if wrk2 else "wrk",
            protocol=Protocol.HTTP,
            targets=(head["url"],),
            seconds=seconds or None,
            closed_loop=not wrk2,
            achieved_rps=number_of(rate[1]) if rate else None,
            connections=int(connections[1]) if connections else None,
            counts=counts,
            latency=latency,
            percentile_method="hdr" if wrk2 else "nearest-rank",
            resolution=1e-3 if wrk2 else 1e-5,
            remarks=tuple(_remarks(latency, wrk2=wrk2)),
        )
    )


def _remarks(latency: Latency, *, wrk2: bool) -> list[Remark]:
    found = [] if latency.percentiles else [note("no-percentiles", "run wrk with --latency to have them")]
    if not wrk2:
        found.append(note("invented", "wrk invents latencies when a request takes long, so mean and tail read high"))
    return found


def _seconds(number: str, unit: str) -> float:
    return (number_of(number) or 0.0) * _UNITS[unit]


def _errors(text: str) -> Mapping[str, int]:
    found = dict.fromkeys(ERROR_KINDS, 0)
    socket = re.search(
        r"Socket errors: connect (\d{1,15}), read (\d{1,15}), write (\d{1,15}), timeout (\d{1,15})", text
    )
    if socket:
        found |= dict(zip(("connect", "read", "write", "timeout"), map(int, socket.groups()), strict=True))
    status = re.search(r"Non-2xx or 3xx responses: (\d{1,15})", text)
    return found | ({"status": int(status[1])} if status else {})


def _spectrum(text: str) -> Latency:
    """The detailed spectrum: values in ms, each with the number of latencies up to it."""
    rows = [(float(value) / 1e3, float(share), int(upto)) for value, share, upto in _SPECTRUM.findall(text)]
    footer = {name.strip(): float(number) for pair in _FOOTER.findall(text) for name, number in _pairs(pair)}
    buckets = ladder((value, upto) for value, _, upto in rows)
    count = rows[-1][2]
    if not count:
        return Latency(count=0)
    given = {name: _at(rows, percent / 100) for name, percent in PERCENTILES.items()}
    latency = replace(
        spread(buckets).summary(),
        count=count,
        mean=_milliseconds(footer.get("Mean")),
        stddev=_milliseconds(footer.get("StdDeviation")),
        percentiles=given,
    )
    return with_ends(latency, rows[0][0], max(rows[-1][0], footer.get("Max", 0.0) / 1e3))


def _pairs(footer: tuple[str, str, str, str]) -> list[tuple[str, str]]:
    return [(footer[0], footer[1]), (footer[2], footer[3])]


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else value / 1e3


def _at(rows: list[tuple[float, float, int]], share: float) -> float:
    return next((value for value, upto, _ in rows if upto >= share), rows[-1][0])


def _distribution(text: str, count: int) -> Latency:
    """wrk's ``Thread Stats`` and the few percentiles of ``--latency``; the maximum is there, the minimum is not."""
    stats = re.search(rf"^\s*Latency\s+{_TIME}\s+{_TIME}\s+{_TIME}", text, re.MULTILINE)
    points = {float(percent): _seconds(value, unit) for percent, value, unit in _PERCENT.findall(text)}
    inner = {percent: value for percent, value in points.items() if percent < 100}
    if stats is None or not count:
        return Latency(count=count if inner else 0, percentiles=known_percentiles(inner))
    mean, spread_, high = (_seconds(*stats.groups()[i : i + 2]) for i in (0, 2, 4))
    return from_quantiles(inner, count=count, low=None, high=high, mean=mean, stddev=spread_)
