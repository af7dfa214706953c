"""What capture makes is read, whole, by the specification's own Go bindings in strict mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from smp_check.capture.cluster import read_cluster
from smp_check.capture.environment import capture_environment
from smp_check.capture.mesh import capture_mesh
from smp_check.capture.sampler import LostError
from smp_check.spec.configuration import CheckOptions, Client, Configuration, Kubernetes, Watched
from smp_check.spec.costs import with_costs
from smp_check.spec.messages import MESSAGES
from smp_check.spec.run import Usage
from smp_check.spec.spelling import canonical
from tests.capture import clusters
from tests.capture.test_costs import measured
from tests.spec.test_go_bindings import Bindings, bindings, program
from tests.spec.test_round_trips import without_defaults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["bindings", "program"]  # fixtures


def asking(printed: Mapping[str, Any]) -> Callable[..., Mapping[str, Any]]:
    """A kubectl that prints these."""

    def ask(*arguments: str) -> Mapping[str, Any]:
        key = " ".join(arguments).replace(" -o json", "")
        if key not in printed:
            raise LostError(key)
        found: Mapping[str, Any] = printed[key]
        return found

    return ask


@pytest.mark.parametrize("mesh", clusters.MESHES)
def test_captured_messages(bindings: Bindings, mesh: str) -> None:
    """Mesh and environment of every mesh, with what was sampled in the rounds, keep all their fields."""
    usage = Usage(cpu_seconds=0.05, memory=60e6, instances=2, bytes_transferred=4e5, samples=10)
    names = ("sidecar", "gateway", "control_plane", "workload")
    configuration = Configuration(
        name="shop",
        duration=2,
        clients=(Client(name="c", endpoint_urls=("https://shop.example/",), headers={"User-Agent": "x"}),),
        check=CheckOptions(kubernetes=Kubernetes(), observe={name: (Watched(name="x"),) for name in names}),
    )
    metrics = {"kind": "PodMetricsList", "items": clusters.METRICS}
    more = {"get --raw /apis/metrics.k8s.io/v1beta1/pods": metrics}
    cluster = read_cluster(asking(clusters.answers(clusters.MESHES[mesh](), **more)), pytest.fail)
    made, environment = with_costs(
        capture_mesh(configuration, cluster, pytest.fail),
        capture_environment(configuration, {}, cluster),
        configuration,
        [measured(0, dict.fromkeys(names, usage))],
    )
    for message, value in (("ServiceMeshConfig", made), ("EnvironmentConfig", environment)):
        answer = bindings(message=message, json=value)
        assert "error" not in answer, answer
        expected = without_defaults(value, MESSAGES[message])
        assert without_defaults(canonical(answer["snake"], MESSAGES[message]), MESSAGES[message]) == expected
