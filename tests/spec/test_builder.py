"""From a document to the values that the later stages take."""

from __future__ import annotations

from typing import Any

import pytest

from smp_check.spec.builder import build_configuration
from smp_check.spec.configuration import (
    DEFAULT_GATES,
    CheckOptions,
    Configuration,
    Gate,
    Launches,
    Protocol,
    Watched,
)
from smp_check.spec.conformance import check_document
from smp_check.spec.reading import read_documents
from tests.conftest import ROOT


def build(text: str) -> Configuration:
    (document,) = read_documents(text.encode(), "c.yaml")
    assert check_document(document) == []
    return build_configuration(document)


TEST = "test: {duration: 1m30s, clients: [{endpoint_urls: ['http://x/']}]}\n"


def test_the_least_there_is() -> None:
    built = build(TEST)
    (client,) = built.clients
    assert built.duration == 90
    assert built.check == CheckOptions()
    assert built.source == "c.yaml"
    assert (client.name, client.load_generator, client.protocol) == ("client-1", "embedded", Protocol.HTTP)
    assert (client.connections, client.rps) == (1, 0.0)
    assert built.test["clients"][0]["load_generator"] == "embedded"
    assert built.mesh == {}


def test_everything_in_protobuf_spelling() -> None:
    built = build("""{"test": {"smpVersion": "v0.0.1", "name": "n", "duration": "2s", "clients": [
        {"loadGenerator": "fortio", "protocol": 4, "connections": "3", "rps": "7", "endpointUrls": ["grpc://x:1"],
         "contentType": "a/b", "headers": {"a": "b"}, "cookies": {"c": "d"}, "body": "{}",
         "sslCertificate": "ca.pem", "additionalOptions": "-a b", "internal": null}]},
        "mesh": {"meshType": {"type": 3}, "mtlsEnabled": true}, "environment": {"kubernetesVersion": "1.30"}}""")
    (client,) = built.clients
    assert client.protocol is Protocol.GRPC
    assert (client.connections, client.rps, client.content_type) == (3, 7.0, "a/b")
    assert (client.headers, client.cookies, client.body) == ({"a": "b"}, {"c": "d"}, "{}")
    assert (client.ssl_certificate, client.additional_options) == ("ca.pem", "-a b")
    assert built.test["clients"][0]["protocol"] == "PROTOCOL_GRPC"
    assert built.mesh == {"mesh_type": {"type": "ISTIO"}, "mtls_enabled": True}
    assert built.environment == {"kubernetes_version": "1.30"}


@pytest.mark.parametrize(
    ("mesh", "built"),
    [
        ("mesh:", {}),
        ("mesh: {}", {}),
        ("mesh: {type: 5}", {"mesh_type": {"type": "LINKERD"}}),
        ("mesh: {type: 5, labels: {a: b}}", {"mesh_type": {"type": "LINKERD", "labels": {"a": "b"}}}),
        ("mesh: {type: CONSUL, version: '1', id: x}", {"id": "x", "mesh_type": {"type": "CONSUL", "version": "1"}}),
        ("mesh: {mesh_type: {type: KUMA}, labels: {a: b}}", {"mesh_type": {"type": "KUMA"}, "labels": {"a": "b"}}),
    ],
)
def test_a_mesh_in_either_shape(mesh: str, built: dict[str, Any]) -> None:
    assert build(TEST + mesh).mesh == built


@pytest.mark.parametrize(
    ("url", "protocol"),
    [("https://x/", "HTTP"), ("grpc://x:1", "GRPC"), ("tcp://x:1", "TCP"), ("udp://x:1", "UDP")],
)
def test_the_scheme_says_the_protocol_where_nothing_else_does(url: str, protocol: str) -> None:
    assert build(TEST.replace("http://x/", url)).clients[0].protocol is Protocol[protocol]


def test_every_option_of_a_check() -> None:
    built = build(
        TEST
        + """
environment: {traffic_metadata: {prometheus_url: 'http://prom:9090'}}
check:
  round: 500ms
  warmup: 0s
  confirm: 2m
  reference: none
  launches: {min: 2, max: 3}
  baseline: {store: directory, branch: b, keep: 9, window: 5, any_machine: true}
  gates:
    p50: {max_increase: 7%}
    p90: null
    p99: {max: 25ms, absolute: 200us}
    qps: {min: 450, report_only: true}
    error_rate: {max: 0.5%}
    sidecar_mem_mb: {tolerance: 0.2, max: 64}
  expect: [checkout]
  fail_on: [regression, no-baseline]
  observe:
    workload: {port: 8080}
    sidecar: [{name: envoy}, {prometheus: sum(x)}]
  arrival: poisson
  workers: 2
  accept: accept.yaml
  setup: ./start
  teardown: ./stop
  ready_url: http://127.0.0.1:8080/
"""
    ).check
    assert (built.round, built.warmup, built.confirm, built.reference) == (0.5, 0.0, 120.0, None)
    assert built.launches == Launches(min=2, max=3)
    assert (built.baseline.store, built.baseline.branch, built.baseline.any_machine) == ("directory", "b", True)
    assert (built.baseline.keep, built.baseline.window) == (9, 5)
    assert built.gates == {
        "p50": Gate(tolerance=0.07),
        "p99": Gate(tolerance=DEFAULT_GATES["p99"].tolerance, max=0.025, absolute=200 * 1e-6),
        "qps": Gate(tolerance=DEFAULT_GATES["qps"].tolerance, min=450.0, report_only=True),
        "cpu_per_request": DEFAULT_GATES["cpu_per_request"],
        "error_rate": Gate(max=0.005),
        "sidecar_mem_mb": Gate(tolerance=0.2, max=64.0),
    }
    assert (built.expect, built.fail_on) == (("checkout",), ("regression", "no-baseline"))
    assert built.observe == {
        "workload": (Watched(port=8080),),
        "sidecar": (Watched(name="envoy"), Watched(prometheus="sum(x)")),
    }
    assert (built.arrival, built.workers, built.accept) == ("poisson", 2, "accept.yaml")
    assert (built.setup, built.teardown, built.ready_url) == ("./start", "./stop", "http://127.0.0.1:8080/")


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*.yaml")), ids=lambda path: path.name)
def test_every_example_builds(path: Any) -> None:
    for document in read_documents(path.read_bytes(), path.name):
        if "test" in document.value:
            assert check_document(document) == []
            assert build_configuration(document).clients
