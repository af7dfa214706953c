"""``${SMP_CHECK_PORT}`` in a configuration: the port that a start command was told to listen on.

``${SMP_CHECK_PORT+1}`` to ``${SMP_CHECK_PORT+7}`` are the ports after it, which are kept free as well: an admin
interface, a second protocol. Placeholders are known in ``endpoint_urls``, ``ready_url`` and ``observe``; in the
commands the shell itself expands the variable.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.errors import InputError
from smp_check.spec.placeholders import PORT
from smp_check.subject.ports import BLOCK

if TYPE_CHECKING:
    from smp_check.spec.configuration import Configuration, Watched


def mentions_port(text: str | None) -> bool:
    """Whether the text holds the placeholder."""
    return text is not None and PORT.search(text) is not None


def with_port(text: str, port: int) -> str:
    """The text with the port's number in place. Raises ``InputError`` for a port that was not kept free."""

    def number(match: re.Match[str]) -> str:
        step = int(match[1] or 0)
        if step >= BLOCK:
            raise InputError(
                f"{match[0]} in {text}: only the {BLOCK - 1} ports after SMP_CHECK_PORT are kept free",
                hint=f"use at most ${{SMP_CHECK_PORT+{BLOCK - 1}}}",
            )
        return str(port + step)

    return PORT.sub(number, text)


def placed(configuration: Configuration, port: int) -> Configuration:
    """The configuration of a system that listens on ``port``; its SMP messages keep the placeholder."""
    check = configuration.check
    return replace(
        configuration,
        clients=tuple(
            replace(client, endpoint_urls=tuple(with_port(url, port) for url in client.endpoint_urls))
            for client in configuration.clients
        ),
        check=replace(
            check,
            ready_url=check.ready_url and with_port(check.ready_url, port),
            observe={name: tuple(_watched(each, port) for each in many) for name, many in check.observe.items()},
        ),
    )


def uses_port(configuration: Configuration) -> bool:
    """Whether every endpoint goes to the port that is handed over: only then can two sides run at once."""
    urls = [url for client in configuration.clients for url in client.endpoint_urls]
    return bool(urls) and all(mentions_port(url) for url in urls)


def _watched(watched: Watched, port: int) -> Watched:
    admin = watched.envoy_admin
    return watched if admin is None else replace(watched, envoy_admin=with_port(admin, port))
