"""Conformance: the JSON Schema, and the rules that no schema can say.

Most documents conform, so the question is first put to a validator that answers yes or no at once (the
schema compiled to Python); only when it says no does jsonschema explain why. A compiled schema pays only
after some documents, so the first few go to jsonschema alone. Both give the same answer, and a test holds
them to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from smp_check.spec import schemas
from smp_check.spec.explanation import explain, show
from smp_check.spec.findings import Finding, Severity
from smp_check.spec.formats import FORMATS
from smp_check.spec.kinds import SCHEMAS, Kind, kind_of
from smp_check.spec.reading import escape
from smp_check.spec.rules import breach
from smp_check.spec.semantics import check_meaning
from smp_check.spec.spelling import as_spelled, canonical_document, spelled_twice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema.protocols import Validator

    from smp_check.spec.reading import Document

MOST_FINDINGS = 200
"""Of one document; more would help nobody."""
_COMPILED_AFTER = 20
_AT_THE_KEY = {"SMP101", "SMP108"}


def conformant(findings: Sequence[Finding]) -> bool:
    """Whether nothing found is an error."""
    return not any(finding.severity is Severity.ERROR for finding in findings)


def check_document(document: Document, kind: Kind | None = None) -> list[Finding]:
    """All findings of one document in the order of their places; its kind is detected unless it is given."""
    findings = check_value(document.value, kind or kind_of(document.value))
    placed = [
        replace(finding, position=document.locate(finding.pointer, key=finding.id in _AT_THE_KEY))
        for finding in findings
    ]
    return sorted(placed, key=lambda each: (each.position.line, each.position.column) if each.position else (0, 0))


def check_value(value: Any, kind: Kind) -> list[Finding]:
    """All findings of a value, by JSON pointer."""
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
    structural = _structural(value, kind)
    yield from structural
    if not isinstance(value, Mapping):
        return
    spelled, doubled = canonical_document(value, kind), list(spelled_twice(value, kind))
    yield from (
        breach("SMP108", at, f"{name} is given in both spellings", "remove one of the two") for at, name in doubled
    )
    if any(finding.pointer.startswith("/details") for finding in structural):
        spelled = {**spelled, "details": {}}
    known = {finding.pointer for finding in structural}
    known |= {pointer.rpartition("/")[0] for pointer in known}  # what is missing there was misspelt, not forgotten
    for finding in check_meaning(spelled, kind):
        pointer = as_spelled(value, finding.pointer)
        if pointer not in known:
            yield replace(finding, pointer=pointer)


def _structural(value: Any, kind: Kind) -> list[Finding]:
    infinite = [] if _finite(value) else list(_not_finite(value))
    schema = _schema_judge(SCHEMAS[kind])
    if schema.accepts(value):
        return infinite
    found: dict[tuple[str, str], Finding] = {(each.id, each.pointer): each for each in infinite}
    taken = {each.pointer for each in infinite}
    explained = chain.from_iterable(explain(error) for error in schema.errors(value))
    for finding in islice(explained, MOST_FINDINGS):
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


@cache
def _schema_judge(name: str) -> _SchemaJudge:
    return _SchemaJudge(name)


class _SchemaJudge:
    """One schema, as a quick answer and as an explanation."""

    def __init__(self, name: str) -> None:
        self.schema = schemas.load(name)
        self.asked = 0
        self._compiled: Callable[[Any], Any] | None = None
        self._validator: Validator | None = None

    def accepts(self, value: Any) -> bool:
        """The quick answer: True is certain, False asks for an explanation."""
        self.asked += 1
        if self.asked <= _COMPILED_AFTER:
            return False
        import fastjsonschema

        if self._compiled is None:
            # detailed exceptions: without them fastjsonschema (2.22) cannot compile a schema with "const"
            self._compiled = fastjsonschema.compile(self.schema, formats=dict(FORMATS), use_default=False)
        try:
            self._compiled(value)
        except fastjsonschema.JsonSchemaValueException:
            return False
        return True

    def errors(self, value: Any) -> Iterator[Any]:
        """What jsonschema finds."""
        if self._validator is None:
            from jsonschema import Draft202012Validator, FormatChecker

            checker = FormatChecker(formats=())
            checker.checkers = {name: (check, ()) for name, check in FORMATS.items()}
            self._validator = Draft202012Validator(self.schema, format_checker=checker)
        return self._validator.iter_errors(value)
