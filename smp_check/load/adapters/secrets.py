"""Commands are shown and stored with the run: what gives access to something is left out of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SECRET_HEADER = re.compile(
    r"^(.*?\b(?:authorization|proxy-authorization|cookie|[\w-]*(?:token|secret|api-?key|password)[\w-]*)\s*[:=]\s*)\S.*$",
    re.IGNORECASE | re.DOTALL,
)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_SECRET_FLAGS = frozenset({"-user", "--user", "-a"})


def redacted(arguments: Sequence[str]) -> tuple[str, ...]:
    """The arguments with the values of secret headers, and user names in URLs, replaced by ``***``."""
    shown = []
    previous = ""
    for argument in arguments:
        text = _SECRET_HEADER.sub(r"\1***", _USERINFO.sub("***@", argument))
        shown.append("***" if previous in _SECRET_FLAGS and ":" in argument else text)
        previous = argument
    return tuple(shown)
