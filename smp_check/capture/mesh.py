"""SMP's ``ServiceMeshConfig`` from the cluster and from Envoys' admin interfaces; what the user declared wins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from smp_check.capture.cluster import Cluster
from smp_check.capture.detect import Detected, detect
from smp_check.capture.envoy import EnvoyAdmin, build_of, concurrency_of, mutual_tls
from smp_check.capture.sampler import LostError
from smp_check.capture.samplers import mesh_type
from smp_check.capture.workloads import application_metadata, completed, tested_pods, use_of

if TYPE_CHECKING:
    from smp_check.capture.cluster import OnWarning
    from smp_check.spec.configuration import Configuration

PROXIES = ("sidecar", "gateway")


def capture_mesh(configuration: Configuration, cluster: Cluster | None, on_warning: OnWarning) -> dict[str, Any]:
    """The mesh message, as far as it can be seen. Never raises: what cannot be seen is left out, with a warning."""
    found: dict[str, Any] = {}
    detected = detect(cluster.pods, mesh_type(configuration)) if cluster else None
    if cluster is not None and detected is not None:
        found = _from_cluster(cluster, detected)
    found = completed(_from_envoys(configuration, on_warning), found)
    namespace = configuration.check.kubernetes.namespace if configuration.check.kubernetes else None
    pods = tested_pods(cluster, detected, namespace) if cluster else []
    metadata = application_metadata(configuration, pods, cluster)
    if metadata:
        found["application_metadata"] = metadata
    return completed(configuration.mesh, found)


def _from_cluster(cluster: Cluster, detected: Detected) -> dict[str, Any]:
    version = detected.mesh_build or detected.proxy_build
    known: dict[str, Any] = {
        "mesh_type": {"type": detected.signature.mesh, "version": version} if version else _bare(detected),
        "mesh_build": detected.mesh_build,
        "proxy_build": detected.proxy_build,
        "proxy_concurrency": detected.concurrency,
        "mtls_enabled": _mtls(cluster, detected),
        "mesh_control_plane": _control_plane(cluster, detected),
    }
    if detected.sidecars:
        known["sidecar"] = {"count": len(detected.sidecars)} | use_of(detected.sidecars)
    if detected.gateways:
        known["ingress_gateway"] = {"count": len(detected.gateways)} | use_of(detected.gateways)
    if detected.egress:
        known["labels"] = {"smp-check/egress_gateways": str(len(detected.egress))}
    return {name: value for name, value in known.items() if value is not None}


def _bare(detected: Detected) -> dict[str, str]:
    return {"type": detected.signature.mesh}


def _control_plane(cluster: Cluster, detected: Detected) -> dict[str, int]:
    pods = detected.control_plane
    made = {"count": len(pods)} | use_of(each for pod in pods for each in pod.containers)
    if cluster.services is not None:
        made["services"] = cluster.services
    made["sidecars"] = len(detected.sidecars)
    if detected.signature.mesh == "ISTIO":
        kinds = ("virtual_services", "destination_rules")
        made |= {kind: len(cluster.istio[kind]) for kind in kinds if kind in cluster.istio}
    return made


def _mtls(cluster: Cluster, detected: Detected) -> bool | None:
    """As the mesh does by itself; for Istio, unless a policy for the whole mesh switches it off."""
    if not detected.sidecars:
        return None
    roots = {pod.namespace for pod in detected.control_plane}
    for policy in cluster.istio.get("peer_authentications", ()):
        spec = policy.get("spec") or {}
        if policy.get("metadata", {}).get("namespace") in roots and not spec.get("selector"):
            return bool((spec.get("mtls") or {}).get("mode") != "DISABLE")
    return detected.signature.mtls


def _from_envoys(configuration: Configuration, on_warning: OnWarning) -> dict[str, Any]:
    """Build, worker threads and mTLS of the first observed Envoy that answers; the slowest updates of them all."""
    urls = [each.envoy_admin for name in PROXIES for each in configuration.check.observe.get(name, ())]
    found: dict[str, Any] = {}
    slowest: dict[str, int] = {}
    for url in urls:
        if url is None:
            continue
        admin = EnvoyAdmin(url)
        try:
            found = found or _settings(admin)
            updates, lost = admin.updates()
        except LostError as fault:
            on_warning(f"the proxy's build, settings and updates cannot be captured in full: {fault}")
            continue
        finally:
            admin.close()
        if lost:
            on_warning(f"the Envoy at {url} is not connected to its control plane: it runs on what it was last told")
        for name, value in updates.items():
            slowest[name] = max(slowest.get(name, 0), math.ceil(value))
    return found | ({"mesh_control_plane": slowest} if slowest else {})


def _settings(admin: EnvoyAdmin) -> dict[str, Any]:
    info = admin.server_info()
    known = {
        "proxy_build": build_of(info),
        "proxy_concurrency": concurrency_of(info),
        "mtls_enabled": mutual_tls(admin.configurations()),
    }
    return {name: value for name, value in known.items() if value is not None}
