"""SMP's ``EnvironmentConfig`` from this machine; what the user declared wins."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from smp_check.capture.machine import cpu_model, operating_system

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smp_check.spec.configuration import Configuration


def capture_environment(configuration: Configuration, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The environment message: the node that the load was driven from, and what the user said about the rest."""
    declared = configuration.environment
    labels = {**local_labels(environ), **(declared.get("labels") or {})}
    return {"nodes": [local_node()], **declared, "labels": labels}


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
