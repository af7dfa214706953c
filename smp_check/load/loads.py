"""One SMP client -> what it sends to one role, all defaults decided."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from smp_check.errors import InputError
from smp_check.load.certificates import ca_file
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol

if TYPE_CHECKING:
    from smp_check.spec.configuration import Client, Configuration


def retarget(loads: Sequence[Load], url: str) -> tuple[Load, ...]:
    """The same loads on another service: ``url`` replaces scheme, host and port, and the path too if it has one."""
    return tuple(_moved(load, url) for load in loads)


def _moved(load: Load, url: str) -> Load:
    there = urlsplit(url)
    if there.path not in {"", "/"} or there.query:
        return _with_credentials(load, (url,))
    moved = []
    for original in load.urls:
        here = urlsplit(original)
        moved.append(urlunsplit((there.scheme, there.netloc, here.path or "/", here.query, "")))
    return _with_credentials(load, tuple(dict.fromkeys(moved)))


def on_reference(load: Load, url: str, *, builtin: bool, embedded: bool) -> Load:
    """The same load on the reference.

    The built-in one speaks plain HTTP/1.1 only, whatever the service speaks: it gets the client's rate and connections,
    and its request if that is one of HTTP, but none of the embedded generator's options.
    """
    if not builtin or (load.protocol is Protocol.HTTP and not embedded):
        return _moved(load, url)
    same = load if load.protocol is Protocol.HTTP else Load(client=load.client, urls=())
    return replace(
        same,
        urls=(url,),
        rate=load.rate,
        connections=load.connections,
        arrival=load.arrival,
        workers=load.workers,
        options=(),
    )


def load_of(client: Client, configuration: Configuration) -> Load:
    """The load of one client on the service. Raises ``InputError`` for options or certificates that cannot be read."""
    check = configuration.check
    load = Load(
        client=client.name,
        urls=(),
        protocol=client.protocol,
        method="POST" if client.body else "GET",
        headers=_headers(client),
        body=client.body.encode(),
        rate=client.rps or None,
        connections=max(1, client.connections),
        ca_file=ca_file(client.ssl_certificate, configuration.source),
        arrival=check.arrival,
        workers=check.workers,
        options=_options(client),
    )
    return _with_credentials(load, client.endpoint_urls)


def _headers(client: Client) -> dict[str, str]:
    headers = dict(client.headers)
    given = {name.lower() for name in headers}
    if client.content_type and "content-type" not in given:
        headers["Content-Type"] = client.content_type
    if client.cookies and "cookie" not in given:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return headers


def _options(client: Client) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(client.additional_options))
    except ValueError as fault:
        raise InputError(f"{client.name}: additional_options cannot be split into words: {fault}") from fault


def _with_credentials(load: Load, urls: Sequence[str]) -> Load:
    """The load on these URLs; ``user:password@`` becomes a header, so that no URL that is shown or stored has it."""
    headers = dict(load.headers)
    plain = []
    for url in urls:
        parts = urlsplit(url)
        user, found, host = parts.netloc.rpartition("@")
        if found:
            token = base64.b64encode(unquote(user).encode()).decode()
            headers.setdefault("Authorization", f"Basic {token}")
        plain.append(urlunsplit(parts._replace(netloc=host)) if found else url)
    return replace(load, urls=tuple(plain), headers=headers)
