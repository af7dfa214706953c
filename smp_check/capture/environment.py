"""SMP's ``EnvironmentConfig`` from this machine and the cluster; what the user declared wins."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from smp_check.capture.detect import detect
from smp_check.capture.machine import cpu_model, operating_system
from smp_check.capture.samplers import mesh_type
from smp_check.capture.workloads import completed, individual_workloads, traffic_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smp_check.capture.cluster import Cluster
    from smp_check.spec.configuration import Configuration


def capture_environment(
    configuration: Configuration, environ: Mapping[str, str], cluster: Cluster | None = None
) -> Mapping[str, Any]:
    """The environment message: the cluster's nodes and workloads where one is asked, else the node that drives the
    load; and what the user said about it all.
    """
    declared = configuration.environment
    captured: dict[str, Any] = {"nodes": [local_node()]}
    captured["traffic_metadata"] = traffic_metadata(configuration, cluster)
    if cluster is not None:
        captured |= _of_cluster(cluster, configuration)
    captured["labels"] = local_labels(environ)
    return completed(declared, {name: value for name, value in captured.items() if value})


def _of_cluster(cluster: Cluster, configuration: Configuration) -> dict[str, Any]:
    namespace = configuration.check.kubernetes.namespace if configuration.check.kubernetes else None
    detected = detect(cluster.pods, mesh_type(configuration))
    known: dict[str, Any] = {
        "kubernetes_version": cluster.version,
        "nodes": list(cluster.nodes),
        "individual_workloads": individual_workloads(cluster, detected, namespace),
    }
    return {name: value for name, value in known.items() if value}


def local_node() -> dict[str, Any]:
    """This machine as an SMP node: type, cores, memory in MB."""
    import psutil

    return {
        "type": f"{platform.system()} {platform.machine()}".strip(),
        "cores": psutil.cpu_count() or 1,
        "mem_mb": round(psutil.virtual_memory().total / 1e6),
    }


def local_labels(environ: Mapping[str, str]) -> dict[str, str]:
    """What SMP's node message has no field for."""
    known = {
        "smp-check/cpu": cpu_model(),
        "smp-check/kernel": platform.release(),
        "smp-check/os": operating_system(environ),
        "smp-check/runner_image": " ".join(
            part for part in (environ.get("ImageOS"), environ.get("ImageVersion")) if part
        ),
    }
    return {name: value for name, value in known.items() if value}
