"""Requests per second that one core makes, side by side; requests as nginx itself counts them."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from benchmarks.load.servers import Nginx
from benchmarks.load.tools import CONNECTIONS, Pace, at_work, available, commands, http2_commands
from smp_check.load.embedded.generator import EmbeddedGenerator
from smp_check.load.port import Load, Session

Measured = dict[str, list[Pace]]
"""Tool -> its pace in each repetition."""


def embedded(url: str, options: tuple[str, ...]) -> Load:
    return Load(client="c", urls=(url,), connections=CONNECTIONS, options=options)


def measure(
    server: Nginx, url: str, others: dict[str, list[str]], seconds: int, repeats: int, options: tuple[str, ...] = ()
) -> Measured:
    """All tools in turn, again and again, so that a slow minute of the machine meets them all."""
    found: Measured = defaultdict(list)
    with ExitStack() as stack:
        session = stack.enter_context(EmbeddedGenerator().session(embedded(url, options)))
        session.measure(0.3, lambda _tick: None)
        for repeat in range(repeats):
            found["smp-check embedded"].append(own(session, seconds))
            for name, command in others.items():
                found[name].append(at_work(command, seconds, server.requests))
            print(f"  {url} repetition {repeat + 1}/{repeats}", file=sys.stderr)
    return found


def own(session: Session, seconds: int) -> Pace:
    sample = session.measure(seconds, lambda _tick: None)
    took = (sample.end - sample.start).total_seconds()
    if sample.counts.failed:
        print(f"  embedded: {dict(sample.counts.errors)}", file=sys.stderr)
    return sample.counts.ok / took, sample.counts.ok / ((sample.generator_cpu or 1) * took)


def table(title: str, found: Measured, missing: list[str]) -> str:
    """One table; the ratios are medians of ratios within a repetition."""
    ours = found["smp-check embedded"]
    lines = [f"### {title}", ""]
    lines += ["| generator | requests/s | we are, per core | we are, per CPU second |", "| --- | --: | --: | --: |"]
    for name, values in sorted(found.items(), key=lambda item: -statistics.median(v[0] for v in item[1])):
        rate = statistics.median(value[0] for value in values)
        shown = ["–", "–"] if values is ours else [ratio(ours, values, place) for place in (0, 1)]
        lines.append(f"| {name} | {rate:,.0f} | {shown[0]} | {shown[1]} |")
    if missing:
        lines += ["", f"Not installed here: {', '.join(missing)}."]
    return "\n".join([*lines, ""])


def ratio(ours: list[Pace], theirs: list[Pace], place: int) -> str:
    """How many times as fast we are, repetition by repetition."""
    found = [us[place] / them[place] for us, them in zip(ours, theirs, strict=True) if them[place] > 0]
    return f"{statistics.median(found):.2f} x" if found else "failed"


def tables(server: Nginx, folder: Path, seconds: int, repeats: int) -> list[str]:
    """HTTP/1.1, HTTP/1.1 over TLS, HTTP/2."""
    made = []
    plain = f"http://127.0.0.1:{server.plain}/"
    others, missing = available(commands(plain, seconds, folder))
    made.append(table("Full speed, HTTP/1.1", measure(server, plain, others, seconds, repeats), missing))
    secure = f"https://127.0.0.1:{server.tls}/"
    others, missing = available(commands(secure, seconds, folder))
    found = measure(server, secure, others, seconds, repeats, ("--insecure",))
    made.append(table("Full speed, HTTP/1.1 over TLS", found, missing))
    for streams in (1, 10):
        h2 = f"http://127.0.0.1:{server.h2}/"
        others, missing = available(http2_commands(h2, seconds, streams))
        found = measure(server, h2, others, seconds, repeats, ("--http", "2", "--streams", str(streams)))
        title = f"Full speed, HTTP/2, {streams} request{'s' if streams > 1 else ''} at a time on a connection"
        made.append(table(title, found, missing))
    return made
