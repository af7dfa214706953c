"""What most adapters share: the version from a pattern, and no objections of their own."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import ClassVar

from smp_check.load.capabilities import CAPABILITIES, Capabilities
from smp_check.load.port import Load


class Tool:
    """A base for adapters."""

    name: ClassVar[str]
    version_flag: ClassVar[str] = "--version"
    version_pattern: ClassVar[str]
    """Its first group is the version; a text without it is another program's."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return CAPABILITIES[self.name]

    def version_arguments(self) -> tuple[str, ...]:
        """Arguments that make it tell its version."""
        return (self.version_flag,)

    def version(self, text: str) -> str | None:
        """Its version, ``unknown`` where the build does not say; ``None`` for another program."""
        match = re.search(self.version_pattern, text)
        return None if match is None else match[1] or "unknown"

    def objection(self, load: Load) -> str | None:  # noqa: ARG002 - for those who have one
        """Nothing beyond what the capabilities say."""
        return None


def whole_seconds(seconds: float) -> int:
    """For generators that take whole seconds only: rounded up, at least one."""
    return max(1, math.ceil(seconds - 1e-6))


def header_flags(load: Load, flag: str, separator: str = ": ") -> list[str]:
    """The load's headers as repeated options."""
    return [word for name, value in load.headers.items() for word in (flag, f"{name}{separator}{value}")]


def rate_fraction(rate: float) -> Fraction:
    """A rate as whole requests per whole seconds, to a thousandth of a request per second."""
    return Fraction(rate).limit_denominator(1000)
