"""Configuration -> plan: who sends what where, and in which order the rounds come. Pure.

``test.duration`` is the time under load of the system under test, cut into rounds of about ``check.round``. The
reference's rounds come on top, half as long: they only have to tell a slow machine from a slow change. Rounds of the
roles alternate in ABBA order, so that a machine that grows slower while we measure treats both the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from smp_check.load.loads import load_of, on_reference
from smp_check.units import format_count, format_duration

if TYPE_CHECKING:
    from smp_check.load.port import Load
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import GeneratorInfo, Role

REFERENCE_SHARE = 0.5
SHORTEST_ROUND = 0.2
BETWEEN_ROUNDS = 0.25
"""Seconds that a round costs beside its own, about: its lead-in, and the answers that are still on their way."""
FEW_REQUESTS = 1000
"""Below this many requests a round's p99 is uncertain by more than a seventh (research on percentiles of log-normal
latencies: 14 % at 1,000 requests, 6.5 % at 5,000)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place in the schedule: a round of one role, all its clients at once."""

    role: Role
    index: int
    seconds: float
    launch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is decided before the first request."""

    loads: Mapping[Role, tuple[Load, ...]]
    schedule: tuple[Slot, ...]
    round_seconds: float
    warmup: float
    """Seconds of load on each role, before its first round, that do not count."""
    notes: tuple[str, ...] = field(default_factory=tuple)
    """What the reader should know about this plan."""

    @property
    def seconds(self) -> float:
        """How long the plan takes, warm-up included."""
        roles = {slot.role for slot in self.schedule}
        return sum(slot.seconds + BETWEEN_ROUNDS for slot in self.schedule) + self.warmup * len(roles)


def make_plan(configuration: Configuration, *, reference_url: str | None = None) -> Plan:
    """The plan of one check: rounds of the head, interleaved with the reference's if there is a reference."""
    check = configuration.check
    count = max(1, round(configuration.duration / max(check.round, SHORTEST_ROUND)))
    seconds = configuration.duration / count
    loads: dict[Role, tuple[Load, ...]] = {
        "head": tuple(load_of(client, configuration) for client in configuration.clients)
    }
    roles: tuple[Role, ...] = ("head",)
    if reference_url is not None:
        builtin = check.reference == "builtin"
        loads["reference"] = tuple(
            on_reference(load, reference_url, builtin=builtin, embedded=client.load_generator in {"", "embedded"})
            for load, client in zip(loads["head"], configuration.clients, strict=True)
        )
        roles = ("head", "reference")
    return Plan(
        loads=loads,
        schedule=interleave(roles, count, seconds=seconds),
        round_seconds=seconds,
        warmup=check.warmup,
        notes=_notes(loads["head"], seconds),
    )


def interleave(
    roles: Sequence[Role], count: int, *, seconds: float, start: int = 0, launch: int = 0, flip: bool = False
) -> tuple[Slot, ...]:
    """``count`` rounds of each role in ABBA order (AB, BA, AB...), numbered from ``start``; ``flip`` begins with BA."""
    slots = []
    for place in range(count):
        order = roles if (place % 2 == 0) != flip else tuple(reversed(roles))
        slots += [
            Slot(role=role, index=start + place, seconds=round_length(role, seconds), launch=launch) for role in order
        ]
    return tuple(slots)


def round_length(role: Role, seconds: float) -> float:
    """How long a round of this role is."""
    return seconds * REFERENCE_SHARE if role == "reference" else seconds


def _notes(loads: Sequence[Load], seconds: float) -> tuple[str, ...]:
    notes = []
    for load in loads:
        requests = (load.rate or FEW_REQUESTS) * seconds
        if load.rate is not None and requests < FEW_REQUESTS:
            notes.append(
                f"{load.client}: {format_count(requests)} requests per round of {format_duration(seconds)}; "
                f"percentiles of single rounds are uncertain below {format_count(FEW_REQUESTS)} "
                "(raise rps, or check.round)"
            )
    return tuple(notes)


def describe(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON, for ``details.plan``. Values of headers are left out: they may be secrets."""
    return {
        "round_seconds": plan.round_seconds,
        "warmup_seconds": plan.warmup,
        "seconds": round(plan.seconds, 3),
        "schedule": [f"{slot.role} {slot.index}" for slot in plan.schedule],
        "loads": {role: [_described(load) for load in loads] for role, loads in plan.loads.items()},
        "notes": list(plan.notes),
    }


def _described(load: Load) -> dict[str, Any]:
    return {
        "client": load.client,
        "urls": list(load.urls),
        "protocol": load.protocol.value,
        "method": load.method,
        "headers": sorted(load.headers),
        "body_bytes": len(load.body),
        "rate": load.rate,
        "connections": load.connections,
        "arrival": load.arrival,
        "workers": load.workers,
        "timeout": load.timeout,
        "options": list(load.options),
    }


def load_fingerprint(plan: Plan, infos: Mapping[str, GeneratorInfo]) -> dict[str, str]:
    """What must agree before two runs may be compared, as ``client field -> value``. Hosts and ports may differ."""
    found = {"round": format_duration(plan.round_seconds), "warmup": format_duration(plan.warmup)}
    found["reference"] = _reference_kind(plan)
    for load in plan.loads["head"]:
        info = infos[load.client]
        fields = {
            "generator": info.name,
            "version": info.version,
            "percentiles": info.percentile_method,
            "protocol": load.protocol.value,
            "rate": "full speed" if load.rate is None else f"{load.rate:g}/s",
            "connections": str(load.connections),
            "arrival": load.arrival,
            "workers": str(load.workers),
            "paths": " ".join(_path(url) for url in load.urls),
            "request": _request_digest(load),
        }
        found |= {f"{load.client} {name}": value for name, value in fields.items()}
    return found


def _reference_kind(plan: Plan) -> str:
    return "interleaved" if "reference" in plan.loads else "none"


def _path(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"//{url}")
    return f"{parts.scheme + ':' if parts.scheme else ''}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _request_digest(load: Load) -> str:
    """Method, header names, body and options, short enough to read: values of headers change with every token."""
    content = "\n".join([load.method, *sorted(name.lower() for name in load.headers), *load.options]).encode()
    return hashlib.sha256(content + b"\n" + load.body).hexdigest()[:12]
