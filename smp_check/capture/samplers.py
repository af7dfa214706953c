"""From ``check.observe`` to samplers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smp_check.capture.cgroup import CgroupSampler
from smp_check.capture.envoy import EnvoySampler
from smp_check.capture.listeners import by_port
from smp_check.capture.processes import ProcessSampler, by_name, by_pid
from smp_check.capture.prometheus import Prometheus, PrometheusSampler

if TYPE_CHECKING:
    from smp_check.capture.sampler import Sampler
    from smp_check.spec.configuration import Configuration, Watched


def samplers_for(configuration: Configuration) -> dict[str, list[Sampler]]:
    """The samplers of each component that is to be observed."""
    return {
        component: [_sampler(each, component, configuration) for each in watched]
        for component, watched in configuration.check.observe.items()
        if watched
    }


def mesh_type(configuration: Configuration) -> str:
    """SMP's name of the mesh, or an empty string."""
    mesh = configuration.mesh.get("mesh_type")
    return str(mesh.get("type", "")) if isinstance(mesh, dict) else ""


def _sampler(watched: Watched, component: str, configuration: Configuration) -> Sampler:
    if watched.prometheus is not None:
        traffic = configuration.environment.get("traffic_metadata") or {}
        server = Prometheus(str(traffic.get("prometheus_url", "")))
        return PrometheusSampler(server, watched, component=component, mesh=mesh_type(configuration))
    if watched.envoy_admin is not None:
        return EnvoySampler(watched.envoy_admin)
    if watched.cgroup is not None:
        return CgroupSampler(watched.cgroup)
    if watched.port is not None:
        return ProcessSampler(by_port(watched.port))
    if watched.name is not None:
        return ProcessSampler(by_name(watched.name))
    return ProcessSampler(by_pid(watched.pid or 0))
