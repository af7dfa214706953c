"""Whether a URL points at this machine itself."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})


def is_loopback(url: str) -> bool:
    """Whether its host is a loopback address or one of the usual names for it."""
    try:
        host = urlsplit(url).hostname or ""
        return host in LOCAL_NAMES or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
