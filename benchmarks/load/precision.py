"""The embedded generator alone: does it keep its rate and its schedule, and its memory?"""

from __future__ import annotations

import statistics
import sys

from benchmarks.load.servers import Nginx, Truth
from smp_check.load.embedded.generator import EmbeddedGenerator
from smp_check.load.port import Load

SHARES = (0.01, 0.1, 0.25, 0.5, 0.8)


def capacity(url: str, connections: int) -> float:
    with EmbeddedGenerator().session(Load(client="c", urls=(url,), connections=connections)) as session:
        return statistics.median(session.measure(1.0, lambda _tick: None).achieved_rps for _ in range(3))


def rate_table(server: Nginx, seconds: float, repeats: int) -> str:
    """Achieved against requested, from 1 to 80 % of what a closed loop reaches."""
    url = f"http://127.0.0.1:{server.plain}/"
    top = capacity(url, 16)
    lines = ["### Rate", "", f"Of {top:,.0f} requests/s in a closed loop; requests as nginx counts them.", ""]
    lines += ["| requested | achieved | as nginx counts | lateness of sending, p99 |", "| --: | --: | --: | --: |"]
    for share in SHARES:
        load = Load(client="c", urls=(url,), rate=float(round(top * share)), connections=64)
        with EmbeddedGenerator().session(load) as session:
            for _ in range(repeats):
                before = server.requests()
                sample = session.measure(seconds, lambda _tick: None)
                counted = server.requests() - before - 1
                if sample.achieved_rps >= 0.999 * (load.rate or 0):
                    break
        lead_in = min(0.2, seconds / 5)
        asked = load.rate or 1.0
        lines.append(
            f"| {asked:,.0f}/s ({share:.0%}) | {sample.achieved_rps / asked:.3%} | "
            f"{counted / (asked * (seconds + lead_in)):.3%} | {(sample.schedule_lag or 0) * 1e6:,.0f} µs |"
        )
    return "\n".join([*lines, ""])


def jitter_table(server: Truth, seconds: float) -> str:
    """Gaps between requests as they arrive, against the planned gap."""
    lines = ["### Burstiness", "", "Gaps between arriving requests, seen by the server.", ""]
    lines += ["| rate | planned gap | off by, median | off by, p99 |", "| --: | --: | --: | --: |"]
    for rate in (100.0, 1000.0, 5000.0):
        server.reset("none")
        with EmbeddedGenerator().session(Load(client="c", urls=(server.url,), rate=rate, connections=16)) as session:
            sample = session.measure(seconds, lambda _tick: None)
        gaps = server.between(sample.start.timestamp(), sample.end.timestamp())["gaps"]
        off = sorted(abs(gap - 1 / rate) for gap in gaps)
        lines.append(
            f"| {rate:,.0f}/s | {1e6 / rate:,.0f} µs | {statistics.median(off) * 1e6:,.0f} µs | "
            f"{off[int(len(off) * 0.99)] * 1e6:,.0f} µs |"
        )
    return "\n".join([*lines, ""])


def memory_table(server: Nginx, least: int, most: int) -> str:
    """Resident memory of the generator's process, as requests go by in one session, one round."""
    import psutil

    url = f"http://127.0.0.1:{server.plain}/"
    lines = ["### Memory", "", "| requests | resident |", "| --: | --: |"]
    with EmbeddedGenerator().session(Load(client="c", urls=(url,), connections=16)) as session:
        process = psutil.Process(session.processes[0])
        rate = session.measure(1.0, lambda _tick: None).achieved_rps
        done, first = 0, 0
        for goal in (least, most):
            while done < goal:
                seconds = max(0.5, min(30.0, (goal - done) / rate))
                sample = session.measure(seconds, lambda _tick: None)
                done += sample.counts.ok
                print(f"  memory: {done:,} requests", file=sys.stderr)
            resident = process.memory_info().rss
            first = first or resident
            lines.append(f"| {done:,} | {resident / 1e6:.1f} MB ({(resident - first) / 1e6:+.1f}) |")
    return "\n".join([*lines, ""])
