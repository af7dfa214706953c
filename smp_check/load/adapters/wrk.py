"""wrk (https://github.com/wg/wrk): a closed loop at full speed, with every latency to the microsecond."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from smp_check.load.adapters.adapter import Invocation, Measured, Output
from smp_check.load.adapters.distribution import from_microseconds
from smp_check.load.adapters.fields import SourceError
from smp_check.load.adapters.reading import Reading, examined, note, warning
from smp_check.load.adapters.tool import Tool, header_flags, whole_seconds
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.spec.run import Counts, Remark

SCRIPT, RESULT, BODY = "round.lua", "result", "body"
MOST_THREADS = 2
_REPORT = """\
done = function(summary, latency, requests)
  local file = io.open(%(result)s, "w")
  local e = summary.errors
  file:write(("total %%d %%d %%d\\n"):format(summary.requests, summary.duration, summary.bytes))
  file:write(("errors %%d %%d %%d %%d %%d\\n"):format(e.connect, e.read, e.write, e.status, e.timeout))
  for i = 1, #latency do
    local value, count = latency(i)
    file:write(("%%d %%d\\n"):format(value, count))
  end
  file:close()
end
"""
ERROR_KINDS = ("connect", "read", "write", "status", "timeout")
_OURS = {"read": "reset", "write": "reset"}


class WrkAdapter(Tool):
    """Commands and results of wrk, reported through a Lua script of ours."""

    name = "wrk"
    version_flag = "-v"
    version_pattern = r"\A(?![\s\S]*--rate)wrk\s+(?:debian/)?([\w.+-]*)"

    def invocation(self, load: Load, seconds: float, folder: Path) -> Invocation:
        """One thread, or two for many connections; times are whole seconds."""
        words = [*wrk_words(load, seconds), *header_flags(load, "-H")]
        words += ["-s", str(folder / SCRIPT), *load.options, load.urls[0]]
        script = request_script(load, folder) + _REPORT % {"result": lua_text(str(folder / RESULT))}
        return Invocation(arguments=tuple(words), files={SCRIPT: script.encode(), BODY: load.body})

    def measured(self, output: Output, load: Load) -> Measured:
        """Every latency that wrk saw, without those that it invented."""
        text = output.file(RESULT)
        if text is None:
            raise SourceError("wrk wrote no result")
        return Measured(reading=read_report(text.decode("ascii", "replace"), load))


def wrk_words(load: Load, seconds: float) -> list[str]:
    """The options that wrk and wrk2 share."""
    threads = min(load.connections, MOST_THREADS)
    timeout = whole_seconds(load.timeout)
    return [f"-t{threads}", f"-c{load.connections}", f"-d{whole_seconds(seconds)}s", "--timeout", f"{timeout}s"]


def request_script(load: Load, folder: Path) -> str:
    """Lua that sets method and body; they have no options."""
    lines = [f"wrk.method = {lua_text(load.method)}"]
    if load.body:
        lines.append(f'wrk.body = io.open({lua_text(str(folder / BODY))}, "rb"):read("*a")')
    return "\n".join(lines) + "\n"


def lua_text(text: str) -> str:
    """A Lua string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def read_report(text: str, load: Load) -> Reading:
    """Read what our script wrote."""
    total = re.search(r"^total (\d+) (\d+) (\d+)$", text, re.MULTILINE)
    failed = re.search(r"^errors (\d+) (\d+) (\d+) (\d+) (\d+)$", text, re.MULTILINE)
    if total is None or failed is None or not int(total[2]):
        raise SourceError("wrk's report is cut short")
    requests, microseconds = int(total[1]), int(total[2])
    counted = {int(value): int(count) for value, count in re.findall(r"^(\d+) (\d+)$", text, re.MULTILINE)}
    latencies, remarks = _without_invented(counted, requests, microseconds, load.connections)
    counts = wrk_counts(requests, dict(zip(ERROR_KINDS, map(int, failed.groups()), strict=True)), int(total[3]))
    if not counts.sent:
        raise SourceError("wrk made no request")
    return examined(
        Reading(
            generator="wrk",
            protocol=Protocol.HTTP,
            targets=load.urls,
            seconds=microseconds / 1e6,
            closed_loop=True,
            achieved_rps=counts.sent * 1e6 / microseconds,
            connections=load.connections,
            counts=counts,
            latency=from_microseconds(latencies),
            percentile_method="hdr",
            resolution=1e-6,
            remarks=tuple(remarks),
        )
    )


def wrk_counts(requests: int, failed: Mapping[str, int], received: int | None = None) -> Counts:
    """``requests`` are the answers, bad statuses included; what got no answer is only among the errors."""
    errors: Counter[str] = Counter()
    for kind, count in failed.items():
        if count:
            errors[_OURS.get(kind, kind)] += count
    bad = failed.get("status", 0)
    unanswered = sum(errors.values()) - bad
    return Counts(sent=requests + unanswered, ok=requests - bad, errors=dict(errors), bytes_received=received)


def _without_invented(
    counted: Mapping[int, int], requests: int, microseconds: int, connections: int
) -> tuple[Mapping[int, int], list[Remark]]:
    """Take back wrk's own correction, which adds samples for long latencies (wrk.c, stats.c: ``stats_correct``)."""
    invented = sum(counted.values()) - requests
    if invented <= 0 or requests < connections:
        return counted, []
    plain = uncorrected(counted, microseconds // (requests // connections))
    if sum(plain.values()) == requests:
        return plain, [note("mended", f"{invented} latencies that wrk had invented were taken back")]
    text = f"wrk reports {invented} more latencies than requests: it invents some when a request takes long"
    return counted, [warning("invented", text)]


def uncorrected(counted: Mapping[int, int], interval: int) -> dict[int, int]:
    """The counts before ``stats_correct``: each n from 2 intervals up had added to n - k intervals, above one."""
    plain = dict(counted)
    for value in sorted(counted, reverse=True):
        count = plain.get(value, 0)
        if count <= 0 or value < 2 * interval:
            continue
        lower = value - interval
        while lower > interval:
            plain[lower] = plain.get(lower, 0) - count
            lower -= interval
    return {value: count for value, count in plain.items() if count}
