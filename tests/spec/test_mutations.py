"""Any single fault in a faultless document is found, by the right rule, at the right line and column.

The place is known independently: the text is written once with a word of its own where the fault will be.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.spec.conformance import check_document, conformant
from smp_check.spec.kinds import MESSAGE_OF, Kind
from smp_check.spec.messages import MESSAGES, Field, Message, Type
from smp_check.spec.reading import UnreadableError, read_documents
from smp_check.spec.yaml_writing import to_yaml
from tests.spec import documents
from tests.spec.strategies import sensible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smp_check.spec.findings import Finding

MARK = "PLACE0MARK"
Path = tuple["str | int", ...]


@dataclass(frozen=True)
class Fault:
    path: Path
    yaml: str
    json: str
    rule: str


def fault(path: Path, value: Any, rule: str) -> Fault:
    return Fault(path, json.dumps(value), json.dumps(value), rule)


def wrong_values(path: Path, field: Field) -> list[Fault]:
    """Faults that one value of a field can have."""
    if field.format == "go-duration":
        return [fault(path, 10, "SMP104"), fault(path, "ten seconds", "SMP104"), fault(path, [], "SMP102")]
    numbers = [fault(path, "many", "SMP113"), fault(path, [1], "SMP102"), fault(path, -1, "SMP106")]
    not_finite = [Fault(path, ".nan", "NaN", "SMP105"), Fault(path, "-.inf", "-Infinity", "SMP105")]
    return {
        Type.STRING: [fault(path, 12, "SMP102"), fault(path, [], "SMP102"), fault(path, True, "SMP102")],
        Type.BOOL: [fault(path, "yes", "SMP102"), fault(path, 1, "SMP102")],
        Type.INT32: [
            *numbers,
            fault(path, 2**31, "SMP106"),
            fault(path, 1.5, "SMP102"),
            fault(path, "9" * 12, "SMP106"),
        ],
        Type.INT64: [*numbers, fault(path, 2**63, "SMP106"), fault(path, True, "SMP102")],
        Type.DOUBLE: [*numbers, *not_finite, fault(path, "NaN", "SMP105")],
        Type.MAP: [fault(path, "x", "SMP102"), fault(path, [], "SMP102")],
        Type.TIMESTAMP: [
            fault(path, 5, "SMP102"),
            fault(path, "yesterday", "SMP109"),
            fault(path, "2026-13-01T00:00:00Z", "SMP109"),
        ],
        Type.MESSAGE: [fault(path, 7, "SMP102"), fault(path, "x", "SMP102")],
        Type.ENUM: [fault(path, 99, "SMP103"), fault(path, "NONSENSE", "SMP103"), fault(path, [], "SMP102")],
    }[field.type]


def faults(value: dict[str, Any], message: Message, at: Path = ()) -> Iterator[Fault]:
    """Every fault that can be put into a document by changing one value."""
    for name, given_ in value.items():
        field = message.by_name[name]
        path = (*at, name)
        if field.repeated:
            yield fault(path, "x", "SMP102")
            for index, each in enumerate(given_):
                yield from wrong_values((*path, index), field)
                if field.type is Type.MESSAGE:
                    yield from faults(each, MESSAGES[field.of], (*path, index))
            continue
        yield from wrong_values(path, field)
        if field.type is Type.MESSAGE:
            yield from faults(given_, MESSAGES[field.of], path)
        if field.type is Type.MAP:
            yield from (fault((*path, key), 3, "SMP102") for key in given_)


def objects(value: Any, at: Path = ()) -> Iterator[Path]:
    """The paths of all messages of a document, maps left out."""
    if isinstance(value, dict):
        yield at
        for key, each in value.items():
            if key not in ("labels", "annotations", "headers", "cookies"):
                yield from objects(each, (*at, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from objects(each, (*at, index))


def put(value: Any, path: Path, new: Any) -> Any:
    changed = copy.deepcopy(value)
    target = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = new
    return changed


def write(value: Any, syntax: str) -> str:
    if syntax == "yaml":
        return to_yaml([value])
    return json.dumps(value, indent=None if syntax == "json-line" else 2, ensure_ascii=False)


def place_of(text: str, word: str) -> tuple[int, int]:
    at = text.index(word)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def check(text: str, syntax: str, kind: Kind) -> Sequence[Finding]:
    name = "x.yaml" if syntax == "yaml" else "x.json"
    try:
        (document,) = read_documents(text.encode(), name)
    except UnreadableError as unreadable:
        return [unreadable.finding]
    return check_document(document, kind)


def assert_found(findings: Sequence[Finding], rule: str, place: tuple[int, int], text: str) -> None:
    assert not conformant(findings)
    found = [(each.id, each.position.line, each.position.column) for each in findings if each.position]
    assert (rule, *place) in found, f"{rule} at {place} in\n{text}"


KINDS = [Kind.TEST, Kind.MESH, Kind.ENVIRONMENT, Kind.RESULT]
SYNTAXES = ["yaml", "json", "json-line"]


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(kind=st.sampled_from(KINDS), data=st.data())
@settings(max_examples=60)
def test_a_wrong_value(syntax: str, kind: Kind, data: st.DataObject) -> None:
    value = data.draw(sensible(MESSAGE_OF[kind].name))
    assert conformant(check(write(value, syntax), syntax, kind))
    one = data.draw(st.sampled_from(list(faults(value, MESSAGE_OF[kind]))))
    text = write(put(value, one.path, MARK), syntax)
    place = place_of(text, MARK if syntax == "yaml" else f'"{MARK}"')
    broken = text.replace(MARK, one.yaml) if syntax == "yaml" else text.replace(f'"{MARK}"', one.json)
    assert_found(check(broken, syntax, kind), one.rule, place, broken)


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(kind=st.sampled_from(KINDS), data=st.data())
@settings(max_examples=30)
def test_an_unknown_field(syntax: str, kind: Kind, data: st.DataObject) -> None:
    value = data.draw(sensible(MESSAGE_OF[kind].name))
    path = data.draw(st.sampled_from(list(objects(value))))
    text = write(put(value, (*path, "no_such_field"), 1), syntax)
    place = place_of(text, "no_such_field" if syntax == "yaml" else '"no_such_field"')
    assert_found(check(text, syntax, kind), "SMP101", place, text)


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(kind=st.sampled_from(KINDS), data=st.data())
@settings(max_examples=30)
def test_a_field_given_twice(syntax: str, kind: Kind, data: st.DataObject) -> None:
    """In the same spelling or in both; either way the second one is pointed at."""
    value = data.draw(sensible(MESSAGE_OF[kind].name))
    spelling = data.draw(st.sampled_from(["smp_version", "smpVersion"]))
    value = {name: each for name, each in value.items() if name != "smp_version"}
    text = write({"smp_version": "v0.0.1", **value, MARK: "v0.0.1"}, syntax)
    place = place_of(text, MARK if syntax == "yaml" else f'"{MARK}"')
    broken = text.replace(MARK, spelling)
    assert_found(check(broken, syntax, kind), "SMP108", place, broken)


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(data=st.data())
@settings(max_examples=30)
def test_swapped_percentiles(syntax: str, data: st.DataObject) -> None:
    """The pair is named where the value of the upper one stands."""
    value = data.draw(sensible("PerformanceTestResult"))
    order = ["min", "p50", "p90", "p99", "max"]
    low = data.draw(st.integers(0, 3))
    first, second = order[low], order[low + 1]
    latencies = value["latencies_ms"]
    swapped = latencies | {first: latencies[second], second: latencies[first]}
    text = write(value | {"latencies_ms": swapped}, syntax)
    marked = write(value | {"latencies_ms": swapped | {second: MARK}}, syntax)
    place = place_of(marked, MARK if syntax == "yaml" else f'"{MARK}"')
    assert_found(check(text, syntax, Kind.RESULT), "SMP203", place, text)


CHECK = {
    "round": "1s",
    "launches": {"min": 1, "max": 2},
    "baseline": {"store": "directory", "window": 3},
    "gates": {"p99": {"tolerance": "50%", "max": "25ms"}, "qps": {"min": 3, "report_only": True}},
    "expect": ["a"],
    "fail_on": ["regression"],
    "observe": {"workload": {"port": 1}, "sidecar": [{"name": "envoy"}]},
}
OURS = {
    Kind.RUN: (documents.run(2), "details"),
    Kind.CONFIGURATION: (documents.configuration() | {"check": CHECK}, "check"),
}


def leaves(value: Any, at: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*at, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, (*at, index))
    else:
        yield at


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.value)
def test_every_leaf_of_our_own_parts(kind: Kind, syntax: str) -> None:
    """A list of lists fits nowhere in a run document's details and in a configuration's check."""
    value, part = OURS[kind]
    assert conformant(check(write(value, syntax), syntax, kind))
    for path in leaves(value[part], (part,)):
        text = write(put(value, path, MARK), syntax)
        word = MARK if syntax == "yaml" else f'"{MARK}"'
        broken = text.replace(word, "[[]]")
        assert_found(check(broken, syntax, kind), "SMP102", place_of(text, word), broken)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.value)
def test_an_unknown_field_in_our_own_parts(kind: Kind, syntax: str) -> None:
    value, part = OURS[kind]
    free = (
        "errors",
        "status",
        "percentiles",
        "generators",
        "targets",
        "totals",
        "plan",
        "load",
        "machine",
        "gates",
        "head",
    )
    for path in (path for path in objects(value[part], (part,)) if path[-1] not in free):
        text = write(put(value, (*path, "no_such_field"), 1), syntax)
        place = place_of(text, "no_such_field" if syntax == "yaml" else '"no_such_field"')
        assert_found(check(text, syntax, kind), "SMP101", place, text)
