"""The history of github-action-benchmark (its ``data.js`` or ``benchmark-data.json``): each entry is a run.

The shape is that of github.com/benchmark-action/github-action-benchmark, src/write.ts: suites by name, each a list
of ``{commit: {id}, date: milliseconds, benches: [{name, value, unit}]}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from smp_check.load.adapters.fields import Fields, SourceError, number_of
from smp_check.load.adapters.reading import Reading
from smp_check.load.imported.series import read_time
from smp_check.load.imported.source import Content, Imported
from smp_check.spec.run import Latency

_ASSIGNED = "window.BENCHMARK_DATA"


def _entries(content: Content) -> Mapping[str, Any]:
    """Suite -> its list; nothing if the file is not of this kind."""
    value: Any = content.values[0] if len(content.values) == 1 else None
    if content.text.lstrip().startswith(_ASSIGNED):
        _, _, text = content.text.partition("=")
        try:
            value = json.loads(text.strip().rstrip(";"))
        except (ValueError, RecursionError):
            return {}
    entries = value.get("entries") if isinstance(value, Mapping) else None
    return entries if isinstance(entries, Mapping) else {}


def is_history(content: Content) -> bool:
    """Whether a file is such a history."""
    return any(Fields(each).raw("benches") for suite in _entries(content).values() for each in _listed(suite))


def _listed(suite: Any) -> list[Any]:
    return suite if isinstance(suite, list) else []


def read_history(content: Content) -> list[Imported]:
    """One result for each entry of each suite, oldest first. Raises ``SourceError`` if there is none."""
    found: list[tuple[datetime, Imported]] = []
    for name, suite in _entries(content).items():
        for each in map(Fields, _listed(suite)):
            moment = read_time(each.raw("date")) or each.inner("commit").time("timestamp")
            metrics = _metrics(each)
            if moment is not None and metrics:
                found.append((moment, _imported(name, each, moment, metrics)))
    if not found:
        raise SourceError(f"{content.name} holds no entry of github-action-benchmark")
    return [imported for _, imported in sorted(found, key=lambda pair: pair[0])]


def _metrics(entry: Fields) -> dict[str, float]:
    """The numbers by name and unit: the unit tells which way is better."""
    found = {}
    for bench in entry.inners("benches"):
        name, value, unit = bench.text("name"), number_of(bench.raw("value")), bench.text("unit")
        if name and value is not None:
            found[f"{name} ({unit})" if unit else name] = value
    return found


def _imported(suite: str, entry: Fields, moment: datetime, metrics: Mapping[str, float]) -> Imported:
    reading = Reading(generator=None, latency=Latency(count=0), percentile_method="series", resolution=1e-9)
    return Imported(reading=reading, name=suite, metrics=metrics, commit=entry.inner("commit").text("id"), start=moment)
