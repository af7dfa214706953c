"""When to ask GitHub again, and when not: a pure function of what came back.

Rules from GitHub's documentation of primary and secondary rate limits
(https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api) and its best practices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LIMITED_TRIES = 3
PASSING_TRIES = 5
SECONDARY_WAIT = 60.0
_PASSING = frozenset({500, 502, 503, 504})

Step = Literal["take", "wait", "ambiguous", "give-up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What one attempt came to."""

    status: int | None
    """``None`` when there was no answer: the connection failed or timed out."""
    write: bool
    attempt: int
    """From 1."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    message: str = ""
    now: float = 0.0
    """Seconds since 1970."""
    chance: float = 0.5
    """A random number from 0 to 1, for spreading retries."""
    delivered: bool = True
    """False when it is certain that the request never reached GitHub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do about it."""

    step: Step
    """``take`` the answer as it is, ``wait`` and ask again, look whether an ``ambiguous`` write happened, give up."""
    seconds: float = 0.0


def decide(signal: Signal) -> Decision:
    """What to do after one attempt."""
    status = signal.status
    if status is None or status in _PASSING:
        return _passing(signal)
    if status == 429 or (status == 403 and _limited(signal)):
        return _limit(signal)
    return Decision(step="take")


def _passing(signal: Signal) -> Decision:
    if signal.write and signal.delivered:
        return Decision(step="ambiguous")
    if signal.attempt >= PASSING_TRIES:
        return Decision(step="give-up")
    return Decision(step="wait", seconds=0.5 * 2.0 ** (signal.attempt - 1) * (0.5 + signal.chance / 2))


def _limited(signal: Signal) -> bool:
    return (
        "retry-after" in signal.headers
        or signal.headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in signal.message.lower()
    )


def _limit(signal: Signal) -> Decision:
    if signal.attempt > LIMITED_TRIES:
        return Decision(step="give-up")
    wait = _number(signal.headers.get("retry-after"))
    if wait is not None:
        return Decision(step="wait", seconds=max(wait, 1.0))
    reset = _number(signal.headers.get("x-ratelimit-reset"))
    if signal.headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return Decision(step="wait", seconds=max(reset - signal.now, 0.0) + 1.0)
    return Decision(step="wait", seconds=SECONDARY_WAIT * 2.0 ** (signal.attempt - 1))


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
