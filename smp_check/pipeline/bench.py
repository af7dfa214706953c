"""What the stages need from the outside world, as ports: the command line binds them to this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from typing import Protocol as Interface

from smp_check.subject.side import Side

if TYPE_CHECKING:
    from smp_check.capture.port import RoundWatch
    from smp_check.load.port import Generator
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import Provenance


@contextmanager
def as_it_is(configuration: Configuration) -> Iterator[Side]:
    """The system under test that somebody else started."""
    yield Side(configuration=configuration)


def as_declared(configuration: Configuration) -> Mapping[str, Any]:
    """The mesh as the configuration describes it."""
    return configuration.mesh


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is measured beside the head as a control."""

    url: str
    pid: int | None = None
    """Its process, where it is ours: only then does its CPU time tell of the machine alone."""


class Watch(Interface):
    """Opens a watch on what the configuration observes."""

    def __call__(
        self, configuration: Configuration, reference: int | None = None
    ) -> AbstractContextManager[RoundWatch]:
        """``reference``: the process to watch in the reference's rounds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything that measuring needs from the outside world."""

    generator: Callable[[str], Generator]
    reference: Callable[[str | None], AbstractContextManager[Reference | None]]
    """``builtin``, a URL or ``None`` -> what to load beside the head, or ``None``."""
    watch: Watch
    environment: Callable[[Configuration], Mapping[str, Any]]
    machine: Callable[[], Mapping[str, str]]
    provenance: Callable[[], Provenance]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    subject: Callable[[Configuration], AbstractContextManager[Side]] = as_it_is
    """Starts the system under test, if the configuration says how, and stops it."""
    mesh: Callable[[Configuration], Mapping[str, Any]] = as_declared
    """What can be seen of the mesh, and what was declared of it, as SMP's ``ServiceMeshConfig``."""
