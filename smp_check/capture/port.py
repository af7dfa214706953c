"""What the driver asks of capture: watch one round, and say what else happened during it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol as Interface

from smp_check.spec.run import Noise, Role, Usage

WORKLOAD = "workload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was seen during one round."""

    noise: Noise = Noise()
    resources: Mapping[str, Usage] = field(default_factory=dict)
    """By component, for rounds of the system under test; empty for the reference."""
    reference: Usage | None = None
    """What the reference used, in rounds of its own: a yardstick, no resource of the system under test."""
    warnings: tuple[str, ...] = ()
    """What could not be seen, and why; each is worth saying once."""

    def cpu_per_request(self, answered: int) -> float | None:
        """CPU seconds of what answered, per successful request of all clients together, where they were seen."""
        usage = self.reference or self.resources.get(WORKLOAD)
        if usage is None or usage.cpu_seconds is None or answered <= 0:
            return None
        return usage.cpu_seconds / answered


class RoundWatch(Interface):
    """Watches the machine and the system under test, one round at a time."""

    def begin(self, role: Role) -> None:
        """A round of this role starts now."""
        ...

    def end(self) -> Observation:
        """The round is over. Never raises: what could not be seen is absent, with a warning."""
        ...
