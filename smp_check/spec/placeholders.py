"""``${SMP_CHECK_PORT}``: where a configuration means the port that a start command is told to listen on."""

from __future__ import annotations

import re

PORT = re.compile(r"\$\{SMP_CHECK_PORT(?:\+(\d+))?\}")
"""``${SMP_CHECK_PORT}``, or one of the ports after it: ``${SMP_CHECK_PORT+1}``."""


def any_port(url: str) -> str:
    """The URL with some port in the placeholders' place, so that it can be taken apart."""
    return PORT.sub("1", url)
