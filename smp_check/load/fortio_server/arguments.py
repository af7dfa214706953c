"""A load as the runs of Fortio servers: who drives which part, in the words of their REST API. Pure.

The load's rate and connections are divided evenly over the workers (and over the endpoints); with
``--per-worker`` every worker drives the whole of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from smp_check.load.adapters.command import per_url
from smp_check.load.adapters.fortio import fortio_target, pace
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol
from smp_check.units import format_duration

DEFAULT_WORKER = "http://127.0.0.1:8080/fortio/"
WORKER, PER_WORKER = "--worker", "--per-worker"
RESOLUTION = 1e-5
Words = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the options of a ``fortio-server`` client say."""

    workers: tuple[str, ...] = (DEFAULT_WORKER,)
    """Base URLs of the servers' user interfaces, as in ``http://host:8080/fortio/``."""
    per_worker: bool = False
    more: Mapping[str, str] = field(default_factory=dict)
    """Further arguments of the REST API, from ``name=value`` options."""


def settings_of(options: Sequence[str]) -> Settings:
    """Read ``--worker URL`` (any number), ``--per-worker`` and ``name=value``. Raises ``ValueError``."""
    workers: list[str] = []
    more: dict[str, str] = {}
    rest = list(options)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name == WORKER:
            value = value if equals else rest.pop(0) if rest else ""
            workers.append(worker_url(value))
        elif word.startswith("-") and word != PER_WORKER:
            raise ValueError(f"{word!r} is no option here: there are {WORKER} URL, {PER_WORKER} and name=value")
        elif word != PER_WORKER and equals:
            more[name] = value
        elif word != PER_WORKER:
            raise ValueError(f"{word!r} is no option here: there are {WORKER} URL, {PER_WORKER} and name=value")
    unique = tuple(dict.fromkeys(workers))
    return Settings(workers=unique or (DEFAULT_WORKER,), per_worker=PER_WORKER in options, more=more)


def worker_url(text: str) -> str:
    """The base URL of a worker: ``host:port`` and ``http://host:port`` are enough. Raises ``ValueError``."""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as fault:
        raise ValueError(f"{text!r} is no URL of a worker: {fault}") from fault
    if not host or parts.scheme not in {"http", "https"}:
        raise ValueError(f"{text!r} is no URL of a worker: write for example http://10.0.0.7:8080")
    path = parts.path if parts.path.strip("/") else "/fortio/"
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one worker drives at one endpoint."""

    worker: str
    load: Load


def shares_of(load: Load, settings: Settings) -> tuple[Share, ...]:
    """The load over workers and endpoints, rates and connections as even as they go."""
    count = len(settings.workers)
    shares = []
    for index, worker in enumerate(settings.workers):
        part = load
        if not settings.per_worker:
            connections = load.connections // count + (index < load.connections % count)
            rate = None if load.rate is None else load.rate / count
            part = replace(load, rate=rate, connections=connections)
        shares += [Share(worker=worker, load=piece) for piece in per_url(part)]
    return tuple(shares)


def rest_arguments(share: Share, seconds: float, label: str, more: Words) -> dict[str, Any]:
    """The body of ``/rest/run``. All values are text, or Fortio ignores them; full speed is -1, since 0 means 8."""
    load = share.load
    qps, lasting = pace(load, seconds)
    words: dict[str, Any] = {
        "url": fortio_target(load),
        "runner": "grpc" if load.protocol is Protocol.GRPC else "http",
        "qps": f"{qps:.10g}" if load.rate else "-1",
        "c": str(load.connections),
        "t": f"{lasting * 1e3:.3f}ms",
        "r": f"{RESOLUTION:.5f}",
        "p": "50,75,90,95,99,99.9",
        "timeout": format_duration(load.timeout),
        "labels": label,
    }
    if load.rate:
        words |= {"uniform": "on", "nocatchup": "on"}
    if load.insecure:
        words["https-insecure"] = "on"
    if load.headers:
        words["headers"] = [f"{name}: {value}" for name, value in load.headers.items()]
    if load.body:
        words["payload"] = load.body.decode("utf-8")
    if load.protocol is Protocol.HTTP and load.method != ("POST" if load.body else "GET"):
        words["X"] = load.method
    if load.protocol is Protocol.GRPC and words["url"].startswith("https://"):
        words |= {"url": words["url"].removeprefix("https://"), "grpc-secure": "on"}
    return words | dict(more)


def is_loopback(url: str) -> bool:
    """Whether a URL names the machine that it is used on."""
    host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"
