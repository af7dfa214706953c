"""Conformance: the JSON Schema, and the rules that no schema can say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from smp_check.spec.acceptance import judge
from smp_check.spec.explanation import explain, show
from smp_check.spec.findings import Finding, Severity
from smp_check.spec.kinds import SCHEMAS, Kind, kind_of
from smp_check.spec.reading import escape
from smp_check.spec.rules import breach
from smp_check.spec.semantics import check_meaning
from smp_check.spec.spelling import as_spelled, canonical_document, spelled_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from smp_check.spec.reading import Document

MOST_FINDINGS = 200
"""Of one document; more would help nobody."""
_AT_THE_KEY = {"SMP101", "SMP108"}


def conformant(findings: Sequence[Finding]) -> bool:
    """Whether nothing found is an error."""
    return not any(finding.severity is Severity.ERROR for finding in findings)


def check_document(document: Document, kind: Kind | None = None) -> list[Finding]:
    """All findings of one document in the order of their places; its kind is detected unless it is given."""
    findings = check_value(document.value, kind or kind_of(document.value))
    if not findings:
        return []
    placed = [
        replace(finding, position=document.locate(finding.pointer, key=finding.id in _AT_THE_KEY))
        for finding in findings
    ]
    return sorted(placed, key=lambda each: (each.position.line, each.position.column) if each.position else (0, 0))


def check_value(value: Any, kind: Kind) -> list[Finding]:
    """All findings of a value, by JSON pointer."""
    if kind in SCHEMAS and judge(SCHEMAS[kind]).canonical(value):
        return list(islice(check_meaning(value, kind), MOST_FINDINGS))
    return list(islice(_findings(value, kind), MOST_FINDINGS))


def _findings(value: Any, kind: Kind) -> Iterator[Finding]:
    if kind is Kind.LIST and isinstance(value, list):
        for index, each in enumerate(value):
            found = check_value(each, kind_of(each)) if not isinstance(each, list) else [_unknown(each)]
            yield from (replace(finding, pointer=f"/{index}{finding.pointer}") for finding in found)
    elif kind in SCHEMAS:
        yield from _of_kind(value, kind)
    else:
        yield from _foreign(value, kind)


def _foreign(value: Any, kind: Kind) -> Iterator[Finding]:
    if kind is Kind.LEGACY_RESULT:
        fix = "smp-check convert writes today's shape, in milliseconds"
        yield breach("SMP112", "", "this is a result in the shape of 2019-20", fix)
        if isinstance(value, Mapping) and "latencies_ms" in value.get("client", {}):
            yield breach("SMP208", "/client/latencies_ms", "latencies of the 2019-20 shape are seconds", fix)
    elif kind in (Kind.MESHERY_RESULT, Kind.GENERATOR_OUTPUT):
        what = "a result as Meshery stores it" if kind is Kind.MESHERY_RESULT else "a load generator's own output"
        yield breach("SMP111", "", f"this is {what}, no SMP document", "smp-check import turns it into a run document")
    else:
        yield _unknown(value)


def _unknown(value: Any) -> Finding:
    what = "none of its fields is SMP's" if isinstance(value, Mapping) else f"it is {show(value)}"
    return breach(
        "SMP110", "", f"this is no SMP document: {what}", "is it the right file? --kind says what it should be"
    )


def _of_kind(value: Any, kind: Kind) -> Iterator[Finding]:
    """For a value that does not conform, or not in canonical spelling."""
    schema = judge(SCHEMAS[kind])
    structural: list[Finding] = []
    if not schema.conforming(value):
        infinite = [] if _finite(value) else list(_not_finite(value))
        structural = _explained(schema.errors(value), infinite)
    yield from structural
    if isinstance(value, Mapping):
        yield from _meaning(value, kind, structural)


def _meaning(value: Mapping[str, Any], kind: Kind, structural: Sequence[Finding]) -> Iterator[Finding]:
    """SMP2xx, for a document in any spelling, and one that may have faults of form."""
    for at, name in spelled_twice(value, kind):
        yield breach("SMP108", at, f"{name} is given in both spellings", "remove one of the two")
    spelled = canonical_document(value, kind)
    if any(finding.pointer.startswith("/details") for finding in structural):
        spelled = {**spelled, "details": {}}
    known = {finding.pointer for finding in structural}
    known |= {pointer.rpartition("/")[0] for pointer in known}  # what is missing there was misspelt, not forgotten
    for finding in check_meaning(spelled, kind):
        pointer = as_spelled(value, finding.pointer)
        if pointer not in known:
            yield replace(finding, pointer=pointer)


def _explained(errors: Iterator[ValidationError], infinite: Sequence[Finding]) -> list[Finding]:
    """The findings of a schema; a value that is not finite has been named already."""
    found: dict[tuple[str, str], Finding] = {(each.id, each.pointer): each for each in infinite}
    taken = {each.pointer for each in infinite}
    for finding in islice(chain.from_iterable(explain(error) for error in errors), MOST_FINDINGS):
        if finding.pointer not in taken:
            found.setdefault((finding.id, finding.pointer), finding)
    return list(found.values())


def _finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, OverflowError):
        return False
    return True


def _not_finite(value: Any, at: str = "") -> Iterator[Finding]:
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        yield breach("SMP105", at, f"{show(value)} is not finite", "leave out what is not known")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _not_finite(each, f"{at}/{escape(str(key))}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _not_finite(each, f"{at}/{index}")
