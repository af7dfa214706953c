"""What the driver tells on the way, for progress bars and logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smp_check.load.port import Tick
    from smp_check.spec.run import Role, Round


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The plan is about to be driven."""

    rounds: int
    seconds: float
    """How long it will take, warm-up included."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmingUp:
    """A role gets its first, uncounted load."""

    role: Role
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStarted:
    """A round begins; ``number`` counts from 1 to ``of``."""

    role: Role
    number: int
    of: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """A sign of life of one client during a round or the warm-up."""

    role: Role
    client: str
    tick: Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundEnded:
    """A round is over; one ``Round`` per client."""

    number: int
    of: int
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something that the user should know; said once."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """How far the measurement has come, in words."""

    message: str


Event = Started | WarmingUp | RoundStarted | Ticked | RoundEnded | Warned | Noted
