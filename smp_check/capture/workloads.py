"""SMP's workloads and application metadata, from the pods of a cluster and from the test itself: pure."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from smp_check.capture.address import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smp_check.capture.cluster import Cluster, Container, Pod
    from smp_check.capture.detect import Detected
    from smp_check.spec.configuration import Configuration

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})


def completed(declared: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What was declared, completed by what was found, message within message."""
    made = {**found, **declared}
    for name, value in found.items():
        mine = declared.get(name)
        if isinstance(mine, dict) and isinstance(value, dict):
            made[name] = completed(mine, value)
    return made


def use_of(containers: Iterable[Container]) -> dict[str, int]:
    """``cpu_mcores`` and ``mem_mb`` of containers together; nothing where the cluster does not measure them all."""
    everything = list(containers)
    cores = [each.cores for each in everything if each.cores is not None]
    memory = [each.memory for each in everything if each.memory is not None]
    used = {}
    if everything and len(cores) == len(everything):
        used["cpu_mcores"] = round(sum(cores) * 1000)
    if everything and len(memory) == len(everything):
        used["mem_mb"] = round(sum(memory) / 1e6)
    return used


def individual_workloads(
    cluster: Cluster, detected: Detected | None, namespace: str | None = None
) -> list[dict[str, Any]]:
    """One message per workload under test: pods by owner, their proxies and the mesh's own pods left out."""
    owners: defaultdict[tuple[str, str], list[Pod]] = defaultdict(list)
    for pod in tested_pods(cluster, detected, namespace):
        owners[pod.namespace, pod.owner].append(pod)
    several = len({place for place, _ in owners}) > 1
    proxies = {id(each) for each in (*detected.sidecars, *detected.gateways)} if detected else set()
    return [
        {"name": f"{place}/{owner}" if several else owner, "count": len(pods)}
        | use_of(each for pod in pods for each in pod.containers if id(each) not in proxies)
        for (place, owner), pods in sorted(owners.items())
    ]


def tested_pods(cluster: Cluster, detected: Detected | None, namespace: str | None) -> list[Pod]:
    """Pods of the service's namespace, or all but the system's and the mesh's own."""
    if namespace is not None:
        return [pod for pod in cluster.pods if pod.namespace == namespace]
    control = detected.control_plane if detected else ()
    foreign = SYSTEM_NAMESPACES | {pod.namespace for pod in control}
    return [pod for pod in cluster.pods if pod.namespace not in foreign]


def application_metadata(
    configuration: Configuration, pods: Sequence[Pod] = (), cluster: Cluster | None = None
) -> dict[str, Any]:
    """What the test's URLs and the recommended labels of its pods say of the application.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
    """
    chart = re.fullmatch(r"(.+)-(\d+\.\d+.*)", _common(pods, "helm.sh/chart") or "")
    known = {
        "application_name": _common(pods, "app.kubernetes.io/part-of") or _common(pods, "app.kubernetes.io/name"),
        "application_version": _common(pods, "app.kubernetes.io/version"),
        "helmchart_name": chart[1] if chart else None,
        "helmchart_version": chart[2] if chart else None,
        "cluster_name": cluster.name if cluster else None,
        "application_protocol": _protocol(configuration),
    }
    return {name: value for name, value in known.items() if value}


def traffic_metadata(configuration: Configuration, cluster: Cluster | None = None) -> dict[str, str]:
    """How the load reaches the application.

    Of headers the names alone: their values may be secret. No address of this machine itself: it says nothing of the
    environment, and its port may be another one in every run.
    """
    endpoints = [url for client in configuration.clients for url in client.endpoint_urls if not is_loopback(url)]
    ready = configuration.check.ready_url
    headers = {name: value for client in configuration.clients for name, value in client.headers.items()}
    agents = {value for name, value in headers.items() if name.lower() == "user-agent"}
    balancers = cluster.balancers if cluster else ()
    known = {
        "host_endpoint": _only({urlsplit(url).netloc.rpartition("@")[2] for url in endpoints}),
        "http_headers": ", ".join(sorted(headers)),
        "user_agent": _only(agents),
        "ping_health_endpoint": ready if ready and not is_loopback(ready) else None,
        "load_balance_name": balancers[0][0] if len(balancers) == 1 else None,
        "load_balance_ip": balancers[0][1] if len(balancers) == 1 else None,
    }
    return {name: value for name, value in known.items() if value}


def _only(values: set[str]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def _common(pods: Sequence[Pod], label: str) -> str | None:
    """The label's value where all pods that have it agree."""
    return _only({pod.marks[label] for pod in pods if label in pod.marks})


def _protocol(configuration: Configuration) -> str | None:
    schemes = {urlsplit(url).scheme for client in configuration.clients for url in client.endpoint_urls}
    names: Mapping[str, str] = {"http": "PROTOCOL_HTTP", "https": "PROTOCOL_HTTPS"}
    return names.get(_only(schemes) or "")
