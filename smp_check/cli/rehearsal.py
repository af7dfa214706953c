"""A rehearsed plan as text for people: what ``run --dry-run`` prints."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from smp_check.pipeline.rehearse import BUILTIN
from smp_check.units import format_duration, format_rate

if TYPE_CHECKING:
    from smp_check.load.port import Load
    from smp_check.pipeline.rehearse import Rehearsal
    from smp_check.spec.configuration import Configuration


def rehearsal_text(configuration: Configuration, found: Rehearsal) -> str:
    """The plan, then for each role and client its load and the exact command of one round."""
    plan = found.plan
    lines = [
        f"test       {configuration.name}",
        f"takes      about {format_duration(round(plan.seconds))}",
        f"warm-up    {format_duration(plan.warmup)} each",
        f"rounds     {len(plan.schedule)}: {_order(found)}",
    ]
    for role, loads in plan.loads.items():
        seconds = next(slot.seconds for slot in plan.schedule if slot.role == role)
        lines += ["", f"{role}, {format_duration(seconds)} a round"]
        for load in loads:
            lines += _load(load, found, role)
    lines += ["", *(f"note: {note}" for note in plan.notes)] if plan.notes else []
    return "\n".join(lines)


def _order(found: Rehearsal) -> str:
    words = [slot.role for slot in found.plan.schedule]
    shown = " ".join(words[:12])
    return shown + (" ..." if len(words) > 12 else "")


def _load(load: Load, found: Rehearsal, role: str) -> list[str]:
    rate = "full speed (closed loop)" if load.rate is None else f"{format_rate(load.rate)}, {load.arrival} arrivals"
    command = found.commands[role][load.client]
    urls = ["the built-in target" if url.startswith(BUILTIN) else url for url in load.urls]
    lines = [
        f"  {load.client}  {found.generators[load.client]}",
        f"    {load.method} {' '.join(urls)}",
        f"    {load.protocol.value}, {rate}, {load.connections} connections",
    ]
    if load.headers:
        lines.append(f"    headers: {', '.join(sorted(load.headers))}")
    lines.append(f"    $ {shlex.join(command)}" if command else "    (built in: no command)")
    return lines
