"""A second measurement in the same run document: its rounds, its warnings, and the numbers of both together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smp_check.pipeline.confirm import _together
from smp_check.spec.configuration import CheckOptions, Client, Configuration
from smp_check.spec.result import build_run_document
from smp_check.spec.run import Remark, RunDocument, Usage
from tests.verdict.building import a_round, a_run

CONFIGURATION = Configuration(name="shop", duration=2, clients=(Client(name="client-1"),), check=CheckOptions())


def measured(environment: dict[str, Any], cpu_seconds: float, count: int = 2, code: str = "") -> RunDocument:
    used = {name: Usage(cpu_seconds=cpu_seconds, memory=30e6, instances=1) for name in ("workload", "sidecar")}
    rounds = [a_round(index=index, resources=used) for index in range(count)]
    details = replace(a_run(*rounds).details, remarks=(Remark(code=code, severity="warning", message=code),))
    return build_run_document(CONFIGURATION, details, environment, run_id="r")


def test_the_numbers_are_those_of_both() -> None:
    """100 mcores in the first half and 300 in the second are 200, of the proxy and of the service alike."""
    first, again = measured({"nodes": []}, 0.1, code="a"), measured({"nodes": []}, 0.3, code="b")
    [alone] = first.environment["individual_workloads"]
    assert alone["cpu_mcores"] == 100
    both = _together(first, again, CONFIGURATION)
    [workload] = both.environment["individual_workloads"]
    assert workload["cpu_mcores"] == 200
    assert both.mesh["sidecar"]["cpu_mcores"] == 200
    assert [r.index for r in both.details.rounds] == [0, 1, 2, 3]
    assert both.details.totals["head"]["all"].count == 8000
    assert [remark.code for remark in both.details.remarks] == ["a", "b"]
    assert (both.result["id"], both.environment["id"]) == ("r", first.environment["id"])


@pytest.mark.parametrize("declared", [[{"name": "mine"}], [{"name": "mine", "cpu_mcores": 7}]])
def test_what_was_declared_stands(declared: list[dict[str, Any]]) -> None:
    """A workload that the user describes, or the cluster told, is not overwritten by the second pass either."""
    environment = {"individual_workloads": declared}
    both = _together(measured(environment, 0.1), measured(environment, 0.3), CONFIGURATION)
    assert both.environment["individual_workloads"] == declared
