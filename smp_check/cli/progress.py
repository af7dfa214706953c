"""Progress of a measurement: a bar on a terminal, one line per round in CI, nothing when quiet."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING

from smp_check.load.events import Event, Noted, RoundEnded, RoundStarted, Started, Ticked, WarmingUp, Warned
from smp_check.units import format_count, format_duration, format_latency, format_rate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from smp_check.cli.console import Console
    from smp_check.load.capacity import Step
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import Round

REDRAW = 0.1
"""Seconds between two drawings of the bar."""
BAR = 24


class Progress:
    """Takes the driver's events; a context, so that the bar is wiped away whatever happens."""

    def __init__(self, configuration: Configuration, console: Console) -> None:
        self._name = configuration.name
        self._console = console
        self._lock = threading.Lock()
        self._state = _State()
        self._drawn = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wipe()

    def on_event(self, event: Event) -> None:
        """Show one event; may be called from several threads."""
        with self._lock:
            self._state.take(event)
            self._say(event)
            if self._console.live and time.monotonic() - self._drawn >= REDRAW:
                self._draw()

    def _say(self, event: Event) -> None:
        if isinstance(event, Started):
            self._line(f"measuring {self._name}: {event.rounds} rounds, about {format_duration(round(event.seconds))}")
            for note in event.notes:
                self._line(self._console.dim(f"note: {note}"))
        elif isinstance(event, Warned):
            self._wipe()
            self._console.warn(event.message)
        elif isinstance(event, Noted):
            self._line(event.message)
        elif isinstance(event, RoundEnded) and not self._console.live:
            self._line(round_line(event))

    def _line(self, text: str) -> None:
        self._wipe()
        self._console.say(text)

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        width = shutil.get_terminal_size().columns
        sys.stderr.write("\r\x1b[2K" + self._state.bar(self._drawn)[: width - 1])
        sys.stderr.flush()

    def _wipe(self) -> None:
        if self._console.live and self._drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._drawn = 0.0


class _State:
    """What the bar shows."""

    def __init__(self) -> None:
        self._done, self._of = 0, 0
        self._doing = "starting"
        self._length = 0.0
        self._since = 0.0
        self._rates: dict[str, float] = {}
        self._last = ""

    def take(self, event: Event) -> None:
        if isinstance(event, Started):
            self._of = event.rounds
        elif isinstance(event, WarmingUp):
            self._begin(f"warming up {event.role}", event.seconds)
        elif isinstance(event, RoundStarted):
            self._begin(f"{event.role} {event.number}/{event.of}", event.seconds)
        elif isinstance(event, Ticked) and event.tick.elapsed > 0:
            self._rates[event.client] = event.tick.sent / event.tick.elapsed
        elif isinstance(event, RoundEnded):
            self._done = event.number
            if event.rounds[0].role != "reference":
                self._last = _latency_text(event.rounds)

    def _begin(self, doing: str, seconds: float) -> None:
        self._doing, self._length, self._since = doing, seconds, time.monotonic()
        self._rates.clear()

    def bar(self, now: float) -> str:
        within = min(1.0, (now - self._since) / self._length) if self._length and "/" in self._doing else 0.0
        share = (self._done + within) / self._of if self._of else 0.0
        full = round(BAR * min(share, 1.0))
        rate = f"  {format_rate(sum(self._rates.values()))}" if self._rates else ""
        return f"{'█' * full}{'░' * (BAR - full)} {share:4.0%}  {self._doing}{rate}  {self._last}"


def step_line(step: Step) -> str:
    """One rate of a search for the capacity in one line."""
    latencies = [f"{n} {format_latency(v)}" for n, v in (("p50", step.p50), ("p99", step.p99)) if v is not None]
    verdict = f"too much: {step.objection}" if step.objection else "within"
    return ", ".join([f"  {format_rate(step.rate)}: {format_rate(step.achieved)} achieved", *latencies, verdict])


def round_line(event: RoundEnded) -> str:
    """One round in one line: place, role, rate, latencies, failures, and why it is not to be trusted."""
    rounds = event.rounds
    rate = sum(each.achieved_rps for each in rounds)
    failed = sum(each.counts.failed for each in rounds)
    parts = [f"round {event.number}/{event.of} {rounds[0].role}: {format_rate(rate)}", _latency_text(rounds)]
    if failed:
        parts.append(f"{format_count(failed)} failed")
    noisy = [reason for each in rounds for reason in each.noisy]
    if noisy:
        parts.append(f"noisy: {noisy[0]}{' and more' if len(noisy) > 1 else ''}")
    return ", ".join(part for part in parts if part)


def _latency_text(rounds: Sequence[Round]) -> str:
    """p50 and p99 of one client, or the range over several."""
    found = [each.latency.percentiles for each in rounds if "p50" in each.latency.percentiles]
    if not found:
        return ""
    texts = []
    for name in ("p50", "p99"):
        values = sorted(latency[name] for latency in found if name in latency)
        if values:
            ends = dict.fromkeys(format_latency(value) for value in (values[0], values[-1]))
            texts.append(f"{name} {' to '.join(ends)}")
    return ", ".join(texts)
