"""Whatever is in a file: a reader gives a result or says what is wrong, and every result makes a document."""

from __future__ import annotations

import contextlib
import json
import math
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smp_check.errors import InputError
from smp_check.load.imported.document import Given, document_of
from smp_check.load.imported.source import Content
from smp_check.load.imported.sources import NAMES, read_source
from smp_check.spec.conformance import check_value
from smp_check.spec.kinds import Kind
from smp_check.spec.result import document_json

RECORDED = Path(__file__).parent / "recorded"
FILES = sorted(path.name for path in RECORDED.iterdir())
STRANGE: list[Any] = [
    None,
    True,
    -1,
    0,
    1e308,
    -1e308,
    math.nan,
    math.inf,
    10**400,
    "",
    "x",
    "1e400",
    "NaN",
    [],
    {},
    [[]],
]
STRANGE += [{"a": 1}, "9" * 5000, "2026-13-99T99:99:99Z", -0.0, [1, "a", None], 2**63, "\ud800", "\x00"]
FEW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def tried(data: bytes, name: str | None = None) -> None:
    """Reads, makes documents, judges them; only our own errors may come of it."""
    with contextlib.suppress(InputError):
        _, results = read_source(Content(data, "file"), name)
        for index, each in enumerate(results[:1]):
            run = document_of(each, Given(source="x", file="file"), data, index)
            plain = document_json(run)
            json.dumps(plain, allow_nan=False)
            if len(data) % 8 == 0:  # judging takes much longer than reading
                assert not [finding for finding in check_value(plain, Kind.RUN) if finding.id.startswith("SMP1")]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in children:
        found += paths(inner, (*at, key))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = json.loads(json.dumps(value))
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return changed


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_any_one_value_replaced_by_something_strange(name: str) -> None:
    value = json.loads((RECORDED / name).read_text())
    rng = random.Random(name)
    spots = paths(value)
    for path in spots if len(spots) < 20 else rng.sample(spots, 20):
        for new in rng.sample(STRANGE, 3):
            with contextlib.suppress(ValueError):  # a number of 400 digits cannot be written
                tried(json.dumps(replaced(value, path, new)).encode("utf-8", "surrogatepass"))


NUMERALS = ("1.2.3", "9" * 5000, "-1", "NaN", "1e999", "0", "0.0", "", ".", "99999999999999999999", "1_000")


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith(".json")])
def test_any_number_of_a_text_replaced_by_something_strange(name: str) -> None:
    text = (RECORDED / name).read_text()
    rng = random.Random(name)
    spots = list(re.finditer(r"\d+(?:\.\d+)*", text))
    for spot in spots if len(spots) < 20 else rng.sample(spots, 20):
        for new in rng.sample(NUMERALS, 3):
            tried((text[: spot.start()] + new + text[spot.end() :]).encode())


@pytest.mark.parametrize("name", FILES)
def test_any_file_cut_short_or_damaged(name: str) -> None:
    data = (RECORDED / name).read_bytes()
    rng = random.Random(name)
    for _ in range(15):
        tried(data[: rng.randrange(len(data))])
        damaged = bytearray(data)
        for _ in range(rng.randrange(1, 8)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        tried(bytes(damaged))


@pytest.mark.parametrize("name", FILES)
def test_any_file_taken_for_any_other_format(name: str) -> None:
    for source in NAMES:
        tried((RECORDED / name).read_bytes(), source)


@FEW
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    tried(data)
    tried(data, random.Random(len(data)).choice(NAMES))


WORDS = "Summary: Total: secs Requests/sec: Running test @ 1s 10 requests in ms, Latency Distribution 50% p99 h2load "
WORDS += (
    "finished in requests: total, started done succeeded failed errored timeout Value Percentile TotalCount time commit"
)


@FEW
@given(st.lists(st.sampled_from([*WORDS.split(), "\n", ",", "\t", "0", "-1", "1e999", "nan"]), max_size=60))
def test_any_words_of_the_reports(words: list[str]) -> None:
    for source in ("wrk", "hey", "h2load", "vegeta", "series"):
        tried(" ".join(words).encode(), source)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@FEW
@given(
    st.dictionaries(
        st.sampled_from(["DurationHistogram", "RunType", "RetCodes", "ActualQPS", "metrics", "results", "latencies"]),
        JSON,
    )
)
def test_any_json_with_known_names(value: dict[str, Any]) -> None:
    tried(json.dumps(value).encode("utf-8", "surrogatepass"))
