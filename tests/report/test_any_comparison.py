"""Whatever numbers a comparison holds (none, zero, negative, huge, infinite, not a number), each format renders it."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smp_check.report.render import FORMATS, render
from smp_check.spec.run import GeneratorInfo, Latency, Provenance, Remark
from smp_check.verdict.model import (
    Anchor,
    Comparison,
    ConformanceSummary,
    Direction,
    Inputs,
    MetricComparison,
    Mismatch,
    Policy,
    RunReference,
    Side,
    Verdict,
)
from tests.report.cases import latency

NUMBERS = st.floats() | st.sampled_from([0.0, -0.0, 1e-12, 1e300, -1.0, 0.01])
MAYBE = st.none() | NUMBERS
WORDS = re.compile(r"\b(?:nan|inf|None|Undefined)\b")
TEXTS = st.text(max_size=12).filter(lambda text: not WORDS.search(text))
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001
UNITS = st.sampled_from(["s", "1/s", "fraction", "cpu-s", "mcores", "MB", "bytes", "1"])
SHARES = st.none() | st.floats(0, 1)
METRICS: st.SearchStrategy[MetricComparison] = st.builds(
    MetricComparison,
    client=st.sampled_from(["client-1", "client-2", ""]),
    metric=st.sampled_from(["p50", "qps", "error_rate", "cpu_per_request", "", "x" * 200]),
    unit=UNITS,
    direction=st.sampled_from(Direction),
    verdict=st.sampled_from(Verdict),
    reason=TEXTS,
    gating=st.booleans(),
    base=MAYBE,
    head=MAYBE,
    change=MAYBE,
    interval=st.none() | st.tuples(NUMBERS, NUMBERS),
    confidence=SHARES,
    detectable=MAYBE,
    tolerance=SHARES,
    objective=st.none() | TEXTS,
    rounds_needed=st.none() | st.integers(0, 10**9),
    runs_needed=st.none() | st.integers(0, 10**9),
    inputs=st.none() | st.builds(Inputs, method=st.sampled_from(["history", "paired", "counts"])),
    accepted=st.none() | TEXTS,
)
LATENCIES = st.sampled_from([latency(0.01), latency(0.01, 0.0001), Latency(count=0), Latency(count=5)]) | st.builds(
    Latency,
    count=st.integers(0, 10**9),
    percentiles=st.dictionaries(st.sampled_from(["p50", "p90", "p99", "p12"]), NUMBERS),
    histogram=st.none() | st.just("no histogram"),
)
SIDES: st.SearchStrategy[Side] = st.builds(
    Side,
    runs=st.lists(
        st.builds(RunReference, id=TEXTS, commit=st.none() | TEXTS, start=MOMENTS, rounds=st.integers(0, 99)),
        max_size=3,
    ).map(tuple),
    provenance=st.builds(
        Provenance, commit=st.none() | TEXTS, branch=st.none() | TEXTS, dirty=st.none() | st.booleans()
    ),
    generators=st.dictionaries(
        st.sampled_from(["client-1", "client-2"]),
        st.builds(
            GeneratorInfo,
            name=TEXTS,
            version=TEXTS,
            open_loop=st.booleans(),
            percentile_method=TEXTS,
            resolution=NUMBERS,
        ),
    ),
    machine=st.dictionaries(TEXTS, TEXTS, max_size=3),
    latency=st.dictionaries(st.sampled_from(["client-1", "all", "client-2"]), LATENCIES),
    targets=st.lists(TEXTS, max_size=5).map(tuple),
)
GATES = st.fixed_dictionaries(
    {}, optional={"tolerance": NUMBERS, "max": NUMBERS, "min": MAYBE, "report_only": st.booleans()}
)
COMPARISONS: st.SearchStrategy[Comparison] = st.builds(
    Comparison,
    name=TEXTS,
    mesh=st.sampled_from(["none", "ISTIO", "", "INVALID_MESH"]),
    verdict=st.sampled_from(Verdict),
    headline=TEXTS,
    failed=st.booleans(),
    failures=st.lists(TEXTS, max_size=3).map(tuple),
    metrics=st.lists(METRICS, max_size=6).map(tuple),
    head=SIDES,
    base=st.none() | SIDES,
    anchor=st.none()
    | st.builds(Anchor, wanted=st.none() | TEXTS, used=st.none() | TEXTS, distance=st.none() | st.integers(0, 999)),
    mismatches=st.lists(st.builds(Mismatch, field=TEXTS, base=TEXTS, head=TEXTS), max_size=3).map(tuple),
    remarks=st.lists(
        st.builds(
            Remark,
            code=st.sampled_from(["errors", "noisy", "saturated", "cleared", ""]),
            severity=st.sampled_from(["error", "warning", "note"]),
            message=TEXTS,
        ),
        max_size=3,
    ).map(tuple),
    policy=st.builds(
        Policy,
        fail_on=st.sampled_from([(), ("regression",), ("regression", "inconclusive", "no-baseline")]),
        gates=st.dictionaries(st.sampled_from(["p50", "qps", "error_rate", "x"]), GATES),
        expect=st.lists(TEXTS, max_size=2).map(tuple),
    ),
    conformance=st.none()
    | st.builds(
        ConformanceSummary,
        conformant=st.booleans(),
        errors=st.integers(0, 9),
        warnings=st.integers(0, 9),
        findings=st.lists(st.fixed_dictionaries({"id": TEXTS, "message": TEXTS}), max_size=2).map(tuple),
    ),
    tool_version=TEXTS,
    created=MOMENTS,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(COMPARISONS)
def test_it_renders(comparison: Comparison) -> None:
    made = {name: render(comparison, name) for name in FORMATS}
    assert json.loads(made["json"], parse_constant=pytest.fail)
    ElementTree.fromstring(made["junit"])
    for name in ("markdown", "html", "text"):
        assert not WORDS.search(made[name]), name
    assert not re.search(r"(?<!\d)[−-]0(\.0+)?(?= |$)", made["text"].split("how sure")[0]), "no negative nothing"
