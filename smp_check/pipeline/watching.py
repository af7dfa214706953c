"""Watching two sides at once: each round is watched where it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smp_check.capture.port import Observation, RoundWatch
    from smp_check.pipeline.bench import Bench, Reference
    from smp_check.spec.run import Role
    from smp_check.subject.side import Side


class _ByRole:
    """A ``RoundWatch`` that looks at the processes of the side whose round it is."""

    def __init__(self, base: RoundWatch, head: RoundWatch) -> None:
        self._watches: Mapping[Role, RoundWatch] = {"base": base, "head": head, "reference": head}
        self._role: Role = "head"

    def begin(self, role: Role) -> None:
        """A round of this role starts now."""
        self._role = role
        self._watches[role].begin(role)

    def end(self) -> Observation:
        """The round is over."""
        return self._watches[self._role].end()


@contextmanager
def watching(bench: Bench, base: Side, head: Side, reference: Reference | None = None) -> Iterator[RoundWatch]:
    """A watch on the processes of the side whose round it is; the head's also sees the reference's rounds."""
    pid = reference.pid if reference else None
    with bench.watch(base.configuration) as at_base, bench.watch(head.configuration, pid) as at_head:
        yield _ByRole(at_base, at_head)
