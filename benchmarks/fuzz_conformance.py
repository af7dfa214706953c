"""Fuzzing of reading, conformance and conversion: ``python -m benchmarks.fuzz_conformance [INPUTS] [SEED]``.

Faultless documents are broken in every way that texts break (bytes, structure, nesting, numbers, aliases,
encodings) and handed to the same functions that `validate` and `convert` call. Every outcome must be findings
or an error for the user, soon, in bounded memory; anything else is printed with its input, and fails.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from smp_check.errors import SmpCheckError
from smp_check.spec.builder import build_configuration
from smp_check.spec.codec import from_json
from smp_check.spec.conformance import check_document, conformant
from smp_check.spec.conversion import Spelling, convert
from smp_check.spec.kinds import MESSAGE_OF, SCHEMAS, Kind, kind_of
from smp_check.spec.messages import MESSAGES
from smp_check.spec.presentation import FORMATS, Checked
from smp_check.spec.presentation.text import as_text
from smp_check.spec.reading import Document, read_documents
from smp_check.spec.run import RunDocument
from smp_check.spec.spelling import canonical_document
from smp_check.spec.wire import decode
from smp_check.spec.yaml_writing import to_yaml
from tests.spec import documents

SLOW = 20.0
"""Seconds that no input may take, on however busy a machine."""
WORDS = [
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xc3\x28", b"\xed\xa0\x80", b"\x85", "\u2028".encode(), b"\t", b"\r",
    b"\n---\n", b"&a", b"*a", b"<<: *a", b"!!python/name:os.system", b"!!binary", b"? ", b"%YAML 9.9", b"|",
    b">-", b"...", b"{", b"}", b"[", b"]", b'"', b"'", b"#", b": ", b"- ", b".nan", b"NaN", b"-.inf",
    b"Infinity", b"1e999", b"-0.0", b"9" * 500, b"1" * 5000, b"0x" + b"f" * 400, b"null", b"true", b"~",
    b"\\ud800", b"\\u0000", b"2026-13-45T99:99:99Z", b"10:20:30", b"0001-01-01T00:00:00+23:59", b"[" * 300,
    b'{"a":' * 300, b"endpoint_urls", b"endpointUrls", b"p99", b"test_smp_version", b"1h1h1h",
    b"99999999999999999999h", b"http://[", b"http://\xe2\x84\xaa/",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**299, 1.5, -0.0, 1e308, float("nan"), float("inf"), "", "x", "10",
    "NaN", "1e999", "\x00", "\ud7ff", "é" * 3000, [], {}, [[]], [None], {"": {}}, {"a": {"a": {"a": []}}},
    "PROTOCOL_HTTP", "ISTIO", "10%", "5ms", "2026-01-31T12:00:00Z", "0001-01-01T00:00:00+23:59", "http://x/", "%", "/~",
]  # fmt: skip


def seeds() -> list[Any]:
    """One faultless document of each kind."""
    run, configuration = documents.run(2), documents.configuration()
    configuration["check"] = {
        "round": "1s",
        "gates": {"p99": {"max": "25ms"}, "qps": {"tolerance": "5%"}},
        "observe": {"workload": {"port": 1}, "sidecar": [{"name": "envoy"}]},
        "launches": {"min": 1, "max": 2},
        "baseline": {"window": 3},
    }
    legacy = {"exp_uuid": "x", "client": {"rps": 1, "latencies_ms": {"p50": 0.1}}, "metrics": [1]}
    meshery = documents.result() | {"test_id": "test_test_id", "env_id": "test_envID"}
    return [run, configuration, documents.result(), run["mesh"], run["environment"], run["test"], legacy, meshery]


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values but the outermost."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, each in members for path in ((*at, key), *places(each, (*at, key)))]


def restructured(dice: random.Random, value: Any) -> Any:
    """A copy with some values replaced, removed, moved or misnamed."""
    changed = json.loads(json.dumps(value))
    for _ in range(dice.choice((1, 1, 2, 5))):
        path = dice.choice(places(changed) or [()])
        if not path:
            return deepcopy(dice.choice(VALUES))
        target = changed
        for step in path[:-1]:
            target = target[step]
        key = path[-1]
        action = dice.randrange(4)
        if action == 0 or not isinstance(target, dict):
            target[key] = deepcopy(dice.choice(VALUES))
        elif action == 1:
            del target[key]
        elif action == 2:
            target[dice.choice(("x", "", "a/b~c", str(key) + "s", str(key).title()))] = target.pop(key)
        else:
            target[dice.choice([*MESSAGES["PerformanceTestConfig.Client"].by_name, "labels"])] = deepcopy(target[key])
    return changed


def broken_bytes(dice: random.Random, data: bytes) -> bytes:
    """The text with bytes flipped, cut, doubled, or dangerous words put in."""
    changed = bytearray(data)
    for _ in range(dice.choice((0, 1, 1, 2, 8))):
        at = dice.randrange(len(changed) + 1)
        action = dice.randrange(5)
        if action == 0:
            changed[at:at] = dice.choice(WORDS)
        elif action == 1 and at < len(changed):
            changed[at] = dice.randrange(256)
        elif action == 2:
            del changed[at : at + dice.randrange(1, 40)]
        elif action == 3:
            changed[at:at] = changed[at : at + dice.randrange(1, 200)]
        else:
            del changed[at:]
    return bytes(changed)


def make(dice: random.Random, known: list[Any], texts: list[bytes]) -> tuple[str, bytes]:
    """One input: a file's name and its bytes."""
    if dice.random() < 0.5:
        value = restructured(dice, dice.choice(known))
        data = to_yaml([value]).encode("utf-8", "surrogatepass") if dice.random() < 0.4 else json.dumps(value).encode()
        name = "x.yaml" if data[:1] not in b"{[" else "x.json"
        return name, data if dice.random() < 0.7 else broken_bytes(dice, data)
    return dice.choice(("x.yaml", "x.json", "x.jsonl", "(stdin)")), broken_bytes(dice, dice.choice(texts))


def exercise(name: str, data: bytes, dice: random.Random) -> str:
    """Everything that `validate` and `convert` do with a file; the outcome in a word."""
    if dice.random() < 0.02:
        for message in MESSAGES.values():
            try:
                decode(data, message)
            except ValueError:
                continue
    try:
        read = read_documents(data, name)
    except SmpCheckError:
        return "unreadable"
    return "+".join(sorted({examine(document, dice) for document in read[:5]}))


def examine(document: Document, dice: random.Random) -> str:
    """One document: by its own kind, by another, in every format, converted and built."""
    own = kind_of(document.value)
    findings = check_document(document, own)
    if dice.random() < 0.1:
        check_document(document, dice.choice(list(SCHEMAS)))
    checked = Checked(file=document.file, kinds=(own,), findings=tuple(findings), source=document.source)
    for present in (as_text, *FORMATS.values()):
        present([checked]).encode("utf-8")
    try:
        for spelling in (Spelling(), Spelling(camel=True, enum_numbers=True)):
            convert(document.value, own, spelling, dice.choice(("auto", "s", "ms")))
    except ValueError:
        assert own not in MESSAGE_OF
    if not conformant(findings):
        return "refused"
    if own is Kind.CONFIGURATION:
        build_configuration(document)
    if own is Kind.RUN:
        from_json(RunDocument, canonical_document(document.value, own))
    return "accepted"


def fuzz(inputs: int, seed: int, say: Callable[[str], None] = print) -> Counter[str]:
    """Try so many inputs; raises ``AssertionError`` with the input for the first that is not dealt with."""
    dice = random.Random(seed)
    known = seeds()
    texts = [json.dumps(value).encode() for value in known] + [to_yaml([value]).encode() for value in known]
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(1, inputs + 1):
        name, data = make(dice, known, texts)
        start = time.perf_counter()
        try:
            outcomes[exercise(name, data, dice)] += 1
        except Exception as fault:
            raise AssertionError(f"input {number} of seed {seed} ({name}): {fault!r}\n{data!r}") from fault
        slowest = max(slowest, time.perf_counter() - start)
        assert slowest < SLOW, f"input {number} of seed {seed} took {slowest:.1f} s\n{data!r}"
        if number % 10_000 == 0:
            say(f"{number:,} inputs: {dict(outcomes)}, slowest {slowest:.2f} s, {peak_mb():.0f} MB at most")
    return outcomes


def peak_mb() -> float:
    """The most memory that this process ever held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    inputs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    before = peak_mb()
    start = time.perf_counter()
    outcomes = fuzz(inputs, seed)
    print(f"{inputs:,} inputs in {time.perf_counter() - start:.0f} s, seed {seed}: {dict(outcomes)}")
    print(f"memory: {before:.0f} MB before, {peak_mb():.0f} MB at most")


if __name__ == "__main__":
    main()
