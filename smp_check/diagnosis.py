"""What works on this machine, and what to do about the rest: the checks behind ``smp-check doctor``."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from smp_check.errors import SmpCheckError
from smp_check.load.capabilities import CAPABILITIES
from smp_check.units import format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smp_check.github.event import Context, Plan
    from smp_check.github.permissions import Right
    from smp_check.load.port import Generator
    from smp_check.store.port import BaselineStore

State = Literal["ok", "limited", "missing", "failed"]
CALM_STEAL = 0.02
CALM_STALL = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that was looked at."""

    area: str
    subject: str
    state: State
    detail: str
    advice: str = ""


def diagnose_runtime() -> list[Diagnosis]:
    """The interpreter and what the embedded generator gets its precision from."""
    version = platform.python_version()
    found = [Diagnosis(area="runtime", subject="Python", state="ok", detail=f"{version} on {platform.platform()}")]
    try:
        uvloop = importlib.metadata.version("uvloop")
    except importlib.metadata.PackageNotFoundError:
        advice = "pip install uvloop" if sys.platform != "win32" else "not available on Windows"
        found.append(
            Diagnosis(area="runtime", subject="event loop", state="limited", detail="asyncio's own", advice=advice)
        )
    else:
        found.append(Diagnosis(area="runtime", subject="event loop", state="ok", detail=f"uvloop {uvloop}"))
    timer = sys.platform.startswith("linux")
    found.append(
        Diagnosis(
            area="runtime",
            subject="send timer",
            state="ok" if timer else "limited",
            detail="timerfd" if timer else "event-loop timer, about 1 ms late",
            advice="" if timer else "measure on Linux for schedules finer than 1 ms",
        )
    )
    return found


def diagnose_machine(seconds: float = 1.0) -> Diagnosis:
    """How quiet the machine is just now: CPU stolen by its host, and the longest stall that a busy loop sees."""
    import psutil

    before = psutil.cpu_times()
    stall, deadline = 0.0, time.perf_counter() + seconds
    last = time.perf_counter()
    while last < deadline:
        moment = time.perf_counter()
        stall, last = max(stall, moment - last), moment
    after = psutil.cpu_times()
    spent = sum(after) - sum(before)
    steal = (getattr(after, "steal", 0.0) - getattr(before, "steal", 0.0)) / spent if spent else 0.0
    calm = steal <= CALM_STEAL and stall <= CALM_STALL
    return Diagnosis(
        area="machine",
        subject="noise",
        state="ok" if calm else "limited",
        detail=f"{psutil.cpu_count()} cores, steal {format_share(steal)}, longest stall {format_latency(stall)}",
        advice="" if calm else "other work shares this machine: tails will be wide and verdicts often inconclusive",
    )


def diagnose_kind(environ: Mapping[str, str]) -> Diagnosis:
    """What kind of machine this is: runs of other kinds are not compared with its own."""
    from smp_check.capture.machine import machine_fingerprint

    kind = machine_fingerprint(environ)
    detail = f"{kind.pop('cpu', 'unknown CPU')}, {', '.join(f'{name} {value}' for name, value in kind.items())}"
    return Diagnosis(area="machine", subject="kind", state="ok", detail=detail)


def diagnose_generators(generators: Mapping[str, Callable[[], Generator]]) -> list[Diagnosis]:
    """Which load generators are here, and which version."""
    found = []
    for name, make in generators.items():
        try:
            info = make().probe()
        except SmpCheckError as fault:
            found.append(
                Diagnosis(
                    area="generator", subject=name, state="missing", detail=fault.message, advice=fault.hint or ""
                )
            )
            continue
        known = CAPABILITIES.get(name)
        detail = f"{info.version}; {known.model}" if known else info.version
        found.append(Diagnosis(area="generator", subject=name, state="ok", detail=detail))
    return found


def diagnose_store(open_it: Callable[[], BaselineStore]) -> Diagnosis:
    """Whether the baselines can be read."""
    try:
        store = open_it()
        runs = len(store.records())
    except SmpCheckError as fault:
        return Diagnosis(
            area="store", subject="baselines", state="failed", detail=fault.message, advice=fault.hint or ""
        )
    return Diagnosis(
        area="store", subject="baselines", state="ok", detail=f"{runs} run{'s' * (runs != 1)} in {store.location}"
    )


def diagnose_git() -> Diagnosis:
    """Git, for commits in documents and baselines on a branch."""
    path = shutil.which("git")
    if path is None:
        advice = "install git; without it runs carry no commit and baselines need a directory store"
        return Diagnosis(area="store", subject="git", state="missing", detail="not on PATH", advice=advice)
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return Diagnosis(area="store", subject="git", state="ok", detail=version.removeprefix("git version "))


def diagnose_actions(environ: Mapping[str, str], payload: Mapping[str, Any]) -> list[Diagnosis]:
    """What a GitHub Actions job gives us: its event, its token's permissions, its files; nothing elsewhere."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return []
    from smp_check.github.event import context_from, plan

    context = context_from(environ, payload)
    try:
        planned = plan(context)
    except SmpCheckError as fault:
        return [_github("event", "failed", fault.message, fault.hint or "")]
    summary = bool(environ.get("GITHUB_STEP_SUMMARY"))
    return [
        _github("event", "ok", f"{context.event}: {planned.reason}"),
        _github(
            "job summary", "ok" if summary else "limited", "writable" if summary else "GITHUB_STEP_SUMMARY is not set"
        ),
        *_permissions(environ, context, planned),
    ]


def _permissions(environ: Mapping[str, str], context: Context, planned: Plan) -> list[Diagnosis]:
    from smp_check.github.client import GitHub
    from smp_check.github.permissions import examine
    from smp_check.github.place import Place

    place = Place.of(environ)
    if not place.token:
        return [
            _github("token", "limited", "none in this step", "env: {GITHUB_TOKEN: ${{ github.token }}} on the step")
        ]
    with GitHub(place, patience=20.0) as github:
        rights = examine(github, context, planned)
    return [
        _github(right.name, "ok" if right.granted else "failed", _for(right), "" if right.granted else right.line)
        for right in rights
    ]


def _for(right: Right) -> str:
    return f"for {right.purpose}" if right.granted else f"needed for {right.purpose}: {right.detail}"


def _github(subject: str, state: State, detail: str, advice: str = "") -> Diagnosis:
    return Diagnosis(area="GitHub", subject=subject, state=state, detail=detail, advice=advice)
