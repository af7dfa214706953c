"""Which GitHub this is, who we are there, and the time that its client lives in."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PUBLIC_API = "https://api.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which GitHub, and who we are there."""

    api_url: str = PUBLIC_API
    graphql_url: str = ""
    server_url: str = "https://github.com"
    token: str = field(default="", repr=False)

    @staticmethod
    def of(environ: Mapping[str, str]) -> Place:
        """From the runner's variables; the token from ``SMP_TOKEN`` or ``GITHUB_TOKEN``."""
        api = environ.get("GITHUB_API_URL") or PUBLIC_API
        return Place(
            api_url=api.rstrip("/"),
            graphql_url=environ.get("GITHUB_GRAPHQL_URL") or f"{api.rstrip('/').removesuffix('/v3')}/graphql",
            server_url=(environ.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/"),
            token=environ.get("SMP_TOKEN") or environ.get("GITHUB_TOKEN") or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time and chance, so that tests need not wait."""

    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what must agree for the token to be sent."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port
