"""Changes that somebody accepted, with scope, reason and expiry: shown in the report, no failure of the gate.

A file of them is a list under ``accept``::

    accept:
      - series: checkout          # the test's name; * is every test
        metric: p50
        client: client-1          # optional
        up_to: 30%                # optional: nothing worse than this
        reason: TLS to the backend, see ADR 12
        expires: 2026-03-01
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError
from smp_check.spec.run import Remark
from smp_check.units import parse_share
from smp_check.verdict.metrics import KNOWN
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from smp_check.verdict.model import MetricComparison

EVERY = "*"
_FIELDS = ("series", "metric", "client", "up_to", "reason", "expires")
_REQUIRED = ("series", "metric", "reason", "expires")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One accepted change."""

    series: str
    metric: str
    reason: str
    expires: date | None
    """The last day on which it counts; ``None`` for what is given anew each time, such as a label."""
    client: str | None = None
    up_to: float | None = None

    def covers(self, name: str, metric: MetricComparison) -> bool:
        """Whether a metric of the test ``name`` is in its scope."""
        return (
            self.series in {EVERY, name}
            and self.metric in {EVERY, metric.metric}
            and self.client in {None, metric.client}
            and (self.up_to is None or abs(metric.change or 0.0) <= self.up_to)
        )

    @property
    def text(self) -> str:
        """The reason, and until when."""
        return self.reason if self.expires is None else f"{self.reason} (until {self.expires.isoformat()})"


def label(name: str) -> Acceptance:
    """What a pull-request label accepts: everything, this once."""
    return Acceptance(series=EVERY, metric=EVERY, reason=f"label {name}", expires=None)


def parse_acceptances(document: Any, source: str) -> tuple[Acceptance, ...]:
    """Read the file's content. Raises ``InputError`` naming the entry and field that is wrong."""
    entries = document.get("accept") if isinstance(document, dict) else document
    unknown = sorted(set(document) - {"accept"}) if isinstance(document, dict) else []
    if not isinstance(entries, list) or unknown:
        what = f"unknown field {unknown[0]!r}" if unknown else "no list under accept:"
        raise InputError(f"{source}: {what}", hint="accept: [{series: ..., metric: ..., reason: ..., expires: ...}]")
    return tuple(_entry(entry, f"{source}: accept[{i}]") for i, entry in enumerate(entries))


def _entry(entry: Any, where: str) -> Acceptance:
    if not isinstance(entry, dict):
        raise InputError(f"{where} is no mapping", hint="write series, metric, reason and expires")
    for field in entry:
        if field not in _FIELDS:
            raise InputError(f"{where}: unknown field {field!r}", hint=_suggest(str(field), _FIELDS))
    for field in _REQUIRED:
        if not entry.get(field):
            raise InputError(f"{where}: {field} is missing", hint="an acceptance says what, why and until when")
    try:
        up_to = None if entry.get("up_to") is None else parse_share(entry["up_to"])
    except ValueError as fault:
        raise InputError(f"{where}.up_to: {fault}") from fault
    return Acceptance(
        series=str(entry["series"]),
        metric=str(entry["metric"]),
        client=None if entry.get("client") is None else str(entry["client"]),
        up_to=up_to,
        reason=str(entry["reason"]),
        expires=_day(entry["expires"], where),
    )


def _day(value: Any, where: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as fault:
        raise InputError(f"{where}.expires: {value!r} is no date; write for example 2026-03-01") from fault


def _suggest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"


def check_series(entries: Sequence[Acceptance], names: Iterable[str]) -> None:
    """Raise ``InputError`` for a series that is none: an acceptance that accepts nothing is a mistake."""
    known = list(dict.fromkeys(names))
    for entry in entries:
        if entry.series != EVERY and entry.series not in known:
            raise InputError(f"accept: no series is called {entry.series!r}", hint=_suggest(entry.series, known))


def check_metrics(entries: Sequence[Acceptance], names: Iterable[str]) -> None:
    """Raise ``InputError`` for a metric that is neither ours nor among ``names``."""
    known = list(dict.fromkeys([*names, *KNOWN]))
    for entry in entries:
        if entry.metric != EVERY and entry.metric not in known:
            raise InputError(f"accept: no metric is called {entry.metric!r}", hint=_suggest(entry.metric, known))


def accepted(
    metrics: Sequence[MetricComparison], entries: Sequence[Acceptance], *, name: str, today: date
) -> tuple[tuple[MetricComparison, ...], tuple[Remark, ...]]:
    """The metrics with what was accepted marked, and a remark for each acceptance that has expired."""
    made, remarks = [], []
    for metric in metrics:
        covering = [e for e in entries if metric.verdict is Verdict.REGRESSED and e.covers(name, metric)]
        valid = [e for e in covering if e.expires is None or today <= e.expires]
        made.append(replace(metric, accepted=valid[0].text) if valid else metric)
        if covering and not valid:
            message = f"the acceptance of {metric.metric} expired: {covering[0].text}"
            remarks.append(Remark(code="acceptance-expired", severity="warning", message=message))
    return tuple(made), tuple(remarks)


def accepted_keys(metrics: Iterable[MetricComparison]) -> tuple[str, ...]:
    """``client metric`` of what was accepted, as a stored run keeps it: from it on, a new level is the norm."""
    return tuple(f"{m.client} {m.metric}" for m in metrics if m.accepted is not None)


def since_acceptance(keys: Sequence[Sequence[str]], client: str, metric: str) -> int:
    """The index of the newest run that set a new norm for a metric, 0 if none did."""
    key = f"{client} {metric}"
    return max((i for i, accepted_there in enumerate(keys) if key in accepted_there), default=0)
