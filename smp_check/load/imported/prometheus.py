"""Prometheus answers inside other files, as Meshery stores them for its boards: each series becomes its mean."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from smp_check.load.adapters.fields import number_of

MOST_SERIES = 200
DEEPEST = 8


def averages(value: Any) -> dict[str, float]:
    """Name of a query and its series -> mean of its values; queries without values are absent."""
    found: dict[str, float] = {}
    for name, series in _series(value, "", 0):
        numbers = [number for each in _values(series) if (number := number_of(each)) is not None]
        if numbers and len(found) < MOST_SERIES:
            found[f"{name}{_labels(series)}" or "server"] = statistics.fmean(numbers)
    return found


def _series(value: Any, name: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every series below a value, with the key that its query stands under."""
    if depth > DEEPEST:
        return
    if isinstance(value, Mapping):
        if "metric" in value and ("values" in value or "value" in value):
            yield name, value
            return
        for key, inner in value.items():
            yield from _series(inner, name if key in {"data", "result", "results"} else str(key), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _series(inner, name, depth + 1)


def _values(series: Mapping[str, Any]) -> Iterator[Any]:
    pairs = series.get("values", [series.get("value")])
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, list) and len(pair) == 2:
            yield pair[1]


def _labels(series: Mapping[str, Any]) -> str:
    metric = series["metric"]
    if not isinstance(metric, Mapping) or not metric:
        return ""
    return "{" + ",".join(f'{name}="{value}"' for name, value in sorted(metric.items())) + "}"
