"""Environment and mesh out of a cluster: recorded kubectl output in the API's own shapes, every mesh recognised."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest

from smp_check.capture.cluster import kubectl, read_cluster
from smp_check.capture.detect import detect, tag_of
from smp_check.capture.environment import capture_environment
from smp_check.capture.mesh import capture_mesh
from smp_check.capture.quantity import quantity
from smp_check.spec.configuration import CheckOptions, Client, Configuration, Kubernetes, Watched
from smp_check.spec.conformance import check_value
from smp_check.spec.findings import Severity
from smp_check.spec.kinds import Kind
from tests.capture import clusters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from smp_check.capture.cluster import Cluster

KUBECTL = """#!/bin/sh
key=""
while [ $# -gt 0 ]; do
  case "$1" in
    --request-timeout=*) ;;
    --context) echo "context $2" >>"{folder}/log"; shift ;;
    -o) shift ;;
    *) key="$key $1" ;;
  esac
  shift
done
answer="{folder}/answers/$(printf %s "$key" | tr ' /' '__')"
[ -f "$answer" ] && exec cat "$answer"
echo "error: the server doesn't have a resource type$key" >&2
exit 1
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Cluster]:
    """``cluster(answers)``: what is read from a kubectl that prints these."""

    def read(printed: dict[str, Any], warn: Callable[[str], None] = pytest.fail, **where: str) -> Cluster:
        (tmp_path / "answers").mkdir()
        for key, answer in printed.items():
            name = f" {key}".replace(" ", "_").replace("/", "_")
            text = answer if isinstance(answer, str) else json.dumps(answer)
            (tmp_path / "answers" / name).write_text(text)
        (tmp_path / "kubectl").write_text(KUBECTL.format(folder=tmp_path))
        (tmp_path / "kubectl").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        return read_cluster(kubectl(Kubernetes(**where)), warn)

    return read


def configuration(
    mesh: dict[str, Any] | None = None, namespace: str | None = None, url: str = "http://shop.example/"
) -> Configuration:
    return Configuration(
        name="t",
        duration=1,
        clients=(Client(name="client-1", endpoint_urls=(url,)),),
        mesh=mesh or {},
        check=CheckOptions(kubernetes=Kubernetes(namespace=namespace)),
    )


@pytest.mark.parametrize("mesh", clusters.MESHES)
def test_the_recorded_objects_are_what_the_api_serves(mesh: str) -> None:
    """Strictly: no field that the published schemas do not know."""
    for each in [*clusters.MESHES[mesh](), *clusters.NODES, *clusters.SERVICES]:
        kubernetes_validate.validate(each, "1.31", strict=True)


EXPECTED = {
    "ISTIO": ("1.22.3-distroless", "1.22.3-distroless", 2, 1, 1),
    "LINKERD": ("edge-24.5.1", "edge-24.5.1", 1, 0, 1),
    "CONSUL": ("1.5.1", "1.5.1", 1, 0, 2),
    "KUMA": ("2.8.1", "2.8.1", 1, 0, 1),
    "CILIUM_SERVICE_MESH": ("1.16.1", "1.29.7-39a2", 1, 0, 1),
    "NGINX_SERVICE_MESH": ("2.0.0", "2.0.0", 1, 0, 1),
    "TRAEFIK_MESH": ("1.4.8", "2.5", 1, 0, 1),
    "APP_MESH": ("1.13.1", "1.29.6.0-prod", 1, 0, 1),
    "OPEN_SERVICE_MESH": ("1.2.5", "1.22.4", 1, 0, 1),
}


WITH_EGRESS = {"ISTIO"}


@pytest.mark.parametrize("mesh", clusters.MESHES)
def test_every_mesh_is_recognised(cluster: Callable[..., Cluster], mesh: str) -> None:
    """Type, versions, sidecars, gateways and control plane; and the message conforms."""
    read = cluster(clusters.answers(clusters.MESHES[mesh]()))
    found = capture_mesh(configuration(), read, pytest.fail)
    build, proxy, sidecars, gateways, control = EXPECTED[mesh]
    assert found["mesh_type"] == {"type": mesh, "version": build}
    assert (found["mesh_build"], found["proxy_build"]) == (build, proxy)
    assert found["sidecar"]["count"] == sidecars
    assert found.get("ingress_gateway", {}).get("count", 0) == gateways
    assert found["mesh_control_plane"]["count"] == control
    assert found.get("labels", {}) == ({"smp-check/egress_gateways": "1"} if mesh in WITH_EGRESS else {})
    assert errors(found, Kind.MESH) == []


def errors(value: dict[str, Any], kind: Kind) -> list[str]:
    return [f.message for f in check_value(value, kind) if f.severity is Severity.ERROR]


def test_istio_in_full(cluster: Callable[..., Cluster]) -> None:
    more = {
        "get --raw /apis/metrics.k8s.io/v1beta1/pods": {"kind": "PodMetricsList", "items": clusters.METRICS},
        "get virtualservices.networking.istio.io -A": clusters.listed([{}, {}, {}]),
        "get destinationrules.networking.istio.io -A": clusters.listed([]),
        "get peerauthentications.security.istio.io -A": clusters.listed([clusters.policy("STRICT")]),
    }
    read = cluster(clusters.answers(clusters.istio(), **more))
    assert capture_mesh(configuration(), read, pytest.fail) == {
        "mesh_type": {"type": "ISTIO", "version": "1.22.3-distroless"},
        "mesh_build": "1.22.3-distroless",
        "proxy_build": "1.22.3-distroless",
        "proxy_concurrency": 2,
        "mtls_enabled": True,
        "sidecar": {"count": 2, "cpu_mcores": 35, "mem_mb": 102},
        "ingress_gateway": {"count": 1, "cpu_mcores": 9, "mem_mb": 44},
        "labels": {"smp-check/egress_gateways": "1"},
        "mesh_control_plane": {
            "count": 1,
            "cpu_mcores": 5,
            "mem_mb": 48,
            "services": 2,
            "sidecars": 2,
            "virtual_services": 3,
            "destination_rules": 0,
        },
        "application_metadata": {
            "application_name": "shop",
            "application_version": "1.4.2",
            "helmchart_name": "shop-chart",
            "helmchart_version": "0.9.1",
            "cluster_name": "kind-shop",
            "application_protocol": "PROTOCOL_HTTP",
        },
    }
    environment = dict(capture_environment(configuration(), {}, read))
    assert environment["kubernetes_version"] == "v1.31.2"
    assert environment["nodes"] == [
        {"type": "m5.xlarge", "cores": 4, "mem_mb": 16767},
        {"type": "linux amd64", "cores": 3, "mem_mb": 17180},
    ]
    assert environment["individual_workloads"] == [{"name": "shop", "count": 2, "cpu_mcores": 400, "mem_mb": 134}]
    assert errors(environment, Kind.ENVIRONMENT) == []


@pytest.mark.parametrize(("mode", "expected"), [("DISABLE", False), ("PERMISSIVE", True), (None, True)])
def test_istios_mtls(cluster: Callable[..., Cluster], mode: str | None, expected: bool) -> None:
    elsewhere = clusters.policy("DISABLE", namespace="shop")
    policies = [elsewhere, *([clusters.policy(mode)] if mode else [])]
    kind = "get peerauthentications.security.istio.io -A"
    read = cluster(clusters.answers(clusters.istio(), **{kind: clusters.listed(policies)}))
    assert capture_mesh(configuration(), read, pytest.fail)["mtls_enabled"] is expected


def test_what_is_declared_wins_and_is_completed(cluster: Callable[..., Cluster]) -> None:
    read = cluster(clusters.answers(clusters.istio()))
    declared = {"mesh_type": {"type": "ISTIO", "version": "mine"}, "mtls_enabled": False, "sidecar": {"count": 9}}
    found = capture_mesh(configuration(declared), read, pytest.fail)
    assert found["mesh_type"]["version"] == "mine"
    assert found["mtls_enabled"] is False
    assert found["sidecar"] == {"count": 9}
    assert found["proxy_build"] == "1.22.3-distroless"


def test_the_declared_mesh_is_read_where_there_are_two(cluster: Callable[..., Cluster]) -> None:
    read = cluster(clusters.answers([*clusters.istio(), *clusters.linkerd()]))
    found = capture_mesh(configuration({"mesh_type": {"type": "LINKERD"}}), read, pytest.fail)
    assert found["proxy_build"] == "edge-24.5.1"


def test_cilium_as_a_network_plugin_is_no_mesh(cluster: Callable[..., Cluster]) -> None:
    agent = [each for each in clusters.cilium() if "envoy" not in each["metadata"]["name"]]
    read = cluster(clusters.answers(agent))
    assert detect(read.pods) is None
    assert "mesh_type" not in capture_mesh(configuration(), read, pytest.fail)


def test_no_mesh_at_all(cluster: Callable[..., Cluster]) -> None:
    read = cluster(clusters.answers([clusters.shop(1)]))
    assert set(capture_mesh(configuration(), read, pytest.fail)) == {"application_metadata"}


def test_workloads_of_one_namespace(cluster: Callable[..., Cluster]) -> None:
    pods = [clusters.shop(1), clusters.pod("cart-5f-x", clusters.container("cart", "cart:1"), namespace="cart")]
    read = cluster(clusters.answers(pods))
    everywhere = capture_environment(configuration(), {}, read)["individual_workloads"]
    assert [each["name"] for each in everywhere] == ["cart/cart", "shop/shop"]
    one = capture_environment(configuration(namespace="cart"), {}, read)["individual_workloads"]
    assert one == [{"name": "cart", "count": 1}]


def test_the_context_is_handed_on(cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    cluster(clusters.answers([]), context="kind-shop")
    assert set((tmp_path / "log").read_text().splitlines()) == {"context kind-shop"}


def test_a_cluster_that_does_not_answer_is_one_warning(cluster: Callable[..., Cluster]) -> None:
    warnings: list[str] = []
    read = cluster({}, warnings.append)
    assert len(warnings) == 1
    assert "the cluster cannot be captured" in warnings[0]
    environment = capture_environment(configuration(), {}, read)
    assert environment["nodes"][0]["cores"] >= 1, "then this machine is what is known"
    assert "kubernetes_version" not in environment


def test_a_client_alone_is_no_cluster(cluster: Callable[..., Cluster]) -> None:
    warnings: list[str] = []
    read = cluster({"version": {"clientVersion": {"gitVersion": "v1"}}}, warnings.append)
    assert read.version is None


def test_forbidden_lists_are_warnings(cluster: Callable[..., Cluster]) -> None:
    warnings: list[str] = []
    printed = clusters.answers(clusters.istio())
    del printed["get nodes"], printed["get pods -A"]
    read = cluster(printed, warnings.append)
    assert len(warnings) == 2
    assert read.version == "v1.31.2"


def test_no_kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    warnings: list[str] = []
    read_cluster(kubectl(Kubernetes()), warnings.append)
    assert "not on PATH" in warnings[0]


STRANGE = [{}, {"items": None}, {"items": [1, "x", None]}, {"items": [{}]}, {"items": [{"status": {}}]}]


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_output_does_no_harm(cluster: Callable[..., Cluster], strange: dict[str, Any]) -> None:
    keys = ("get nodes", "get pods -A", "get services -A", "get --raw /apis/metrics.k8s.io/v1beta1/pods")
    read = cluster(clusters.answers([], **dict.fromkeys(keys, strange)))
    assert read.version == "v1.31.2"
    capture_mesh(configuration(), read, pytest.fail)
    capture_environment(configuration(), {}, read)


def test_output_that_is_no_json(cluster: Callable[..., Cluster]) -> None:
    warnings: list[str] = []
    cluster(clusters.answers([]) | {"get pods -A": "oops"}, warnings.append)
    assert "no JSON" in warnings[0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4", 4),
        ("250m", 0.25),
        ("12345678n", 0.012345678),
        ("16Gi", 16 * 2**30),
        ("1e3", 1000),
        ("64M", 64e6),
        ("x", None),
    ],
)
def test_quantities(text: str, number: float | None) -> None:
    assert quantity(text) == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("istio/proxyv2:1.22.3", "1.22.3"),
        ("localhost:5000/istio/proxyv2", None),
        ("a/b:v1.2.3@sha256:00", "1.2.3"),
        ("a/b:latest", None),
        ("a/b@sha256:00", None),
        ("a/b:edge-24.5.1", "edge-24.5.1"),
    ],
)
def test_versions_from_images(image: str, tag: str | None) -> None:
    assert tag_of(image) == tag


def test_an_envoys_own_word(answers: Any) -> None:
    """Build, threads and mTLS from the admin interface, without any cluster."""
    listener = {
        "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
        "a": {"require_client_certificate": True},
    }
    info = {"version": "9e55/1.40.0/Clean/RELEASE/BoringSSL", "command_line_options": {"concurrency": 2}}
    answers.routes |= {"/server_info": (200, info), "/config_dump": (200, {"configs": [listener]})}
    answers.routes["/stats"] = (200, {"stats": []})
    observe = {"sidecar": (Watched(envoy_admin="http://127.0.0.1:9"), Watched(envoy_admin=answers.url))}
    watched = replace(configuration(), check=CheckOptions(observe=observe))
    warnings: list[str] = []
    found = capture_mesh(watched, None, warnings.append)
    assert found["proxy_build"] == "1.40.0"
    assert found["proxy_concurrency"] == 2
    assert found["mtls_enabled"] is True
    assert len(warnings) == 1, "the one that does not answer"


def test_a_proxy_that_lost_its_control_plane(answers: Any) -> None:
    """Said once: its configuration may be an old one, and the updates of its life are told all the same."""
    quantiles = [{"interval": None, "cumulative": value} for value in (1.0, 2.0, 7.4)]
    histograms = {
        "supported_quantiles": [50, 75, 90],
        "computed_quantiles": [
            {"name": "listener_manager.lds.update_duration", "values": quantiles},
            {"name": "cluster_manager.cds.update_duration", "values": [{"interval": None, "cumulative": None}] * 3},
        ],
    }
    stats = [{"name": "control_plane.connected_state", "value": 0}, {"histograms": histograms}]
    answers.routes |= {"/server_info": (200, {}), "/config_dump": (200, {}), "/stats": (200, {"stats": stats})}
    check = CheckOptions(observe={"sidecar": (Watched(envoy_admin=answers.url),)})
    warnings: list[str] = []
    found = capture_mesh(replace(configuration(), check=check), None, warnings.append)
    assert found["mesh_control_plane"] == {"lds_latency_ms": 8}
    assert [text for text in warnings if "not connected to its control plane" in text] == warnings
    assert len(warnings) == 1


def test_how_the_load_gets_there(cluster: Callable[..., Cluster]) -> None:
    """The load balancer, the endpoint, and the names of headers, whose values may be secret."""
    balancer = clusters.service("gateway") | {"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}}
    kubernetes_validate.validate(balancer, "1.31", strict=True)
    read = cluster(clusters.answers([], **{"get services -A": clusters.listed([*clusters.SERVICES, balancer])}))
    client = Client(
        name="c",
        endpoint_urls=("http://u:p@shop.example:8080/a", "http://shop.example:8080/b"),
        headers={"Authorization": "Bearer secret", "User-Agent": "smp"},
    )
    check = CheckOptions(ready_url="http://shop.example/ready", kubernetes=Kubernetes())
    wanted = replace(configuration(), clients=(client,), check=check)
    assert capture_environment(wanted, {}, read)["traffic_metadata"] == {
        "load_balance_name": "gateway",
        "load_balance_ip": "203.0.113.7",
        "host_endpoint": "shop.example:8080",
        "http_headers": "Authorization, User-Agent",
        "user_agent": "smp",
        "ping_health_endpoint": "http://shop.example/ready",
    }
    declared = replace(wanted, environment={"traffic_metadata": {"user_agent": "mine", "prometheus_url": "http://p"}})
    told = capture_environment(declared, {}, read)["traffic_metadata"]
    assert (told["user_agent"], told["prometheus_url"]) == ("mine", "http://p")
    assert told["host_endpoint"] == "shop.example:8080"


def test_an_address_of_this_machine_tells_nothing_of_the_environment() -> None:
    for url in ("http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:80/"):
        assert "traffic_metadata" not in capture_environment(configuration(url=url), {})


@pytest.mark.parametrize(
    ("url", "protocol"), [("https://x/", "PROTOCOL_HTTPS"), ("http://x/", "PROTOCOL_HTTP"), ("grpc://x", None)]
)
def test_the_applications_protocol(url: str, protocol: str | None) -> None:
    found = capture_mesh(configuration(url=url), None, pytest.fail)
    assert found.get("application_metadata", {}).get("application_protocol") == protocol
