"""How long the built-in target takes to answer: ``constant:2ms``, ``lognormal:2ms,0.5``, ``stall:1s/5s``... Pure.

Each delay is drawn independently for each request, except ``stall``, which holds back everything that arrives during
the first part of each period. Delays are added with ``+``: ``constant:1ms+stall:1s/5s``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from smp_check.errors import InputError
from smp_check.units import parse_duration

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Draw = Callable[[random.Random, float], float]
    """(source of chance, seconds since the target started) -> seconds of delay."""

KNOWN = "none, constant:2ms, uniform:1ms-3ms, bimodal:2ms,50ms@1%, lognormal:2ms,0.5 or stall:1s/5s, joined by +"


def parse_delay(text: str) -> Draw:
    """The delay that a text describes. Raises ``InputError`` naming the known forms."""
    try:
        parts = [_single(part.strip()) for part in text.split("+")]
    except (ValueError, KeyError) as fault:
        raise InputError(f"{text!r} is no delay: {fault}", hint=f"write {KNOWN}") from fault
    if len(parts) == 1:
        return parts[0]
    return lambda chance, now: sum(part(chance, now) for part in parts)


def _single(text: str) -> Draw:
    name, _, rest = text.partition(":")
    return {
        "none": _none,
        "constant": _constant,
        "uniform": _uniform,
        "bimodal": _bimodal,
        "lognormal": _lognormal,
        "stall": _stall,
    }[name](rest)


def _none(_: str) -> Draw:
    return lambda _chance, _now: 0.0


def _constant(text: str) -> Draw:
    seconds = parse_duration(text)
    return lambda _chance, _now: seconds


def _uniform(text: str) -> Draw:
    low, high = (parse_duration(part) for part in text.split("-"))
    return lambda chance, _now: chance.uniform(low, high)


def _bimodal(text: str) -> Draw:
    """``2ms,50ms@1%``: the second delay for that share of the requests, the first for the others."""
    from smp_check.units import parse_share

    usual, _, rare = text.partition(",")
    slow, _, share = rare.partition("@")
    fast_seconds, slow_seconds, chance_of_slow = parse_duration(usual), parse_duration(slow), parse_share(share)
    return lambda chance, _now: slow_seconds if chance.random() < chance_of_slow else fast_seconds


def _lognormal(text: str) -> Draw:
    """``2ms,0.5``: median, and the standard deviation of the logarithm."""
    median, _, sigma = text.partition(",")
    mu, deviation = math.log(parse_duration(median)), float(sigma)
    return lambda chance, _now: chance.lognormvariate(mu, deviation)


def _stall(text: str) -> Draw:
    """``1s/5s``: the first second of every five answers nothing."""
    length, period = (parse_duration(part) for part in text.split("/"))
    if not 0 < length < period:
        raise ValueError("a stall is shorter than its period")
    return lambda _chance, now: max(0.0, length - now % period)
