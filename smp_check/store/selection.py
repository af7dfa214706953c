"""Which stored runs a run is compared with: a pure function over index entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.verdict.comparability import OUTSIDE_THE_NORM
from smp_check.verdict.model import Anchor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.store.port import Record, SeriesKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The baseline of one run."""

    records: tuple[Record, ...]
    """Oldest first: by descent where that is known, by time otherwise."""
    anchor: Anchor | None = None
    """``None`` when no commit was asked for."""
    comparable: bool = True
    """False when the records are of other fingerprints, there only to say what differs."""


def select_baseline(
    records: Sequence[Record],
    *,
    anchor: str | None,
    ancestors: Sequence[str],
    key: SeriesKey,
    window: int,
    any_machine: bool = False,
) -> Selection:
    """The newest ``window`` comparable runs up to a commit.

    ``anchor`` is the commit that the change was made upon, ``ancestors`` the commits before it, newest first,
    as far as they are known. Without an anchor, or when no run is known to be at or before it, the newest runs
    are taken (then ``Anchor.distance`` is ``None``). Runs judged regressed, failed or not conformant stay out.
    When nothing is comparable, runs with other fingerprints come instead, those under the same load first in
    line, so that the comparison can name the fields that differ. ``any_machine`` counts every machine under the
    same load.
    """
    norm = sorted((r for r in records if r.verdict not in OUTSIDE_THE_NORM), key=lambda r: r.id)
    same = [r for r in norm if _same(r.series, key, any_machine)]
    if not same:
        same_load = [r for r in norm if r.series.load_class == key.load_class]
        others = tuple((same_load or norm)[-window:])
        return Selection(records=others, anchor=Anchor(wanted=anchor) if anchor else None, comparable=False)
    if anchor is None:
        return Selection(records=tuple(same[-window:]))
    return _up_to(anchor, ancestors, same, window)


def _same(series: SeriesKey, key: SeriesKey, any_machine: bool) -> bool:
    if any_machine:
        return series.load_class == key.load_class
    return series.fingerprint_class == key.fingerprint_class


def _up_to(anchor: str, ancestors: Sequence[str], records: Sequence[Record], window: int) -> Selection:
    distances = {commit: distance for distance, commit in reversed(list(enumerate((anchor, *ancestors))))}
    placed = [(distances[r.commit], r) for r in records if r.commit in distances]
    if not placed:
        newest = tuple(records[-window:])
        return Selection(records=newest, anchor=Anchor(wanted=anchor, used=newest[-1].commit))
    placed.sort(key=lambda pair: (-pair[0], pair[1].id))
    line = [record for _, record in placed]
    nearest = min(distance for distance, _ in placed)
    oldest = min(record.id for record in line)
    earlier = [record for record in records if record.id < oldest]  # from before the known part of the history
    used = Anchor(wanted=anchor, used=line[-1].commit, distance=nearest)
    return Selection(records=tuple([*earlier, *line][-window:]), anchor=used)
