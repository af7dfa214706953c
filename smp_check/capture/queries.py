"""What to ask Prometheus for, mesh by mesh, when the user says ``prometheus: auto``.

The metrics are cAdvisor's, which every kubelet serves; the labels are those of each mesh's own manifests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTO = "auto"
SELECTORS: Mapping[str, Mapping[str, str]] = {
    "ISTIO": {
        "sidecar": 'container="istio-proxy",pod!~"istio-(ingress|egress)gateway.*"',
        "gateway": 'container="istio-proxy",pod=~"istio-(ingress|egress)gateway.*"',
        "control_plane": 'container="discovery",namespace="istio-system"',
    },
    "LINKERD": {
        "sidecar": 'container="linkerd-proxy",namespace!="linkerd"',
        "control_plane": 'namespace="linkerd",container!=""',
    },
    "CONSUL": {
        "sidecar": 'container=~"consul-dataplane.*|envoy-sidecar.*",pod!~".*gateway.*"',
        "gateway": 'container=~"consul-dataplane.*|api-gateway|ingress-gateway",pod=~".*gateway.*"',
        "control_plane": 'container=~"consul|sidecar-injector",pod=~"consul-(server|connect-injector).*"',
    },
    "KUMA": {
        "sidecar": 'container="kuma-sidecar"',
        "gateway": 'container="kuma-gateway"',
        "control_plane": 'container="control-plane",namespace="kuma-system"',
    },
    "CILIUM_SERVICE_MESH": {
        "sidecar": 'container="cilium-envoy"',
        "control_plane": 'container=~"cilium-agent|cilium-operator"',
    },
    "NGINX_SERVICE_MESH": {
        "sidecar": 'container="nginx-mesh-sidecar"',
        "control_plane": 'namespace="nginx-mesh",container!=""',
    },
    "TRAEFIK_MESH": {
        "sidecar": 'pod=~"traefik-mesh-proxy.*",container!=""',
        "control_plane": 'pod=~"traefik-mesh-controller.*",container!=""',
    },
    "APP_MESH": {
        "sidecar": 'container="envoy",pod!~".*gateway.*"',
        "gateway": 'container="envoy",pod=~".*gateway.*"',
        "control_plane": 'namespace="appmesh-system",container!=""',
    },
    "OPEN_SERVICE_MESH": {
        "sidecar": 'container="envoy"',
        "control_plane": 'pod=~"osm-(controller|injector|bootstrap).*",container!=""',
    },
}


PER_NODE = frozenset({"CILIUM_SERVICE_MESH", "TRAEFIK_MESH"})
"""Meshes with a proxy for each node: its network is not that of one pod's requests."""


def queries_for(mesh: str, component: str) -> Mapping[str, str]:
    """``cpu`` (cores), ``memory`` (bytes), ``instances`` and ``traffic`` (bytes/s) of one component.

    Empty for what is not known. Traffic is that of the sidecars' pods, which all passes the sidecar: cAdvisor counts
    the network by pod, so the pods are found by the memory of their proxies.
    """
    selector = SELECTORS.get(mesh, {}).get(component)
    if selector is None:
        return {}
    memory = f"container_memory_working_set_bytes{{{selector}}}"
    queries = {
        "cpu": f"sum(rate(container_cpu_usage_seconds_total{{{selector}}}[1m]))",
        "memory": f"sum({memory})",
        "instances": f"count({memory})",
    }
    if component == "sidecar" and mesh not in PER_NODE:
        ways = (f"rate(container_network_{way}_bytes_total[1m])" for way in ("receive", "transmit"))
        queries["traffic"] = " + ".join(f"sum({way} and on(namespace,pod) {memory})" for way in ways)
    return queries
