"""The port that every baseline store stands behind, and the identity of what it keeps."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from typing import Protocol as Interface

from smp_check.spec.run import Fingerprint, RunDocument

CLASS_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesKey:
    """The identity of a series of comparable runs."""

    name: str
    """The test's name."""
    mesh: str
    fingerprint_class: str
    """Twelve hex digits over what must agree: six over the load's fields, six over the machine's."""

    @property
    def family(self) -> str:
        """File-system-safe name of all series of this test and mesh, whatever their fingerprint."""
        return f"{_slug(self.name)}-{_slug(self.mesh)}-{_digest([self.name, self.mesh])[:6]}"

    @property
    def load_class(self) -> str:
        """The load's part of ``fingerprint_class``: generator, rates, connections..."""
        return self.fingerprint_class[:CLASS_DIGITS]


def fingerprint_class(fingerprint: Fingerprint) -> str:
    """The digest that runs must share to be compared."""
    return _digest(dict(fingerprint.load))[:CLASS_DIGITS] + _digest(dict(fingerprint.machine))[:CLASS_DIGITS]


def series_of(run: RunDocument) -> SeriesKey:
    """The series that a run belongs to."""
    return SeriesKey(
        name=str(run.test.get("name") or "unnamed"),
        mesh=mesh_kind(run.mesh),
        fingerprint_class=fingerprint_class(run.details.fingerprint),
    )


def mesh_kind(mesh: Mapping[str, Any]) -> str:
    """The type that a ``ServiceMeshConfig`` names, or ``none``."""
    named = mesh.get("mesh_type") or {}
    return str(named.get("type", "none")) if isinstance(named, Mapping) else "none"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A stored run, without its payload."""

    id: str
    """Unique in the store; begins with the UTC start time, so names sort by age."""
    series: SeriesKey
    commit: str | None
    start: datetime
    verdict: str | None
    location: str
    """Where it is kept, for people: a path or a URL."""
    path: str = ""
    """Its name inside the store."""


OnWarning = Callable[[str], None]


class BaselineStore(Interface):
    """Where earlier runs are kept. Records are immutable; concurrent writers lose nothing.

    What comes back from ``read`` is what was appended, except that rounds carry no histograms any more: their
    percentiles stay, and ``details.totals`` has one merged histogram per role and client.
    """

    @property
    def location(self) -> str:
        """The store, for people."""
        ...

    def records(self, family: str | None = None) -> Sequence[Record]:
        """All records, oldest first; of one family of series, or of all. Raises ``StoreError``."""
        ...

    def read(self, records: Sequence[Record]) -> Sequence[RunDocument]:
        """The runs of these records, in their order; a corrupt one is skipped with a warning and kept."""
        ...

    def append(self, run: RunDocument) -> Record:
        """Add one run; adding the same run again changes nothing. Raises ``StoreError``."""
        ...

    def remove(self, records: Sequence[Record]) -> int:
        """Take records out; how many were there. Raises ``StoreError``."""
        ...
