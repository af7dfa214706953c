"""Reading: what YAML and JSON say is what is read, with its place; what is dangerous is refused, with its place."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest

from smp_check.spec.conformance import check_value
from smp_check.spec.kinds import Kind
from smp_check.spec.reading import MAX_BYTES, UnreadableError, read_documents


def one(text: str, name: str = "x.yaml") -> Any:
    (document,) = read_documents(text.encode(), name)
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("12:30:45", "12:30:45"),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("+12", 12),
        ("-0", 0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("1.2.3", "1.2.3"),
        ("v0.0.1", "v0.0.1"),
        ("10%", "10%"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int '12'", 12),
        ("!!float 12", 12.0),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        ("<<", "<<"),
    ],
)
def test_scalars_by_the_rules_of_yaml_1_2(text: str, value: Any) -> None:
    read = one(f"a: {text}\n")["a"]
    assert read == value
    assert type(read) is type(value)


def test_keys_are_text() -> None:
    assert one("200: 1\ntrue: 2\n'a b': 3\n2026-01-31: 4\n") == {"200": 1, "true": 2, "a b": 3, "2026-01-31": 4}


def test_anchors_and_merge_keys() -> None:
    text = "base: &b {rps: 1, body: x}\nclient:\n  <<: *b\n  rps: 2\nother: {<<: [*b, {z: 1}]}\n"
    assert one(text) == {
        "base": {"rps": 1, "body": "x"},
        "client": {"rps": 2, "body": "x"},
        "other": {"rps": 1, "body": "x", "z": 1},
    }


def test_several_documents_in_each_form() -> None:
    def values(text: str, name: str) -> list[Any]:
        return [document.value for document in read_documents(text.encode(), name)]

    assert values("a: 1\n---\nb: 2\n---\n", "x.yaml") == [{"a": 1}, {"b": 2}]
    assert values('{"a": 1}\n{"b": 2}\n\n', "x.jsonl") == [{"a": 1}, {"b": 2}]
    assert values('{\n "a": 1\n}\n{"b": 2}', "(stdin)") == [{"a": 1}, {"b": 2}]
    assert values("{a: 1}", "x.yaml") == [{"a": 1}]
    assert values("\ufeffa: 1", "x.yaml") == [{"a": 1}]
    assert values('\ufeff{"a": 1}', "x.json") == [{"a": 1}]


YAML = """\
# first line
test:
  clients:
    - rps: 1
      headers: {x-a/b: "ü", y: z}
    - &c
      rps: 2
  labels:
    a~b: c
copy: *nothing
""".replace("copy: *nothing\n", "")
JSON = """{
  "test": {"clients": [ {"rps": 1,
      "headers": {"x-a/b": "\\u00fc", "y": "z"}},
   {"rps": 2}],
\t"labels": {"a~b": "c \\" } ]", "d": [[], {}, 1e5, null]}}
}"""


@pytest.mark.parametrize(
    ("text", "name", "pointer", "value", "key"),
    [
        (YAML, "x.yaml", "", (2, 1), (2, 1)),
        (YAML, "x.yaml", "/test", (2, 1), (2, 1)),
        (YAML, "x.yaml", "/test/clients/0/rps", (4, 12), (4, 7)),
        (YAML, "x.yaml", "/test/clients/0/headers", (5, 16), (5, 7)),
        (YAML, "x.yaml", "/test/clients/0/headers/x-a~1b", (5, 24), (5, 17)),
        (YAML, "x.yaml", "/test/clients/0/headers/y", (5, 32), (5, 29)),
        (YAML, "x.yaml", "/test/clients/1/rps", (7, 12), (7, 7)),
        (YAML, "x.yaml", "/test/clients/1/body", (6, 7), (6, 7)),
        (YAML, "x.yaml", "/test/labels/a~0b", (9, 10), (9, 5)),
        (JSON, "x.json", "/test/clients/0/rps", (2, 33), (2, 26)),
        (JSON, "x.json", "/test/clients/0/headers/x-a~1b", (3, 28), (3, 19)),
        (JSON, "x.json", "/test/clients/1/rps", (4, 12), (4, 5)),
        (JSON, "x.json", "/test/labels/d/2", (5, 46), (5, 46)),
        (JSON, "x.json", "/test/labels/d/3", (5, 51), (5, 51)),
        ('{"a": 1}\n{"b": 2}\n', "x.jsonl", "/b", None, None),
    ],
)
def test_places(text: str, name: str, pointer: str, value: Any, key: Any) -> None:
    document = read_documents(text.encode(), name)[-1]
    if value is None:
        assert str(document.locate("/b")) == "x.jsonl:2:7"
        return
    for wanted, at_key in ((value, False), (key, True)):
        place = document.locate(pointer, key=at_key)
        assert (place.line, place.column) == wanted


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"", (1, 1), "empty"),
        (b" \n\n", (1, 1), "empty"),
        (b"# only a comment\n", (1, 1), "empty"),
        (b"a: [1\nb: 2\n", (2, 2), "not YAML"),
        (b"a:\n\t- b\n", (2, 1), "tab"),
        (b"a: 1\na: 2\n", (2, 1), "twice"),
        (b'{"a": 1,\n "a": 2}', (2, 2), "twice"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', (1, 16), "twice"),
        (b'{"a": 1, "a": 2, "b": ', (1, 23), "not JSON"),
        (b"a: b\0c\n", (1, 5), "NUL"),
        (b"ok: 1\nbad: \xff\n", (2, 6), "UTF-8"),
        (b"\xff\xfea\0", (1, 1), "UTF-16"),
        (b"a: \x01\n", (1, 4), "U+0001"),
        (b"[" * 200 + b"]" * 200, (1, 101), "deeper"),
        (b"[" * 100_000, (1, 101), "deeper"),
        (b"- " * 200 + b"a", (1, 201), "deeper"),
        (b"a: *b\n", (1, 4), "anchor"),
        (b"a: &a [*a]\n", (1, 8), "anchor"),
        (b"a: !!python/object:os.system x\n", (1, 4), "tag"),
        (b"a: !!timestamp 2026-01-31\n", (1, 4), "tag"),
        (b"a: !!int x\n", (1, 4), "int"),
        (b"? [1, 2]\n: 3\n", (1, 3), "key"),
        (b"<<: 3\n", (1, 1), "<<"),
        (b"a: " + b"9" * 5000, (1, 4), "digits"),
        (b'{"a": ' + b"9" * 5000 + b"}", (1, 7), "digits"),
        (b'{"a": "\\ud800"}', (1, 8), "surrogate"),
        (b"[" + b"1," * 2_100_000 + b"1]", (1, 1), "values"),
    ],
)
def test_what_is_refused(data: bytes, place: tuple[int, int], words: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        read_documents(data, "x.json" if data[:1] == b"{" else "x.yaml")
    position = raised.value.finding.position
    assert position is not None
    assert (position.line, position.column) == place
    assert words in raised.value.message
    assert len(raised.value.message) < 200


@pytest.mark.parametrize("name", ["x.json", "history.jsonl"])
def test_json_is_read_as_json_where_it_says_so(name: str) -> None:
    with pytest.raises(UnreadableError, match="not JSON"):
        read_documents(b"{a: 1}", name)


def test_a_fault_in_the_third_line_of_json_lines() -> None:
    with pytest.raises(UnreadableError, match=r"x\.jsonl:3:7: not JSON"):
        read_documents(b'{"a": 1}\n{"b": 2}\n{"c": }\n', "x.jsonl")


def bomb(levels: int, width: int = 9) -> bytes:
    lines = [f"a0: &a0 [{', '.join(['lol'] * width)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "data",
    [
        bomb(20),
        b"a: &a " + b"x" * 1_000_000 + b"\nb: [" + b"*a, " * 10_000 + b"]\n",
        b"a: &a {" + b",".join(b"k%d: 1" % i for i in range(1000)) + b"}\nb:\n" + b"- {<<: *a}\n" * 5000,
    ],
    ids=["billion-laughs", "long-text-many-times", "merged-many-times"],
)
def test_bombs_cost_little(data: bytes) -> None:
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(UnreadableError, match="2,000,000 values"):
        read_documents(data, "x.yaml")
    spent = time.process_time() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000_000
    assert spent < 60


def test_nothing_larger_than_the_limit_is_parsed() -> None:
    with pytest.raises(UnreadableError, match="32 MiB"):
        read_documents(b" " * (MAX_BYTES + 1), "x.yaml")


@pytest.mark.parametrize("name", ["x.json", "x.yaml"])
def test_a_message_quotes_no_megabyte(name: str) -> None:
    key = "k" * 1_000_000
    with pytest.raises(UnreadableError) as caught:
        read_documents(f'{{"{key}": 1, "{key}": 2}}'.encode(), name)
    assert len(str(caught.value)) < 400


def test_places_in_json_lines_count_from_the_start_of_the_file() -> None:
    """Also behind texts with escaped quotes, brackets and line breaks."""
    line = json.dumps({"a": ['"]}\\', {"b\n": "é\u2028"}], "c": {"d": 1}})
    documents = read_documents("\n".join([line] * 3).encode(), "x.jsonl")
    places = [document.locate("/c/d", key=True) for document in documents]
    assert [(place.line, place.column) for place in places] == [(n, line.index('"d"') + 1) for n in (1, 2, 3)]


def test_json_lines_take_time_in_proportion() -> None:
    """Each line is read once, however many there are: 40 times the lines, and not 1,600 times the work."""

    def seconds(count: int) -> float:
        text = "\n".join(json.dumps({"type": 7, "name": "x" * 300, "n": n}) for n in range(count)).encode()
        start = time.process_time()
        for document in read_documents(text, "x.jsonl"):
            document.locate("/type")
        return time.process_time() - start

    seconds(100)
    assert seconds(8000) < 40 * 8 * max(min(seconds(200) for _ in range(3)), 1e-3)


@pytest.mark.parametrize("text", ["9" * 4_000_000, "1s" * 2_000_000, "é" * 2_000_000, "0." + "3" * 4_000_000])
def test_a_text_of_megabytes_where_a_short_one_belongs_costs_no_seconds(text: str) -> None:
    """Durations, times, numbers and shares: none is looked through more than a few times, or quoted at length."""
    result = {"start_time": text, "actual_qps": f"{text}x", "latencies_ms": {"p99": f"{text}x"}}
    check = {"round": text, "gates": {"p99": {"tolerance": text}}}
    test = {"duration": text, "clients": [{"endpoint_urls": [text], "rps": f"-{text}"}]}
    start = time.process_time()
    findings = check_value(result, Kind.RESULT) + check_value({"test": test, "check": check}, Kind.CONFIGURATION)
    assert time.process_time() - start < 15
    assert len(findings) >= 6
    assert all(len(finding.message) <= 300 and len(finding.fix) <= 300 for finding in findings)
