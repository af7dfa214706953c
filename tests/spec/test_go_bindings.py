"""A reader and writer that this project did not write: the specification's own Go bindings, in strict mode.

`tests/spec/go` is built with the Go toolchain; without one the tests are skipped, and fail when CI=true.
"""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.spec.conformance import check_value, conformant
from smp_check.spec.conversion import Spelling, convert
from smp_check.spec.kinds import MESSAGE_OF, PARTS, Kind
from smp_check.spec.messages import ENUMERATIONS, MESSAGES, Type
from smp_check.spec.spelling import canonical
from smp_check.spec.wire import decode, encode
from tests.conftest import require
from tests.spec import documents
from tests.spec.strategies import any_message, sensible
from tests.spec.test_round_trips import without_defaults

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parent / "go"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binary = tmp_path_factory.mktemp("go") / "interop"
    build = subprocess.run([require("go"), "build", "-o", binary, "."], cwd=SOURCE, capture_output=True, text=True)
    assert build.returncode == 0, build.stderr
    return binary


class Bindings:
    """The Go program, one question at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __call__(self, **asked: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def bindings(program: Path) -> Iterator[Bindings]:
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Bindings(process)
        assert process.stdin is not None
        process.stdin.close()


def test_the_tables_say_what_the_bindings_say(program: Path) -> None:
    """Name, JSON name, number, type, cardinality and enumeration values of all fields of all messages."""
    described = json.loads(subprocess.run([program, "describe"], capture_output=True, check=True).stdout)
    assert set(described) == set(MESSAGES)
    for name, message in MESSAGES.items():
        theirs = {field["name"]: field for field in described[name]}
        assert set(theirs) == {field.name for field in message.fields}
        for field in message.fields:
            their = theirs[field.name]
            kind = {Type.MAP: "message", Type.TIMESTAMP: "message"}.get(field.type, field.type.value)
            assert (their["camel"], their["number"], their["kind"]) == (field.camel, field.number, kind)
            assert their["repeated"] == field.repeated
            assert their["map"] == (field.type is Type.MAP)
            if field.type is Type.ENUM:
                assert tuple(their["values"]) == ENUMERATIONS[field.of].values
            if field.of:
                assert their["of"] == f"smp.{field.of}"


@given(st.sampled_from(list(MESSAGES)).flatmap(lambda name: st.tuples(st.just(name), any_message(MESSAGES[name]))))
@settings(max_examples=150)
def test_they_read_what_we_write_and_we_read_what_they_write(bindings: Bindings, drawn: tuple[str, Any]) -> None:
    name, value = drawn
    message = MESSAGES[name]
    expected = without_defaults(value, message)

    answer = bindings(message=name, json=value)
    assert "error" not in answer, answer["error"]
    assert without_defaults(canonical(answer["camel"], message), message) == expected
    assert without_defaults(canonical(answer["snake"], message), message) == expected
    assert decode(base64.b64decode(answer["binary"] or ""), message) == (expected, [])

    binary = base64.b64encode(encode(value, message)).decode()
    answer = bindings(message=name, binary=binary)
    assert "error" not in answer, answer["error"]
    assert without_defaults(canonical(answer["camel"], message), message) == expected


@pytest.mark.parametrize("kind", list(MESSAGE_OF), ids=lambda kind: kind.value)
@given(data=st.data())
@settings(max_examples=15)
def test_what_they_write_conforms(bindings: Bindings, kind: Kind, data: st.DataObject) -> None:
    message = MESSAGE_OF[kind]
    value = data.draw(sensible(message.name)) if kind is not Kind.SERVICE_MESH else {"type": "ISTIO", "version": "1"}
    for spelling in (Spelling(), Spelling(camel=True), Spelling(enum_numbers=True)):
        written, _, _ = convert(value, kind, spelling)
        answer = bindings(message=message.name, json=written)
        assert "error" not in answer, answer["error"]
        assert conformant(check_value(answer["camel"], kind))
        assert conformant(check_value(answer["snake"], kind))


@pytest.mark.parametrize(
    "value",
    [
        {"endpoint_urls": "http://x/"},
        {"rps": -1.5},
        {"connections": 2**31},
        {"protocol": "HTTP"},
        {"endpoint_url": ["http://x/"]},
        {"internal": "yes"},
        {"headers": {"a": 1}},
        {"endpoint_urls": [None]},
        {"endpoint_urls": ["http://x/"], "endpointUrls": []},
    ],
    ids=str,
)
def test_what_they_refuse_we_refuse(bindings: Bindings, value: dict[str, Any]) -> None:
    assert "error" in bindings(message="PerformanceTestConfig.Client", json=value)
    assert not conformant(check_value({"clients": [value]}, Kind.TEST))


def test_they_read_every_part_of_a_run_document(bindings: Bindings) -> None:
    run = documents.run()
    for key, kind in PARTS.items():
        answer = bindings(message=MESSAGE_OF[kind].name, json=run[key])
        assert "error" not in answer, answer["error"]
        assert without_defaults(canonical(answer["camel"], MESSAGE_OF[kind]), MESSAGE_OF[kind]) == without_defaults(
            run[key], MESSAGE_OF[kind]
        )
