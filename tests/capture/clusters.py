"""Clusters as ``kubectl`` shows them: one for each mesh, made of objects that the Kubernetes API's schemas accept."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def container(name: str, image: str, *arguments: str, **more: Any) -> Json:
    return {"name": name, "image": image, **({"args": list(arguments)} if arguments else {}), **more}


def pod(
    name: str,
    *containers: Json,
    namespace: str = "shop",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    owner: tuple[str, str] | None = None,
    init: tuple[Json, ...] = (),
    phase: str = "Running",
) -> Json:
    """A pod of a Deployment (the default), or of ``owner``: (kind, name)."""
    kind, owned_by = owner or ("ReplicaSet", name.rpartition("-")[0])
    marks = dict(labels or {})
    if kind == "ReplicaSet":
        marks["pod-template-hash"] = owned_by.rpartition("-")[2]
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": owned_by, "uid": "1", "controller": True}
    metadata: Json = {"name": name, "namespace": namespace, "labels": marks, "ownerReferences": [reference]}
    if annotations:
        metadata["annotations"] = annotations
    spec: Json = {"containers": list(containers), "nodeName": "node-1"}
    if init:
        spec["initContainers"] = list(init)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": phase}}


def node(name: str, cpu: str, memory: str, instance: str | None = None) -> Json:
    labels = {"kubernetes.io/arch": "amd64"}
    if instance:
        labels["node.kubernetes.io/instance-type"] = instance
    info = {
        "architecture": "amd64",
        "operatingSystem": "linux",
        "kernelVersion": "6.1",
        "osImage": "Debian",
        "bootID": "b",
        "machineID": "m",
        "systemUUID": "s",
        "containerRuntimeVersion": "containerd://1.7",
        "kubeletVersion": "v1.31.2",
        "kubeProxyVersion": "v1.31.2",
    }
    status = {"capacity": {"cpu": cpu, "memory": memory, "pods": "110"}, "nodeInfo": info}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": status}


def service(name: str, namespace: str = "shop") -> Json:
    spec = {"ports": [{"port": 80}], "selector": {"app": name}}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def use(name: str, containers: dict[str, tuple[str, str]], namespace: str = "shop") -> Json:
    """One pod of the metrics API: container -> (cpu, memory)."""
    listed = [{"name": each, "usage": {"cpu": cpu, "memory": memory}} for each, (cpu, memory) in containers.items()]
    metadata = {"name": name, "namespace": namespace}
    return {"metadata": metadata, "timestamp": "2026-01-31T12:00:00Z", "window": "15s", "containers": listed}


APP_LABELS = {
    "app": "shop",
    "app.kubernetes.io/name": "shop",
    "app.kubernetes.io/version": "1.4.2",
    "helm.sh/chart": "shop-chart-0.9.1",
}


def shop(number: int, *sidecars: Json, init: tuple[Json, ...] = (), **more: Any) -> Json:
    """One pod of the service under test."""
    labels = APP_LABELS | more.pop("labels", {})
    app = container("shop", "example.com/shop:1.4.2")
    return pod(f"shop-6d4cf56db6-x{number}abc", app, *sidecars, init=init, labels=labels, **more)


def istio() -> list[Json]:
    """Istio 1.22 with sidecars of both kinds: one injected the old way, one as a native sidecar."""
    image = "docker.io/istio/proxyv2:1.22.3-distroless"
    proxy = container("istio-proxy", image, "proxy", "sidecar", "--concurrency", "2")
    tls = {"security.istio.io/tlsMode": "istio"}
    gateway_labels = {"app": "istio-ingressgateway", "istio": "ingressgateway"}
    egress_labels = {"app": "istio-egressgateway", "istio": "egressgateway"}
    return [
        shop(1, proxy, labels=tls, init=(container("istio-init", image),)),
        shop(2, init=(proxy | {"restartPolicy": "Always"},), labels=tls),
        shop(3, proxy, labels=tls, phase="Succeeded"),
        pod(
            "istiod-7c9f-x1",
            container("discovery", "mirror.example.com:5000/istio/pilot:1.22.3-distroless"),
            namespace="istio-system",
            labels={"app": "istiod", "istio": "pilot"},
        ),
        pod("istio-ingressgateway-5d-x", proxy, namespace="istio-system", labels=gateway_labels),
        pod("istio-egressgateway-5e-x", proxy, namespace="istio-system", labels=egress_labels),
    ]


def linkerd() -> list[Json]:
    proxy = container("linkerd-proxy", "cr.l5d.io/linkerd/proxy:edge-24.5.1")
    control = {"linkerd.io/control-plane-component": "destination", "linkerd.io/control-plane-ns": "linkerd"}
    return [
        shop(1, proxy, labels={"linkerd.io/control-plane-ns": "linkerd"}),
        pod(
            "linkerd-destination-8f7-x",
            proxy,
            container("destination", "cr.l5d.io/linkerd/controller:edge-24.5.1"),
            container("policy", "cr.l5d.io/linkerd/policy-controller:edge-24.5.1"),
            namespace="linkerd",
            labels=control,
        ),
    ]


def consul() -> list[Json]:
    dataplane = container("consul-dataplane", "hashicorp/consul-dataplane:1.5.1", "-envoy-concurrency=2")
    init = container("consul-connect-inject-init", "hashicorp/consul-k8s-control-plane:1.5.1")
    injected = {"consul.hashicorp.com/connect-inject-status": "injected"}
    return [
        shop(1, dataplane, init=(init,), labels=injected),
        pod(
            "consul-connect-injector-7b-x",
            container("sidecar-injector", "hashicorp/consul-k8s-control-plane:1.5.1"),
            namespace="consul",
            labels={"app": "consul", "component": "connect-injector"},
        ),
        pod(
            "consul-server-0",
            container("consul", "hashicorp/consul:1.19.0"),
            namespace="consul",
            labels={"app": "consul", "component": "server"},
            owner=("StatefulSet", "consul-server"),
        ),
        pod(
            "consul-ingress-gateway-5d-x",
            container("ingress-gateway", "hashicorp/consul-dataplane:1.5.1"),
            namespace="consul",
            labels={"app": "consul", "component": "ingress-gateway"},
        ),
    ]


def kuma() -> list[Json]:
    sidecar = container("kuma-sidecar", "docker.io/kumahq/kuma-dp:2.8.1", "run", "--concurrency=4")
    return [
        shop(1, sidecar, annotations={"kuma.io/sidecar-injected": "true"}),
        pod(
            "kuma-control-plane-9d-x",
            container("control-plane", "docker.io/kumahq/kuma-cp:2.8.1"),
            namespace="kuma-system",
            labels={"app": "kuma-control-plane", "app.kubernetes.io/name": "kuma"},
        ),
    ]


def cilium() -> list[Json]:
    return [
        shop(1),
        pod(
            "cilium-x",
            container("cilium-agent", "quay.io/cilium/cilium:v1.16.1@sha256:" + "0" * 64),
            namespace="kube-system",
            labels={"k8s-app": "cilium"},
            owner=("DaemonSet", "cilium"),
        ),
        pod(
            "cilium-envoy-x",
            container("cilium-envoy", "quay.io/cilium/cilium-envoy:v1.29.7-39a2@sha256:" + "0" * 64),
            namespace="kube-system",
            labels={"k8s-app": "cilium-envoy"},
            owner=("DaemonSet", "cilium-envoy"),
        ),
    ]


def nginx() -> list[Json]:
    sidecar = container("nginx-mesh-sidecar", "docker-registry.nginx.com/nsm/nginx-mesh-sidecar:2.0.0")
    return [
        shop(1, sidecar),
        pod(
            "nginx-mesh-controller-95-x",
            container("nginx-mesh-controller", "docker-registry.nginx.com/nsm/nginx-mesh-controller:2.0.0"),
            namespace="nginx-mesh",
            labels={"app.kubernetes.io/name": "nginx-mesh-controller"},
        ),
    ]


def traefik() -> list[Json]:
    return [
        shop(1),
        pod(
            "traefik-mesh-controller-5d-x",
            container("controller", "traefik/mesh:v1.4.8"),
            namespace="traefik-mesh",
            labels={"app": "maesh", "component": "controller"},
        ),
        pod(
            "traefik-mesh-proxy-x",
            container("traefik-mesh-proxy", "traefik:v2.5"),
            namespace="traefik-mesh",
            labels={"app": "maesh", "component": "maesh-mesh"},
            owner=("DaemonSet", "traefik-mesh-proxy"),
        ),
    ]


def app_mesh() -> list[Json]:
    envoy = container("envoy", "840364872350.dkr.ecr.us-west-2.amazonaws.com/aws-appmesh-envoy:v1.29.6.0-prod")
    return [
        shop(1, envoy),
        pod(
            "appmesh-controller-7d-x",
            container("controller", "602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon/appmesh-controller:v1.13.1"),
            namespace="appmesh-system",
            labels={"app.kubernetes.io/name": "appmesh-controller"},
        ),
    ]


def open_service_mesh() -> list[Json]:
    envoy = container("envoy", "envoyproxy/envoy:v1.22.4")
    return [
        shop(1, envoy, labels={"osm-proxy-uuid": "b5b6"}),
        pod(
            "osm-controller-85-x",
            container("osm-controller", "openservicemesh/osm-controller:v1.2.5"),
            namespace="osm-system",
            labels={"app": "osm-controller"},
        ),
    ]


MESHES = {
    "ISTIO": istio,
    "LINKERD": linkerd,
    "CONSUL": consul,
    "KUMA": kuma,
    "CILIUM_SERVICE_MESH": cilium,
    "NGINX_SERVICE_MESH": nginx,
    "TRAEFIK_MESH": traefik,
    "APP_MESH": app_mesh,
    "OPEN_SERVICE_MESH": open_service_mesh,
}
NODES = [node("node-1", "4", "16374456Ki", "m5.xlarge"), node("node-2", "3920m", "16Gi")]
SERVICES = [service("shop"), service("kubernetes", "default")]
METRICS = [
    use("shop-6d4cf56db6-x1abc", {"shop": ("150m", "64Mi"), "istio-proxy": ("12345678n", "50000Ki")}),
    use("shop-6d4cf56db6-x2abc", {"shop": ("250m", "64Mi"), "istio-proxy": ("22345678n", "50000Ki")}),
    use("istiod-7c9f-x1", {"discovery": ("5m", "48M")}, "istio-system"),
    use("istio-ingressgateway-5d-x", {"istio-proxy": ("9m", "44M")}, "istio-system"),
]


def listed(items: list[Json]) -> Json:
    return {"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": ""}}


def policy(mode: str, namespace: str = "istio-system") -> Json:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": namespace},
        "spec": {"mtls": {"mode": mode}},
    }


def answers(pods: list[Json], **more: Json) -> dict[str, Json]:
    """What kubectl prints, by its arguments without ``-o json``."""
    version = {"clientVersion": {"gitVersion": "v1.30.0"}, "serverVersion": {"gitVersion": "v1.31.2"}}
    view = {"kind": "Config", "clusters": [{"name": "kind-shop", "cluster": {"server": "https://127.0.0.1:1"}}]}
    return {
        "version": version,
        "get nodes": listed(NODES),
        "get pods -A": listed(pods),
        "get services -A": listed(SERVICES),
        "config view --minify": view,
        **more,
    }
