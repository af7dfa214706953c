"""The formats that can be imported, told apart by what is in the file, never by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from smp_check.errors import InputError
from smp_check.load.adapters import autocannon, fortio_result, h2load, hey, k6_result, nighthawk, oha, vegeta, wrk_text
from smp_check.load.adapters.fields import SourceError
from smp_check.load.adapters.reading import Reading, bounded
from smp_check.load.imported import benchmark_action, meshery, series
from smp_check.load.imported.source import Content, Imported, Source
from smp_check.spec.kinds import Kind, kind_of


def _json(
    name: str, described: str, recognises: Callable[[Any], bool], read: Callable[[Mapping[str, Any]], Reading]
) -> Source:
    """A format of JSON objects; a list of them, or one a line, is several results."""
    return Source(
        name=name,
        described=described,
        recognises=lambda content: bool(content.values) and all(recognises(value) for value in content.values),
        read=lambda content: [Imported(reading=read(value)) for value in _objects(content, recognises, described)],
    )


def _objects(content: Content, recognises: Callable[[Any], bool], described: str) -> Sequence[Mapping[str, Any]]:
    if not content.values:
        raise SourceError(f"{content.name} is no JSON, and {described} is")
    for number, value in enumerate(content.values, start=1):
        if not recognises(value):
            place = f"value {number} of {content.name}" if len(content.values) > 1 else content.name
            raise SourceError(f"{place} is no {described}")
    return content.values


def _text(name: str, described: str, recognises: Callable[[str], bool], read: Callable[[str], Reading]) -> Source:
    return Source(
        name=name,
        described=described,
        recognises=lambda content: recognises(content.text),
        read=lambda content: [Imported(reading=read(content.text))],
    )


def _vegeta_results(content: Content) -> list[Imported]:
    values = _objects(content, vegeta.is_vegeta_result, "output of vegeta encode")
    return [Imported(reading=vegeta.read_vegeta_results(list(values)))]


_ALL: tuple[Source, ...] = (
    Source(
        name="meshery",
        described="results that Meshery stores, or its API gives",
        recognises=meshery.is_meshery,
        read=meshery.read_meshery,
    ),
    _json("fortio", "Fortio's JSON result", fortio_result.is_fortio, fortio_result.read_fortio),
    _json("nighthawk", "Nighthawk's JSON output", nighthawk.is_nighthawk, nighthawk.read_nighthawk),
    _text("wrk", "report of wrk", wrk_text.is_wrk, wrk_text.read_wrk_text),
    _text("wrk2", "report of wrk2", wrk_text.is_wrk, wrk_text.read_wrk_text),
    _json("k6", "k6's JSON summary", k6_result.is_k6, k6_result.read_k6),
    _json("vegeta", "vegeta report -type=json", vegeta.is_vegeta_json, vegeta.read_vegeta_json),
    Source(
        name="vegeta",
        described="vegeta encode -to=json",
        recognises=lambda content: bool(content.values) and vegeta.is_vegeta_result(content.values[0]),
        read=_vegeta_results,
    ),
    _text("vegeta", "vegeta encode -to=csv", vegeta.is_vegeta_csv, vegeta.read_vegeta_csv),
    _text("vegeta", "vegeta report -type=hdrplot", vegeta.is_hdrplot, vegeta.read_hdrplot),
    _json("oha", "oha's JSON output", oha.is_oha, oha.read_oha),
    _text("hey", "hey's summary", hey.is_hey_text, hey.read_hey_text),
    _text("hey", "hey -o csv", hey.is_hey_csv, hey.read_hey_csv),
    _json("autocannon", "autocannon's JSON output", autocannon.is_autocannon, autocannon.read_autocannon),
    _json("h2load", "h2load --output-file", h2load.is_h2load_json, h2load.read_h2load_json),
    _text("h2load", "summary of h2load", h2load.is_h2load_text, h2load.read_h2load_text),
    _text("h2load", "h2load --log-file", h2load.is_h2load_log, h2load.read_h2load_log),
    Source(
        name="github-action-benchmark",
        described="history of github-action-benchmark",
        recognises=benchmark_action.is_history,
        read=benchmark_action.read_history,
    ),
    Source(
        name="series",
        described="a table of runs: columns time, commit, and one for each metric",
        recognises=series.is_series,
        read=series.read_series,
    ),
)
NAMES = tuple(dict.fromkeys(source.name for source in _ALL))
"""What ``--from`` takes."""


def read_source(content: Content, name: str | None = None) -> tuple[Source, Sequence[Imported]]:
    """Read a file, as the format of this name or as what it looks like.

    Raises ``InputError`` for a file of no known format, and ``SourceError`` for one that must not be believed.
    """
    asked = [source for source in _ALL if name is None or source.name == name]
    if not asked:
        near = get_close_matches(name or "", NAMES, n=1)
        raise InputError(f"no format is called {name!r}", hint=f"did you mean {near[0]!r}?" if near else None)
    fitting = next((source for source in asked if source.recognises(content)), None)
    if fitting is None:
        if name is None:
            raise _unknown(content)
        fitting = asked[0]
    return fitting, [replace(each, reading=bounded(each.reading)) for each in fitting.read(content)]


def _unknown(content: Content) -> InputError:
    if not content.text.strip():
        return InputError(f"{content.name} is empty", hint="did the load generator write to stderr, or fail?")
    kinds = {kind_of(value) for value in content.values}
    if kinds & {Kind.RESULT, Kind.LEGACY_RESULT, Kind.RUN, Kind.CONFIGURATION, Kind.COMPARISON}:
        return InputError(
            f"{content.name} is an SMP document already",
            hint="smp-check convert mends and converts such documents, smp-check validate checks them",
        )
    return InputError(
        f"{content.name} is in no format that can be recognised", hint=f"name it with --from: {', '.join(NAMES)}"
    )
