"""Prometheus as the eye where processes are out of sight: values, refusals, silence."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.capture.prometheus import Prometheus
from smp_check.capture.queries import SELECTORS, queries_for
from smp_check.capture.sampler import LostError
from smp_check.capture.watch import watch
from smp_check.spec.configuration import COMPONENTS, Configuration, Watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from smp_check.capture.port import Observation

    Observing = Callable[..., Configuration]


def rounds(configuration: Configuration, number: int = 1, change: Callable[[int], Any] = lambda _: None) -> list[Any]:
    seen: list[Observation] = []
    with watch(configuration) as watcher:
        for index in range(number):
            change(index)
            watcher.begin("head")
            time.sleep(0.4)
            seen.append(watcher.end())
    return seen


@pytest.fixture
def server(answers: Any) -> dict[str, Any]:
    return {"traffic_metadata": {"prometheus_url": answers.url}}


def test_own_queries(answers: Any, server: Any, observing: Observing, prometheus_vector: Any) -> None:
    """0.25 + 0.25 cores for 0.4 s, and 80 MB."""
    answers.routes |= {"cores": (200, prometheus_vector(0.25, 0.25)), "bytes": (200, prometheus_vector(80e6))}
    watched = Watched(prometheus="cores", prometheus_memory="bytes")
    [seen] = rounds(observing(sidecar=watched, environment=server))
    usage = seen.resources["sidecar"]
    assert usage.cpu_seconds == pytest.approx(0.5 * 0.4, rel=0.5)
    assert usage.memory == 80e6
    assert usage.samples >= 2


def test_cpu_alone(answers: Any, server: Any, observing: Observing, prometheus_vector: Any) -> None:
    answers.routes["cores"] = (200, prometheus_vector(0.25))
    [seen] = rounds(observing(sidecar=Watched(prometheus="cores"), environment=server))
    assert seen.resources["sidecar"].memory is None


def test_the_usual_queries_of_a_mesh(answers: Any, server: Any, observing: Observing, prometheus_vector: Any) -> None:
    queries = queries_for("ISTIO", "sidecar")
    assert 'container="istio-proxy"' in queries["cpu"]
    answers.routes |= {queries["cpu"]: (200, prometheus_vector(0.1)), queries["memory"]: (200, prometheus_vector(9e6))}
    answers.routes[queries["instances"]] = (200, prometheus_vector(3))
    mesh = {"mesh_type": {"type": "ISTIO"}}
    [seen] = rounds(observing(sidecar=Watched(prometheus="auto"), environment=server, mesh=mesh))
    assert seen.warnings == ()
    assert seen.resources["sidecar"].instances == 3
    assert seen.resources["sidecar"].bytes_transferred is None, "this server has no network series"


def test_the_traffic_of_the_sidecars_pods(
    answers: Any, server: Any, observing: Observing, prometheus_vector: Any
) -> None:
    """50 kB/s in and out for 0.4 s; proxies that are not beside one pod's service have none."""
    queries = queries_for("ISTIO", "sidecar")
    numbers = {"cpu": 0.1, "memory": 9e6, "instances": 3, "traffic": 50_000}
    answers.routes |= {queries[name]: (200, prometheus_vector(value)) for name, value in numbers.items()}
    mesh = {"mesh_type": {"type": "ISTIO"}}
    [seen] = rounds(observing(sidecar=Watched(prometheus="auto"), environment=server, mesh=mesh))
    assert seen.resources["sidecar"].bytes_transferred == pytest.approx(50_000 * 0.4, rel=0.5)
    assert "traffic" not in queries_for("ISTIO", "gateway")
    assert "traffic" not in queries_for("CILIUM_SERVICE_MESH", "sidecar")


def test_a_server_that_answers_500_for_a_while(
    answers: Any, server: Any, observing: Observing, prometheus_vector: Any
) -> None:
    """The metric is absent in those rounds, with a warning, and is there again afterwards."""

    def change(index: int) -> None:
        answers.routes["cores"] = (500, b"oops") if index == 1 else (200, prometheus_vector(0.2))

    seen = rounds(observing(sidecar=Watched(prometheus="cores"), environment=server), 3, change)
    assert [sorted(each.resources) for each in seen] == [["sidecar"], [], ["sidecar"]]
    assert "500" in seen[1].warnings[0]


def test_a_server_that_hangs_is_asked_once(answers: Any, server: Any, observing: Observing) -> None:
    answers.routes["cores"] = (None, b"")
    seen = rounds(observing(sidecar=Watched(prometheus="cores"), environment=server), 3)
    assert len(answers.asked) == 1
    assert [len(each.warnings) for each in seen] == [1, 0, 0]
    assert all(each.resources == {} for each in seen)


BAD = {"status": "error", "errorType": "bad_data", "error": "parse error: unexpected }"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((400, BAD), "parse error"),
        ((200, {"status": "success", "data": {"resultType": "vector", "result": []}}), "no series"),
        ((200, {"status": "success", "data": {"resultType": "matrix", "result": [{"values": []}]}}), "no vector"),
        ((200, {"status": "success"}), "no vector"),
        ((200, [1]), "refused"),
        ((200, b"<html>"), "no JSON"),
    ],
)
def test_refusals(answers: Any, answer: Any, said: str) -> None:
    answers.routes["q"] = answer
    prometheus = Prometheus(answers.url)
    with pytest.raises(LostError, match=said):
        prometheus.value("q")
    prometheus.close()


@pytest.mark.parametrize("value", ["NaN", "+Inf"])
def test_no_number_is_no_value(answers: Any, value: str) -> None:
    result = {"resultType": "scalar", "result": [1e9, value]}
    answers.routes["q"] = (200, {"status": "success", "data": result})
    prometheus = Prometheus(answers.url)
    with pytest.raises(LostError):
        prometheus.value("q")
    prometheus.close()


def test_queries_are_written_for_known_components_only() -> None:
    assert all(set(components) <= set(COMPONENTS) for components in SELECTORS.values())
    assert queries_for("ISTIO", "workload") == {}
    assert queries_for("", "sidecar") == {}
