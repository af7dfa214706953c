"""How each mesh shows in a cluster: the names, images and labels of its own manifests and injectors."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One mesh's well-known names.

    Labels are selectors as kubectl takes them: ``key``, ``key=value``, several joined by commas; any one of a
    tuple's is enough.
    """

    mesh: str
    """SMP's ``ServiceMesh.Type``."""
    sidecar: re.Pattern[str]
    """Container names of the proxy."""
    needs: re.Pattern[str] | None = None
    """The proxy's image must match too, where the container's name says too little."""
    needs_label: str | None = None
    """... or the pod must carry this label."""
    control_plane: tuple[str, ...] = ()
    """Labels of control-plane pods."""
    control_image: re.Pattern[str]
    """Images that only this mesh's control plane runs; their tag is the mesh's version."""
    gateway: tuple[str, ...] = ()
    """Labels of ingress gateways."""
    egress: tuple[str, ...] = ()
    """Labels of egress gateways: no sidecars, and SMP's mesh has no field for them but its labels."""
    mtls: bool | None = None
    """Whether meshed traffic is mutually authenticated as installed; ``None`` where it depends."""


SIGNATURES: tuple[Signature, ...] = (
    Signature(
        mesh="ISTIO",
        sidecar=re.compile(r"istio-proxy"),
        control_plane=("app=istiod", "istio=pilot"),
        control_image=re.compile(r"(^|/)pilot$"),
        gateway=("istio=ingressgateway", "app=istio-ingressgateway", "gateway.networking.k8s.io/gateway-name"),
        egress=("istio=egressgateway", "app=istio-egressgateway"),
        mtls=True,
    ),
    Signature(
        mesh="LINKERD",
        sidecar=re.compile(r"linkerd-proxy"),
        control_plane=("linkerd.io/control-plane-component",),
        control_image=re.compile(r"linkerd/(controller|policy-controller)$"),
        mtls=True,
    ),
    Signature(
        mesh="CONSUL",
        sidecar=re.compile(r"consul-dataplane.*|envoy-sidecar.*"),
        control_plane=("app=consul,component=connect-injector", "app=consul,component=server"),
        control_image=re.compile(r"consul-k8s-control-plane$"),
        gateway=("component=ingress-gateway", "component=api-gateway", "gateway.consul.hashicorp.com/name"),
        egress=("component=terminating-gateway", "component=mesh-gateway"),
        mtls=True,
    ),
    Signature(
        mesh="KUMA",
        sidecar=re.compile(r"kuma-sidecar"),
        control_plane=("app=kuma-control-plane",),
        control_image=re.compile(r"(^|/)kuma-cp$"),
        gateway=("kuma.io/gateway=enabled", "kuma.io/gateway=builtin", "kuma.io/gateway=provided"),
    ),
    Signature(
        mesh="NGINX_SERVICE_MESH",
        sidecar=re.compile(r"nginx-mesh-sidecar"),
        control_plane=("app.kubernetes.io/part-of=nginx-service-mesh",),
        control_image=re.compile(r"nginx-mesh-(controller|api)$"),
    ),
    Signature(
        mesh="TRAEFIK_MESH",
        sidecar=re.compile(r"traefik-mesh-proxy|maesh-mesh|maesh-proxy"),
        control_plane=("app=maesh,component=controller",),
        control_image=re.compile(r"(traefik/mesh|containous/maesh)$"),
    ),
    Signature(
        mesh="APP_MESH",
        sidecar=re.compile(r"envoy"),
        needs=re.compile(r"aws-appmesh-envoy$"),
        control_plane=("app.kubernetes.io/name=appmesh-controller",),
        control_image=re.compile(r"appmesh-controller$"),
    ),
    Signature(
        mesh="OPEN_SERVICE_MESH",
        sidecar=re.compile(r"envoy"),
        needs_label="osm-proxy-uuid",
        control_plane=("app=osm-controller", "app=osm-injector", "app=osm-bootstrap"),
        control_image=re.compile(r"osm-controller$"),
        mtls=True,
    ),
    Signature(
        mesh="CILIUM_SERVICE_MESH",
        sidecar=re.compile(r"cilium-envoy"),
        control_plane=("k8s-app=cilium", "io.cilium/app=operator"),
        control_image=re.compile(r"cilium/(cilium|operator.*)$"),
    ),
)
"""Cilium last: as a plain network plug-in it is under other meshes, too."""
