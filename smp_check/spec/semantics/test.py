"""Checks of the test configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smp_check.spec.findings import Severity
from smp_check.spec.generators import GENERATORS
from smp_check.spec.rules import breach
from smp_check.spec.semantics.parts import check_version, url_fault
from smp_check.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from smp_check.spec.findings import Finding

SCHEMES: Mapping[str, tuple[str, ...]] = {
    "PROTOCOL_HTTP": ("http", "https"),
    "PROTOCOL_GRPC": ("grpc", "grpcs", "http", "https"),
    "PROTOCOL_TCP": ("tcp",),
    "PROTOCOL_UDP": ("udp",),
}
"""URL schemes that go with each protocol."""
_ANY_SCHEME = tuple(dict.fromkeys(scheme for schemes in SCHEMES.values() for scheme in schemes))
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAK = re.compile(r"[\r\n\0]")
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "x-api-key"}


def check_test(test: Mapping[str, Any], at: str = "", *, runnable: bool = False) -> Iterator[Finding]:
    """A ``PerformanceTestConfig``; ``runnable`` when it is about to be run, and must say all that takes."""
    yield from check_version(test, at)
    yield from _duration(test, at, runnable)
    clients = test.get("clients", [])
    if not clients:
        where = f"{at}/clients" if "clients" in test else at or "/"
        yield breach(
            "SMP212",
            where.rstrip("/"),
            "there are no clients, so nothing is driven",
            "add clients with endpoint_urls",
            severity=_weight(runnable),
        )
    for index, client in enumerate(clients):
        yield from _client(client, f"{at}/clients/{index}", runnable)


def _weight(runnable: bool) -> Severity:
    return Severity.ERROR if runnable else Severity.NOTE


def _duration(test: Mapping[str, Any], at: str, runnable: bool) -> Iterator[Finding]:
    text = test.get("duration", "")
    if not text:
        if runnable:
            yield breach("SMP211", at, "the test has no duration", "add duration: 30s")
        return
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    if seconds <= 0:
        yield breach("SMP211", f"{at}/duration", f"a test of {text} measures nothing", "give it some time, such as 30s")


def _client(client: Mapping[str, Any], at: str, runnable: bool) -> Iterator[Finding]:
    if client.get("protocol") == "PROTOCOL_INVALID":
        yield breach(
            "SMP201", f"{at}/protocol", "PROTOCOL_INVALID says nothing", "write PROTOCOL_HTTP, or leave it out"
        )
    yield from _endpoints(client, at, runnable)
    yield from _headers(client, at)
    yield from _generator(client, at)


def _endpoints(client: Mapping[str, Any], at: str, runnable: bool) -> Iterator[Finding]:
    urls = client.get("endpoint_urls", [])
    if not urls:
        where = f"{at}/endpoint_urls" if "endpoint_urls" in client else at
        yield breach(
            "SMP212", where, "the client has no endpoint to drive", "add endpoint_urls", severity=_weight(runnable)
        )
    protocol = client.get("protocol", "")
    for index, url in enumerate(urls):
        where = f"{at}/endpoint_urls/{index}"
        fault = url_fault(url, SCHEMES.get(protocol, _ANY_SCHEME))
        if fault:
            yield breach("SMP202", where, fault, _mended(url, protocol))
        elif "@" in url.partition("://")[2].partition("/")[0]:
            yield breach(
                "SMP224", where, "the URL holds a user name or password", "send it in a header from the job's secrets"
            )


def _mended(url: str, protocol: str) -> str:
    if "://" not in url and not any(character.isspace() for character in url[:1000]):
        scheme = SCHEMES.get(protocol, ("http",))[0]
        return f"write {scheme}://{url[:60]}"
    others = [name for name, schemes in SCHEMES.items() if url.partition(":")[0] in schemes]
    return f"or write protocol: {others[0]}" if others else ""


def _headers(client: Mapping[str, Any], at: str) -> Iterator[Finding]:
    names = client.get("headers", {})
    for name, value in names.items():
        where = f"{at}/headers/{name.replace('~', '~0').replace('/', '~1')}"
        if not _HEADER_NAME.fullmatch(name):
            yield breach("SMP215", where, f"{name[:40]!r} is no header name", "letters, digits and hyphens")
        elif _BREAK.search(value):
            yield breach("SMP215", where, f"the value of {name[:40]} has a line break", "write it on one line")
        elif name.lower() in _SECRET_HEADERS:
            yield breach("SMP224", where, f"{name} will be written into the run document", "is the value a secret?")
    if client.get("content_type") and any(name.lower() == "content-type" for name in names):
        yield breach(
            "SMP215", f"{at}/content_type", "the content type is given here and in headers", "remove one of the two"
        )


def _generator(client: Mapping[str, Any], at: str) -> Iterator[Finding]:
    name = client.get("load_generator", "")
    if name and name not in GENERATORS:
        from difflib import get_close_matches

        near = get_close_matches(name.lower()[:40], GENERATORS, n=1)
        fix = f"did you mean {near[0]}?" if near else "smp-check doctor lists those that work here"
        yield breach("SMP223", f"{at}/load_generator", f"{name[:40]!r} is no load generator known here", fix)
    if name == "wrk2" and not client.get("rps"):
        where = f"{at}/rps" if "rps" in client else at
        yield breach(
            "SMP216", where, "wrk2 needs a rate: 0 is an endless one to it", "give rps, or load_generator: wrk"
        )
