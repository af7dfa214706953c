"""Many metrics at once: gates share an error budget, what is only reported another, old documents keep theirs."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from smp_check.spec.configuration import Gate
from smp_check.verdict.decide import FAMILY, decide
from smp_check.verdict.extract import Observed
from smp_check.verdict.gather import compared
from smp_check.verdict.history import PARAMETERS
from smp_check.verdict.model import MetricComparison, Verdict
from smp_check.verdict.validity import Restriction

if TYPE_CHECKING:
    from collections.abc import Mapping

GATES = {"gate": Gate(tolerance=0.1)}


def run(x: float) -> Observed:
    return Observed(value=1.0, raw=x, raw_error=0.002, referenced=x, referenced_error=0.002, rounds=6)


def a_metric(name: str, chance: random.Random, head: float, gates: Mapping[str, Gate]) -> MetricComparison:
    base = [run(chance.gauss(0, 0.022)) for _ in range(10)]
    return compared("c", name, base, run(head), Restriction(), gates)


def doubtful(gates: Mapping[str, Gate], name: str = "gate") -> MetricComparison:
    """A worsening that is called when it stands alone, and not when it shares its budget with many."""
    return a_metric(name, random.Random(3), 0.107, gates)


def test_one_that_is_only_reported_is_called_when_it_is_alone() -> None:
    (metric,) = decide([doubtful({}, "lone")], {})
    assert not metric.gating
    assert metric.verdict is Verdict.REGRESSED


def test_those_only_reported_share_a_budget_of_their_own() -> None:
    chance = random.Random(4)
    others = [a_metric(f"other-{i}", chance, 0.0, {}) for i in range(30)]
    shown = decide([doubtful({}, "lone"), *others], {})
    assert not any(metric.gating for metric in shown)
    assert not any(metric.verdict is Verdict.REGRESSED for metric in shown), "one of 31 looks so bad by chance"
    (gate, *_) = decide([doubtful(GATES), *others], GATES)
    assert gate.gating
    assert gate.verdict is Verdict.REGRESSED, "the gate's power does not depend on what is only reported"
    (alone,) = decide([doubtful(GATES)], GATES)
    assert gate == alone


def test_a_document_without_a_budget_of_its_own_is_judged_by_the_one_of_its_time() -> None:
    metric = doubtful(GATES)
    assert metric.inputs is not None
    assert metric.inputs.parameters["family"] == PARAMETERS["family"]
    old = {name: value for name, value in metric.inputs.parameters.items() if name != "family"}
    before = replace(metric, inputs=replace(metric.inputs, parameters=old))
    assert decide([before], GATES) == tuple(
        replace(each, inputs=before.inputs) for each in decide([metric], GATES, family=FAMILY["history"])
    )
