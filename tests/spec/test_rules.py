"""Every rule: a breach is found where it is, what keeps the rule passes, and the catalogue's own examples are true."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp_check.spec.conformance import check_document, check_value, conformant
from smp_check.spec.findings import Severity
from smp_check.spec.histogram import Histogram
from smp_check.spec.kinds import Kind, kind_of
from smp_check.spec.reading import UnreadableError, read_documents
from smp_check.spec.rules import RULES, Rule
from smp_check.spec.rules.text import rule_text
from smp_check.spec.semantics.histograms import counted
from tests.spec import documents
from tests.spec.documents import put

CONFIGURATION, RESULT, RUN = documents.configuration(), documents.result(), documents.run()


def test_the_documents_to_break_are_faultless() -> None:
    assert check_value(CONFIGURATION, Kind.CONFIGURATION) == []
    assert check_value(RESULT, Kind.RESULT) == []
    assert check_value(RUN, Kind.RUN) == []


CLIENT = "/test/clients/0"
ROUND = "/details/rounds/1"
CASES = [
    ("SMP101", Kind.CONFIGURATION, f"{CLIENT}/endpoint_url", "x", None),
    ("SMP101", Kind.CONFIGURATION, "/check", {"gate": {}}, "/check/gate"),
    ("SMP101", Kind.RESULT, "/cpu", {}, None),
    ("SMP101", Kind.RUN, f"{ROUND}/nois", {}, None),
    ("SMP102", Kind.CONFIGURATION, "/test/labels", {"a": 1}, "/test/labels/a"),
    ("SMP102", Kind.RUN, f"{ROUND}/counts/sent", "many", None),
    ("SMP102", Kind.RUN, f"{ROUND}/service_time", [], None),
    ("SMP103", Kind.CONFIGURATION, f"{CLIENT}/protocol", "HTTP", None),
    ("SMP103", Kind.CONFIGURATION, "/check", {"fail_on": ["regresion"]}, "/check/fail_on/0"),
    ("SMP103", Kind.RUN, "/smp_check", "2", None),
    ("SMP104", Kind.CONFIGURATION, "/test/duration", "10", None),
    ("SMP104", Kind.CONFIGURATION, "/check", {"round": 2}, "/check/round"),
    ("SMP104", Kind.CONFIGURATION, "/test/duration", "9" * 400 + "h", None),
    ("SMP104", Kind.CONFIGURATION, "/test/duration", "9" * 4000, None),
    ("SMP105", Kind.RESULT, "/actual_qps", float("nan"), None),
    ("SMP105", Kind.RUN, f"{ROUND}/latency/mean", float("inf"), None),
    ("SMP106", Kind.CONFIGURATION, f"{CLIENT}/connections", -1, None),
    ("SMP106", Kind.CONFIGURATION, "/check", {"baseline": {"window": 0}}, "/check/baseline/window"),
    ("SMP107", Kind.CONFIGURATION, "/test", ..., ""),
    ("SMP107", Kind.RUN, f"{ROUND}/counts", ..., ROUND),
    ("SMP108", Kind.CONFIGURATION, f"{CLIENT}/endpointUrls", [], None),
    ("SMP109", Kind.RESULT, "/end_time", "2026-02-30T00:00:00Z", None),
    ("SMP109", Kind.RUN, f"{ROUND}/end", "noon", None),
    ("SMP113", Kind.CONFIGURATION, "/check", {"gates": {"p50": {"tolerance": "ten"}}}, "/check/gates/p50/tolerance"),
    ("SMP114", Kind.CONFIGURATION, "/check", {"observe": {"workload": {}}}, "/check/observe/workload"),
    ("SMP201", Kind.CONFIGURATION, f"{CLIENT}/protocol", 0, None),
    ("SMP201", Kind.CONFIGURATION, "/mesh/mesh_type/type", "INVALID_MESH", None),
    (
        "SMP201",
        Kind.RUN,
        "/mesh/application_metadata",
        {"application_protocol": 0},
        "/mesh/application_metadata/application_protocol",
    ),
    ("SMP202", Kind.CONFIGURATION, f"{CLIENT}/endpoint_urls/0", "127.0.0.1:8080", None),
    ("SMP202", Kind.CONFIGURATION, f"{CLIENT}/endpoint_urls/0", "tcp://127.0.0.1:8080", None),
    ("SMP202", Kind.CONFIGURATION, f"{CLIENT}/endpoint_urls/0", "http://[::1", None),
    ("SMP202", Kind.CONFIGURATION, f"{CLIENT}/endpoint_urls/0", "http://h:99999/", None),
    ("SMP202", Kind.CONFIGURATION, f"{CLIENT}/endpoint_urls/0", "http:///path", None),
    ("SMP202", Kind.CONFIGURATION, f"{CLIENT}/endpoint_urls/0", "http://a b/", None),
    ("SMP202", Kind.CONFIGURATION, "/check", {"reference": "buildin"}, "/check/reference"),
    ("SMP203", Kind.RESULT, "/latencies_ms/p90", 1.5, None),
    ("SMP203", Kind.RESULT, "/latencies_ms/average", 0.5, None),
    ("SMP203", Kind.RESULT, "/latencies_ms/average", 50, "/latencies_ms/max"),
    ("SMP203", Kind.RUN, f"{ROUND}/latency/percentiles/p99.9", 1e-4, None),
    ("SMP204", Kind.RESULT, "/end_time", "2026-01-31T11:59:59Z", None),
    ("SMP204", Kind.RUN, f"{ROUND}/end", "2026-01-31T11:00:00Z", None),
    ("SMP205", Kind.RUN, f"{ROUND}/counts/errors", {"timeout": 5}, f"{ROUND}/counts/sent"),
    ("SMP205", Kind.RUN, f"{ROUND}/achieved_rps", 900.0, None),
    ("SMP205", Kind.RUN, f"{ROUND}/latency/count", 1001, None),
    ("SMP206", Kind.RESULT, "/labels", {"smp-check/requests": "999", "smp-check/errors": "0"}, "/latencies_ms/p99"),
    ("SMP207", Kind.RUN, "/result/latencies_ms/average", 30.0, None),
    ("SMP208", Kind.RESULT, "/labels", {}, "/latencies_ms"),
    ("SMP209", Kind.RUN, "/result/env_id", "another", None),
    ("SMP210", Kind.RESULT, "/labels", {"smp-check/requests": "50", "smp-check/errors": "50"}, "/latencies_ms"),
    ("SMP211", Kind.CONFIGURATION, "/test/duration", "0s", None),
    ("SMP211", Kind.CONFIGURATION, "/test/duration", ..., "/test"),
    ("SMP212", Kind.CONFIGURATION, f"{CLIENT}/endpoint_urls", [], None),
    ("SMP212", Kind.CONFIGURATION, "/test/clients", ..., "/test"),
    ("SMP213", Kind.RESULT, "/smp_version", "1.0", None),
    ("SMP214", Kind.RESULT, "/end_time", "2026-01-31T18:00:08+05:30", None),
    ("SMP215", Kind.CONFIGURATION, f"{CLIENT}/headers", {"x y": "1"}, f"{CLIENT}/headers/x y"),
    ("SMP215", Kind.CONFIGURATION, f"{CLIENT}/headers", {"x/y": "1\r\nz: 2"}, f"{CLIENT}/headers/x~1y"),
    ("SMP216", Kind.CONFIGURATION, f"{CLIENT}", {"load_generator": "wrk2", "endpoint_urls": ["http://x/"]}, None),
    ("SMP217", Kind.CONFIGURATION, "/mesh/type", 3, None),
    ("SMP218", Kind.RUN, "/result/latencies_ms/p50", 1.2, None),
    ("SMP219", Kind.RUN, f"{ROUND}/latency/histogram", "HISTFAAAAA", None),
    ("SMP219", Kind.RUN, f"{ROUND}/latency/histogram", "§", None),
    ("SMP219", Kind.RUN, f"{ROUND}/latency/count", 999, f"{ROUND}/latency/histogram"),
    ("SMP220", Kind.CONFIGURATION, "/check", {"gates": {"p98": {}}}, "/check/gates/p98"),
    ("SMP220", Kind.CONFIGURATION, "/check", {"gates": {"p99": {"max": 25}}}, "/check/gates/p99/max"),
    ("SMP220", Kind.CONFIGURATION, "/check", {"gates": {"p99": {"tolerance": 5}}}, "/check/gates/p99/tolerance"),
    ("SMP220", Kind.CONFIGURATION, "/check", {"gates": {"error_rate": {"max": 2}}}, "/check/gates/error_rate/max"),
    ("SMP220", Kind.CONFIGURATION, "/check", {"gates": {"qps": {"min": "25ms"}}}, "/check/gates/qps/min"),
    ("SMP221", Kind.CONFIGURATION, "/check", {"round": "9s"}, "/check/round"),
    ("SMP221", Kind.CONFIGURATION, "/check", {"launches": {"min": 13}}, "/check/launches/min"),
    (
        "SMP221",
        Kind.CONFIGURATION,
        "/check",
        {"observe": {"sidecar": [{"prometheus": "x"}]}},
        "/check/observe/sidecar/0/prometheus",
    ),
    ("SMP222", Kind.RESULT, "/actual_qps", 0, None),
    ("SMP222", Kind.RESULT, "/latencies_ms", {"p50": 0, "p99": 0}, None),
    ("SMP223", Kind.CONFIGURATION, f"{CLIENT}/load_generator", "forito", None),
    ("SMP224", Kind.CONFIGURATION, f"{CLIENT}/endpoint_urls/0", "http://me:secret@h/", None),
    (
        "SMP224",
        Kind.CONFIGURATION,
        f"{CLIENT}/headers",
        {"Authorization": "Bearer x"},
        f"{CLIENT}/headers/Authorization",
    ),
]
DOCUMENTS = {Kind.CONFIGURATION: CONFIGURATION, Kind.RESULT: RESULT, Kind.RUN: RUN}


@pytest.mark.parametrize(("rule", "kind", "pointer", "value", "place"), CASES)
def test_a_breach_is_found_where_it_is(rule: str, kind: Kind, pointer: str, value: Any, place: str | None) -> None:
    document = put(DOCUMENTS[kind], pointer, value)
    if rule == "SMP208":
        document |= {"test_id": "test_test_id", "env_id": "test_envID"}
    findings = check_value(document, kind)
    found = [(finding.id, finding.pointer) for finding in findings]
    assert (rule, pointer if place is None else place) in found
    assert found.count((rule, pointer if place is None else place)) == 1
    assert conformant(findings) == all(finding.severity is not Severity.ERROR for finding in findings)
    for finding in findings:
        assert finding.message
        assert len(finding.message) < 250
        assert len(finding.fix) <= 300


def test_every_rule_has_a_case() -> None:
    elsewhere = {"SMP100", "SMP110", "SMP111", "SMP112"}
    assert {case[0] for case in CASES} | elsewhere == set(RULES)


@pytest.mark.parametrize(
    ("value", "kind", "rule"),
    [
        ({"client": {"latencies_ms": {"p50": 0.01}}, "exp_uuid": "x"}, Kind.LEGACY_RESULT, "SMP112"),
        ({"client": {"latencies_ms": {"p50": 0.01}}, "exp_uuid": "x"}, Kind.LEGACY_RESULT, "SMP208"),
        ({"runner_results": {}, "meshery_id": "x"}, Kind.MESHERY_RESULT, "SMP111"),
        ({"runnerResults": {}, "mesheryId": "x"}, Kind.MESHERY_RESULT, "SMP111"),
        ({"DurationHistogram": {}, "RunType": "HTTP"}, Kind.GENERATOR_OUTPUT, "SMP111"),
        ({"a": 1}, Kind.UNKNOWN, "SMP110"),
        ("text", Kind.UNKNOWN, "SMP110"),
        ({"type": "object", "title": "x", "properties": {}}, Kind.UNKNOWN, "SMP110"),
        ([{"a": 1}], Kind.LIST, "SMP110"),
        ([[]], Kind.LIST, "SMP110"),
    ],
)
def test_what_is_no_document_of_today(value: Any, kind: Kind, rule: str) -> None:
    assert kind_of(value) is kind
    assert rule in [finding.id for finding in check_value(value, kind)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (CONFIGURATION, Kind.CONFIGURATION),
        ({"test": {}, "mesh": {"type": 5}}, Kind.CONFIGURATION),
        (CONFIGURATION["test"], Kind.TEST),
        ({"clients": [], "duration": "1s"}, Kind.TEST),
        (CONFIGURATION["mesh"], Kind.MESH),
        ({"meshType": {"type": 1}, "mtlsEnabled": True}, Kind.MESH),
        ({"type": 5}, Kind.SERVICE_MESH),
        ({"type": 5, "versoin": "1"}, Kind.SERVICE_MESH),
        ({"type": "ISTIO", "version": "1.20", "labels": {}}, Kind.SERVICE_MESH),
        ({"nodes": [], "kubernetes_version": "1.30"}, Kind.ENVIRONMENT),
        ({"individualWorkloads": []}, Kind.ENVIRONMENT),
        (RESULT, Kind.RESULT),
        ({"startTime": "2026-01-31T12:00:00Z", "latenciesMs": {}}, Kind.RESULT),
        (RUN, Kind.RUN),
        ({"smp_check_comparison": "1"}, Kind.COMPARISON),
    ],
)
def test_kinds_are_told_apart(value: Any, kind: Kind) -> None:
    assert kind_of(value) is kind


def test_a_list_is_checked_item_by_item() -> None:
    findings = check_value([RESULT, put(RESULT, "/latencies_ms/p90", 1.5)], Kind.LIST)
    assert [(finding.id, finding.pointer) for finding in findings] == [("SMP203", "/1/latencies_ms/p90")]


CONTEXTS = (
    "test:\n  duration: 10s\n  clients: [{endpoint_urls: ['http://x/']}]\n{0}",
    "test:\n  duration: 10s\n  clients:\n  - endpoint_urls: ['http://x/']\n{4}",
    "test:\n  duration: 10s\n  clients:\n  -\n{4}",
    "test:\n  name: x\n{2}",
    "test:\n  clients: [{endpoint_urls: ['http://x/']}]\n{2}",
    "test:\n  duration: 10s\n{2}",
    "test:\n  duration: 10s\n  clients: [{endpoint_urls: ['http://x/']}]\ncheck:\n{2}",
    "test:\n  duration: 10s\n  clients: [{endpoint_urls: ['http://x/']}]\ncheck: {gates: {p50:\n{6}\n  }}",
    "actual_qps: 1\n{0}",
    "{0}",
)


def found_in(context: str, fragment: str) -> set[str]:
    text = context
    for indent in (0, 2, 4, 6):
        body = textwrap.indent(fragment, " " * indent)
        body = "      {" + fragment + "}" if indent == 6 else body
        text = text.replace(f"{{{indent}}}", body)
    try:
        documents_ = read_documents(text.encode(), "x.yaml")
    except UnreadableError as fault:
        return {fault.finding.id}
    return {finding.id for document in documents_ for finding in check_document(document)}


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.wrong], ids=lambda rule: rule.id)
def test_the_examples_of_the_catalogue(rule: Rule) -> None:
    """In some place of a document the wrong example breaks the rule, and the right one keeps it there."""
    assert rule.right
    right = rule.right.replace("[...]", "[{endpoint_urls: ['http://x/']}]")
    assert [
        context
        for context in CONTEXTS
        if rule.id in found_in(context, rule.wrong) and rule.id not in found_in(context, right)
    ]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_every_rule_is_explained(rule: Rule) -> None:
    text = rule_text(rule)
    assert text.startswith(f"{rule.id} {rule.name} ({rule.severity.value})\n")
    assert rule.title in text.replace("\n", " ")
    assert all(len(line) <= 90 for line in text.splitlines())


def test_both_spellings_and_both_positions() -> None:
    """Findings on a camelCase document point into it by its own names."""
    text = b"""{"testId": "x", "latenciesMs": {"p50": 3, "p90": 2},
 "endTime": "2020-01-01T00:00:00Z", "startTime": "2021-01-01T00:00:00Z"}"""
    (document,) = read_documents(text, "r.json")
    findings = check_document(document)
    assert [(each.id, each.pointer, str(each.position)) for each in findings] == [
        ("SMP203", "/latenciesMs/p90", "r.json:1:50"),
        ("SMP204", "/endTime", "r.json:2:13"),
    ]


def test_many_faults_are_capped() -> None:
    value: dict[str, Any] = {f"field_{number}": 1 for number in range(5000)} | {"clients": []}
    assert len(check_value(value, Kind.TEST)) == 200


def test_a_missing_field_that_was_misspelt_is_reported_once() -> None:
    broken = put(put(CONFIGURATION, f"{CLIENT}/endpoint_urls", ...), f"{CLIENT}/endpoint_url", "http://x/")
    (finding,) = check_value(broken, Kind.CONFIGURATION)
    assert finding.id == "SMP101"
    assert finding.fix == "did you mean endpoint_urls?"


@pytest.mark.parametrize(
    ("pointer", "value", "fix"),
    [
        ("/mesh", "istio", "write mesh: {type: istio}"),
        ("/check", {"gates": {"p95": "10%"}}, "write {tolerance: 10%}"),
        ("/check", {"gates": {"p95": {"tolerance": 5}}}, "write 5%"),
        ("/check", {"fail_on": "regression"}, 'write a list: ["regression"]'),
        ("/test/labels", {"a": 3}, 'put it into quotes: "3"'),
        ("/test/clients/0/internal", "yes", "write true"),
        ("/test/clients/0/protocol", "http", "did you mean PROTOCOL_HTTP?"),
        ("/mesh/mesh_type/type", "open service mesh", "did you mean OPEN_SERVICE_MESH?"),
        ("/test/clients/0/endpoint_urls/0", "shop:8080", "write http://shop:8080"),
        ("/test/clients/0/endpoint_urls/0", "grpc://shop:80", "or write protocol: PROTOCOL_GRPC"),
    ],
)
def test_what_to_do_is_said(pointer: str, value: Any, fix: str) -> None:
    (finding,) = check_value(put(CONFIGURATION, pointer, value), Kind.CONFIGURATION)
    assert finding.fix == fix


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("endpointUrl", "did you mean endpoint_urls?"),
        ("qps", "did you mean rps?"),
        ("concurrency", "did you mean connections?"),
        ("conections", "did you mean connections?"),
        ("LoadGenerator", "did you mean load_generator?"),
        ("load-generator", "did you mean load_generator?"),
        ("mesh_type", "mesh_type is a field of ServiceMeshConfig"),
    ],
)
def test_suggestions(name: str, fix: str) -> None:
    (finding,) = check_value(put(CONFIGURATION, f"{CLIENT}/{name}", 1), Kind.CONFIGURATION)
    assert finding.fix == fix


@given(st.dictionaries(st.integers(1, 3_600_000_000), st.integers(1, 10**12), max_size=30))
def test_a_histogram_is_counted_without_decoding_it(values: dict[int, int]) -> None:
    histogram = Histogram()
    histogram.record_microseconds(values)
    assert counted(histogram.encode()) == sum(values.values())
