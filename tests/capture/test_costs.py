"""What was sampled in the rounds ends in SMP's own messages, once per round, and never over what the user declared."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.spec.configuration import CheckOptions, Client, Configuration, Watched
from smp_check.spec.conformance import check_value
from smp_check.spec.costs import with_costs
from smp_check.spec.findings import Severity
from smp_check.spec.kinds import Kind
from smp_check.spec.result import build_run_document
from smp_check.spec.run import Counts, Details, Latency, Role, Round, Usage

START = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


def measured(
    index: int, resources: dict[str, Usage], client: str = "client-1", role: Role = "head", sent: int = 200
) -> Round:
    begin = START + timedelta(seconds=2 * index)
    return Round(
        role=role,
        client=client,
        index=index,
        start=begin,
        end=begin + timedelta(seconds=2),
        requested_rps=100.0,
        achieved_rps=100.0,
        connections=2,
        counts=Counts(sent=sent, ok=sent),
        latency=Latency(count=0),
        resources=resources,
    )


def configuration(mesh: dict[str, Any] | None = None, **observe: Watched) -> Configuration:
    check = CheckOptions(observe={name: (each,) for name, each in observe.items()})
    return Configuration(name="checkout", duration=4, clients=(Client(name="c"),), mesh=mesh or {}, check=check)


SIDECAR = Usage(cpu_seconds=0.05, memory=60e6, instances=2, bytes_transferred=400_000, samples=10)
WORKLOAD = Usage(cpu_seconds=0.2, memory=30e6, instances=1, samples=10)


def test_sums_and_rates() -> None:
    """0.05 s of CPU in 2 s are 25 mcores; two clients of 200 requests in 2 s are 200/s."""
    used = {"sidecar": SIDECAR, "workload": WORKLOAD}
    rounds = [measured(i, used, client) for i in range(3) for client in ("client-1", "client-2")]
    mesh, environment = with_costs({}, {}, configuration(), rounds)
    assert mesh == {"sidecar": {"count": 2, "cpu_mcores": 25, "mem_mb": 60, "rps": 200, "bps": 200_000}}
    assert environment == {"individual_workloads": [{"name": "checkout", "count": 1, "cpu_mcores": 100, "mem_mb": 30}]}


def test_what_could_not_be_seen_is_left_out() -> None:
    blind = Usage(memory=60e6, instances=1, samples=3)
    mesh, _ = with_costs({}, {}, configuration(), [measured(0, {"sidecar": blind}), measured(1, {})])
    assert mesh == {"sidecar": {"count": 1, "mem_mb": 60, "rps": 100}}
    assert with_costs({}, {}, configuration(), [measured(0, {})]) == ({}, {})
    assert with_costs({}, {}, configuration(), []) == ({}, {})


def test_rounds_in_which_it_was_lost_do_not_dilute() -> None:
    rounds = [measured(0, {"sidecar": SIDECAR}), measured(1, {}), measured(2, {})]
    assert with_costs({}, {}, configuration(), rounds)[0]["sidecar"]["cpu_mcores"] == 25


def test_measured_over_captured_declared_over_both() -> None:
    declared = {"sidecar": {"count": 7}}
    captured = {"sidecar": {"count": 7, "cpu_mcores": 1, "mem_mb": 1}, "mtls_enabled": True}
    mesh, _ = with_costs(captured, {}, configuration(declared), [measured(0, {"sidecar": SIDECAR})])
    assert mesh["sidecar"] == {"count": 7, "cpu_mcores": 25, "mem_mb": 60, "rps": 100, "bps": 200_000}
    assert mesh["mtls_enabled"] is True


def test_declared_workloads_stand() -> None:
    declared = {"individual_workloads": [{"name": "mine"}]}
    _, environment = with_costs({}, declared, configuration(), [measured(0, {"workload": WORKLOAD})])
    assert environment == declared


@pytest.mark.parametrize(
    ("mesh", "watched", "name"),
    [
        ({}, Watched(port=80), "checkout"),
        ({}, Watched(name="nginx"), "nginx"),
        ({"application_metadata": {"application_name": "shop"}}, Watched(name="nginx"), "shop"),
    ],
)
def test_the_workloads_name(mesh: dict[str, Any], watched: Watched, name: str) -> None:
    _, environment = with_costs({}, {}, configuration(mesh, workload=watched), [measured(0, {"workload": WORKLOAD})])
    assert environment["individual_workloads"][0]["name"] == name


def document(*rounds: Round, mesh: dict[str, Any] | None = None) -> Any:
    details = Details(tool_version="0", generators={}, targets={}, rounds=rounds)
    return build_run_document(configuration(), details, {"nodes": []}, mesh=mesh, run_id="r")


def test_the_run_document_holds_them_and_ids_stay() -> None:
    """Two runs of the same mesh have the same mesh id, though one used more CPU; another build is another mesh."""
    mesh = {"mesh_type": {"type": "ISTIO"}, "proxy_build": "1"}
    more = Usage(cpu_seconds=0.5, memory=90e6, instances=2, samples=10)
    one = document(measured(0, {"sidecar": SIDECAR}), mesh=mesh)
    two = document(measured(0, {"sidecar": more}), mesh=mesh)
    assert one.mesh["sidecar"]["cpu_mcores"] == 25
    assert two.mesh["sidecar"]["cpu_mcores"] == 250
    assert one.mesh["id"] == two.mesh["id"] == one.result["mesh_config_id"]
    assert document(mesh={"proxy_build": "2"}).mesh["id"] != one.mesh["id"]


def test_only_the_loaded_role_counts() -> None:
    base = measured(0, {"sidecar": Usage(cpu_seconds=1.0, instances=9)}, role="base")
    made = document(base, measured(0, {"sidecar": SIDECAR}))
    assert made.mesh["sidecar"]["count"] == 2


amounts = st.one_of(st.none(), st.floats(0, 1e4))
usages = st.builds(
    Usage,
    cpu_seconds=amounts,
    memory=st.one_of(st.none(), st.floats(0, 1e12)),
    instances=st.one_of(st.none(), st.integers(1, 1000)),
    bytes_transferred=st.one_of(st.none(), st.floats(0, 1e12)),
)


@settings(deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["sidecar", "gateway", "control_plane", "workload"]), usages), max_size=5)
)
def test_the_messages_conform_whatever_was_seen(seen: list[dict[str, Usage]]) -> None:
    mesh, environment = with_costs({}, {}, configuration(), [measured(i, used) for i, used in enumerate(seen)])
    for value, kind in ((mesh, Kind.MESH), (environment, Kind.ENVIRONMENT)):
        assert [f.message for f in check_value(value, kind) if f.severity is Severity.ERROR] == []
