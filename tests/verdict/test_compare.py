"""Run against history: verdicts, validity first, comparability, policy; each case with a large effect or none."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from smp_check.spec.configuration import DEFAULT_GATES, Gate
from smp_check.spec.run import Fingerprint, Remark, RunDocument, Usage
from smp_check.verdict.acceptance import Acceptance, label
from smp_check.verdict.compare import compare
from smp_check.verdict.model import Comparison, ConformanceSummary, MetricComparison, Verdict
from smp_check.verdict.paired import compare_sides
from tests.verdict.building import START, a_round, a_run, latency, noisy_run

FAIL_ON = ("regression", "measurement")
TODAY = START + timedelta(days=100)


def history(k: int, seed: int = 1, **more: Any) -> list[RunDocument]:
    chance = random.Random(seed)
    return [noisy_run(chance, number=number, **more) for number in range(k)]


def head(p50: float = 0.002, seed: int = 99, **more: Any) -> RunDocument:
    return noisy_run(random.Random(seed), p50, number=50, **more)


def judged(base: list[RunDocument], run: RunDocument, **more: Any) -> Comparison:
    return compare(base, run, created=TODAY, **({"fail_on": FAIL_ON} | more))


def metric(comparison: Comparison, name: str) -> MetricComparison:
    return next(m for m in comparison.metrics if m.metric == name)


def test_no_baseline() -> None:
    comparison = judged([], head())
    assert comparison.verdict is Verdict.NO_BASELINE
    assert not comparison.failed
    assert comparison.base is None
    assert "No baseline" in comparison.headline
    assert judged([], head(), fail_on=("no-baseline",)).failed


@pytest.mark.parametrize("k", [1, 2, 3, 5, 10, 20])
def test_an_unchanged_service_is_never_regressed(k: int) -> None:
    for seed in range(12):
        comparison = judged(history(k, seed), head(seed=seed + 1000))
        assert comparison.verdict not in {Verdict.REGRESSED, Verdict.NOT_COMPARABLE}, (k, seed)
        assert not comparison.failed
        assert "regressed" not in comparison.headline


@pytest.mark.parametrize("k", [1, 2, 5, 20])
def test_thirtyfold_is_regressed_and_named(k: int) -> None:
    comparison = judged(history(k, between=0.2, within=0.2, shared=0.3), head(0.06, between=0.2, within=0.2))
    assert comparison.verdict is Verdict.REGRESSED
    assert comparison.failed
    assert {"p50", "p90"} <= {m.metric for m in comparison.metrics if m.verdict is Verdict.REGRESSED}
    assert "p50" in comparison.headline
    assert any("p50" in failure for failure in comparison.failures)


def test_one_earlier_run_shows_no_less_than_a_doubling() -> None:
    """Nothing is known of the noise then, however calm the rounds were."""
    still: dict[str, Any] = {"between": 0.0, "within": 0.001, "shared": 0.0}
    comparison = judged(history(1, **still), head(0.0037, **still))
    assert metric(comparison, "p50").verdict is Verdict.INCONCLUSIVE
    assert metric(comparison, "p50").detectable == pytest.approx(1.0, abs=0.3)


def test_ten_runs_with_a_reference_show_a_fifth() -> None:
    comparison = judged(history(10, within=0.01), head(0.0025, within=0.01))
    assert metric(comparison, "p50").verdict is Verdict.REGRESSED
    change = metric(comparison, "p50").change
    assert change == pytest.approx(0.25, abs=0.1)


def test_a_slow_machine_is_no_slow_service() -> None:
    """Everything half as slow again, the reference with it: raw values alarm, ratios to the reference do not."""
    base = history(10, shared=0.02, within=0.01)
    slow = head(0.003, within=0.01, shared=0.0, reference=0.0003)
    assert metric(judged(base, slow), "p50").verdict is not Verdict.REGRESSED
    alone = [without_reference(run) for run in base]
    assert metric(judged(alone, without_reference(slow)), "p50").verdict is Verdict.REGRESSED


def without_reference(run: RunDocument) -> RunDocument:
    rounds = tuple(r for r in run.details.rounds if r.role != "reference")
    return replace(run, details=replace(run.details, rounds=rounds))


def test_a_reference_that_moved_makes_the_run_unusable() -> None:
    base = history(10, shared=0.01, within=0.01)
    comparison = judged(base, head(0.002, shared=0.0, within=0.01, reference=0.0008))
    assert [r.code for r in comparison.remarks if r.severity == "error"] == ["reference-moved"]
    assert comparison.failed
    assert metric(comparison, "p50").verdict is Verdict.INCONCLUSIVE


def test_a_reference_that_says_nothing_of_the_service_is_not_used() -> None:
    """A service that sleeps does not share the machine's noise: dividing by a restless reference would hide +50 %."""
    chance = random.Random(4)

    def run(p50: float, number: int) -> RunDocument:
        rounds = [a_round("head", i, p50 * (1 + chance.gauss(0, 0.004))) for i in range(6)]
        rounds += [a_round("reference", i, 0.0002 * (1 + abs(chance.gauss(0, 0.4)))) for i in range(6)]
        return a_run(*rounds, number=number)

    comparison = judged([run(0.002, 0), run(0.002, 1)], run(0.003, 2))
    assert metric(comparison, "p50").verdict is Verdict.REGRESSED


def test_faster_is_improved_and_fails_nothing() -> None:
    comparison = judged(history(10), head(0.001))
    assert metric(comparison, "p50").verdict is Verdict.IMPROVED
    assert not comparison.failed
    assert "improved" in comparison.headline


def test_errors_come_first() -> None:
    """A service that fails quickly is not a quick service."""
    run = a_run(*(a_round("head", i, 0.0001, failed=400) for i in range(6)), number=50)
    comparison = judged(history(10, reference=None), run)
    assert metric(comparison, "p50").verdict is Verdict.INCONCLUSIVE
    assert metric(comparison, "error_rate").verdict is Verdict.REGRESSED
    assert any(r.code == "errors" and r.severity == "error" for r in comparison.remarks)
    assert comparison.failed


def test_more_errors_than_before_within_the_objective() -> None:
    run = a_run(*(a_round("head", i, failed=12) for i in range(6)), number=50)
    comparison = judged(history(5, reference=None), run)
    assert metric(comparison, "error_rate").verdict is Verdict.REGRESSED
    assert metric(comparison, "error_rate").objective is None


def test_a_saturated_head_may_only_be_worse() -> None:
    rounds = [replace(a_round("head", i), achieved_rps=1200.0) for i in range(6)]
    comparison = judged(history(10, reference=None), a_run(*rounds, number=50))
    assert any(r.code == "saturated" for r in comparison.remarks)
    assert metric(comparison, "qps").verdict is Verdict.REGRESSED
    assert metric(comparison, "p50").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("arrival", "saturated"), [("constant", True), ("poisson", False)])
def test_chance_arrivals_may_be_fewer_than_their_mean(arrival: str, saturated: bool) -> None:
    """100 Poisson arrivals a round, 5 % short over 6 rounds, are chance; at a constant rate they are saturation."""
    rounds = [replace(a_round("head", i, count=95), requested_rps=100.0) for i in range(6)]
    fingerprint = Fingerprint(load={"client-1 arrival": arrival}, machine={"cpu": "x"})
    comparison = judged([], a_run(*rounds, fingerprint=fingerprint))
    assert any(r.code == "saturated" for r in comparison.remarks) is saturated


def test_a_machine_too_slow_for_the_rate_is_no_regression() -> None:
    rounds = [replace(a_round(role, i), achieved_rps=1200.0) for i in range(6) for role in ("head", "reference")]
    comparison = judged(history(10), a_run(*rounds, number=50))
    assert comparison.verdict is not Verdict.REGRESSED
    assert comparison.failed
    assert "machine" in comparison.headline


def test_a_percentile_that_the_samples_do_not_carry_is_refused() -> None:
    def run(number: int) -> RunDocument:
        return a_run(*(a_round("head", i, count=50) for i in range(6)), number=number)

    comparison = judged([run(0), run(1)], run(2))
    assert metric(comparison, "p50").inputs is not None
    found = [m for m in comparison.metrics if m.metric == "p99"]
    assert all(m.verdict is Verdict.INCONCLUSIVE and "1,000" in m.reason for m in found)


def test_not_comparable_names_the_fields() -> None:
    other = Fingerprint(load={"connections": "16"}, machine={"cpu": "y", "cores": "4"})
    run = head(fingerprint=other)
    comparison = judged(history(5), run)
    assert comparison.verdict is Verdict.NOT_COMPARABLE
    fields = {(m.field, m.base, m.head) for m in comparison.mismatches}
    assert ("load.connections", "8", "16") in fields
    assert ("machine.cores", "unknown", "4") in fields, "a field that one side lacks is not equal"
    assert judged(history(5), run, fail_on=("not-comparable",)).failed


def test_any_machine() -> None:
    run = head(fingerprint=Fingerprint(load={"connections": "8"}, machine={"cpu": "y"}))
    assert judged(history(5), run).verdict is Verdict.NOT_COMPARABLE
    assert judged(history(5), run, any_machine=True).verdict is not Verdict.NOT_COMPARABLE


@pytest.mark.parametrize("verdict", ["regressed", "failed", "non-conformant"])
def test_bad_runs_never_become_the_norm(verdict: str) -> None:
    good = history(5)
    bad = [head(0.006, seed=i, verdict=verdict) for i in range(15)]
    bad = [replace(run, result={"id": f"bad-{i}"}) for i, run in enumerate(bad)]
    comparison = judged([*good, *bad], head(0.006))
    assert comparison.verdict is Verdict.REGRESSED
    assert comparison.base is not None
    assert len(comparison.base.runs) == 5


def test_an_accepted_run_is_the_new_norm_of_its_metrics() -> None:
    key = tuple(f"client-1 {name}" for name in ("p50", "p75", "p90", "p95", "p99", "p99.9", "mean"))
    old = history(10)
    after = noisy_run(random.Random(5), 0.003, number=20, verdict="accepted", accepted=key)
    later = [noisy_run(random.Random(6 + i), 0.003, number=21 + i, verdict="unchanged") for i in range(5)]
    comparison = judged([*old, after, *later], head(0.003))
    assert metric(comparison, "p50").verdict is not Verdict.REGRESSED
    assert metric(comparison, "p50").base == pytest.approx(0.003, rel=0.2)
    inputs = metric(comparison, "p50").inputs
    assert inputs is not None
    assert len(inputs.raw_base) == 6


def test_acceptance_is_shown_and_passes_until_it_expires() -> None:
    entry = Acceptance(series="shop", metric="*", reason="ADR 12", expires=(TODAY + timedelta(days=1)).date())
    base, run = history(10), head(0.004)
    comparison = judged(base, run, accept=[entry])
    assert not comparison.failed
    assert comparison.verdict is not Verdict.REGRESSED
    assert "ADR 12" in (metric(comparison, "p50").accepted or "")
    assert "accepted" in comparison.headline
    expired = replace(entry, expires=(TODAY - timedelta(days=1)).date())
    comparison = judged(base, run, accept=[expired])
    assert comparison.failed
    assert any(r.code == "acceptance-expired" for r in comparison.remarks)
    assert not judged(base, run, accept=[label("perf-accepted")]).failed
    assert judged(base, run, accept=[replace(entry, series="other")]).failed
    assert judged(base, run, accept=[replace(entry, up_to=0.2)]).failed


def test_objectives_hold_without_a_baseline() -> None:
    gates = {"p99": Gate(max=0.003), "qps": Gate(min=5000.0), "error_rate": Gate(max=0.01)}
    comparison = judged([], head(), gates=gates)
    assert comparison.failed
    assert metric(comparison, "p99").objective is not None
    assert metric(comparison, "qps").objective is not None
    assert metric(comparison, "error_rate").objective is None
    assert "objective" in comparison.headline
    muted = judged([], head(), gates={"p99": Gate(max=0.003, report_only=True)})
    assert not muted.failed


def test_floors_relative_and_absolute() -> None:
    base, run = history(10, within=0.005, between=0.005, shared=0.005), head(0.0024, within=0.005, between=0.005)
    assert metric(judged(base, run), "p50").verdict is Verdict.REGRESSED
    absolute = {"p50": Gate(tolerance=0.1, absolute=0.001)}
    assert metric(judged(base, run, gates=absolute), "p50").verdict is Verdict.UNCHANGED
    relative = {"p50": Gate(tolerance=0.6)}
    assert metric(judged(base, run, gates=relative), "p50").verdict is Verdict.UNCHANGED


def test_the_step_of_a_coarse_generator_is_a_floor() -> None:
    coarse = {"client-1": replace(history(1)[0].details.generators["client-1"], resolution=0.001)}
    comparison = judged(history(10, within=0.005), head(0.0025, within=0.005, generators=coarse))
    assert metric(comparison, "p50").verdict is not Verdict.REGRESSED


def test_declared_scenarios_and_metrics_that_vanish_are_findings() -> None:
    comparison = judged(history(3), head(), expect=("checkout", "search"))
    errors = [r for r in comparison.remarks if r.severity == "error"]
    assert [r.code for r in errors] == ["missing-scenario"]
    assert "search" in errors[0].message
    assert comparison.failed
    gates = dict(DEFAULT_GATES) | {"sidecar_mem_mb": Gate(tolerance=0.2)}
    assert any(r.code == "missing-metric" for r in judged(history(3), head(), gates=gates).remarks)


def test_a_gated_metric_that_the_baseline_had_is_missed() -> None:
    def run(number: int, seen: bool) -> RunDocument:
        usage = {"workload": Usage(cpu_seconds=0.2, memory=5e7, samples=3)} if seen else {}
        return a_run(*(replace(a_round("head", i), resources=usage) for i in range(4)), number=number)

    comparison = judged([run(0, True), run(1, True)], run(2, False))
    assert any(r.code == "missing-metric" and r.severity == "error" for r in comparison.remarks)


def test_resources_are_metrics() -> None:
    def run(number: int, cpu: float, memory: float) -> RunDocument:
        chance = random.Random(number)
        rounds = []
        for i in range(6):
            usage = Usage(cpu_seconds=cpu * (1 + chance.gauss(0, 0.01)), memory=memory, samples=5)
            rounds.append(replace(a_round("head", i), resources={"workload": usage, "sidecar": usage}))
        return a_run(*rounds, number=number)

    comparison = judged([run(i, 0.2, 5e7) for i in range(8)], run(20, 0.4, 9e7))
    assert metric(comparison, "cpu_per_request").verdict is Verdict.REGRESSED
    assert metric(comparison, "cpu_per_request").base == pytest.approx(0.2 / 2000, rel=0.05)
    assert metric(comparison, "sidecar_cpu_per_krps").base == pytest.approx(100, rel=0.05)
    assert metric(comparison, "sidecar_cpu_per_krps").unit == "mcores"
    assert metric(comparison, "workload_mem_mb").base == pytest.approx(50)
    assert metric(comparison, "workload_mem_mb").verdict is Verdict.REGRESSED
    assert {m.metric for m in comparison.metrics if m.gating} >= {"cpu_per_request"}


def test_several_clients_are_judged_apart_and_resources_together() -> None:
    def run(number: int, slow: float) -> RunDocument:
        rounds = []
        for i in range(6):
            usage = {"workload": Usage(cpu_seconds=0.2, samples=2)}
            rounds.append(replace(a_round("head", i), resources=usage))
            rounds.append(replace(a_round("head", i, slow), client="client-2", resources=usage))
        return a_run(*rounds, number=number)

    comparison = judged([run(i, 0.002) for i in range(6)], run(9, 0.008))
    verdicts = {(m.client, m.metric): m.verdict for m in comparison.metrics}
    assert verdicts["client-1", "p50"] is not Verdict.REGRESSED
    assert verdicts["client-2", "p50"] is Verdict.REGRESSED
    assert "client-2" in comparison.headline
    cpu = metric(comparison, "cpu_per_request")
    assert cpu.client == "all"
    assert cpu.head == pytest.approx(0.2 / 4000)


def test_noisy_rounds_are_left_out_while_enough_are_calm() -> None:
    def run(number: int, noisy: int) -> RunDocument:
        rounds = [
            a_round("head", i, 0.02 if i < noisy else 0.002, noisy=("stolen",) if i < noisy else ()) for i in range(8)
        ]
        return a_run(*rounds, number=number)

    comparison = judged([run(i, 0) for i in range(6)], run(9, 4))
    assert metric(comparison, "p50").head == pytest.approx(0.002)
    comparison = judged([run(i, 0) for i in range(6)], run(9, 6))
    assert metric(comparison, "p50").head == pytest.approx(0.02)
    assert any(r.code == "noisy" and r.severity == "warning" for r in comparison.remarks)


@pytest.mark.parametrize(("noisy", "saturated"), [(3, False), (6, True)])
def test_rounds_that_noise_kept_from_the_rate_saturate_no_whole_run(noisy: int, saturated: bool) -> None:
    def slowed(role: str, index: int) -> Any:
        late: dict[str, Any] = {"noisy": ("stolen",), "achieved_rps": 1500.0} if index < noisy else {}
        return a_round(role, index, **late)

    stored = judged(history(6, reference=None), a_run(*(slowed("head", i) for i in range(8)), number=50))
    pairs = [each for i in range(8) for each in (a_round("base", i), slowed("head", i))]
    paired = compare_sides(a_run(*pairs), created=TODAY)
    for comparison in (stored, paired):
        assert any(r.code == "saturated" for r in comparison.remarks) is saturated
        inputs = metric(comparison, "p50").inputs
        assert inputs is not None
        assert inputs.only_worse is saturated


def test_calm_rounds_below_the_rate_are_saturation() -> None:
    """However few the noisy ones are: the others have no excuse."""
    rounds = [replace(a_round("head", i, noisy=("stolen",) if i < 2 else ()), achieved_rps=1900.0) for i in range(8)]
    assert any(r.code == "saturated" for r in judged(history(6, reference=None), a_run(*rounds)).remarks)


def test_an_incomplete_run_is_never_called_good() -> None:
    remark = Remark(code="interrupted", severity="error", message="interrupted while measuring")
    comparison = judged(history(10), head(complete=False, remarks=(remark,)))
    assert not {m.verdict for m in comparison.metrics if m.metric == "p50"} & {Verdict.UNCHANGED, Verdict.IMPROVED}
    assert comparison.failed


def test_non_conformance_is_a_policy() -> None:
    bad = ConformanceSummary(conformant=False, errors=2)
    assert not judged(history(3), head(), conformance=bad).failed
    assert judged(history(3), head(), conformance=bad, fail_on=("non-conformance",)).failed


def test_inconclusive_is_a_policy_and_says_what_it_takes() -> None:
    asked = {"p50": Gate(tolerance=0.2)}
    comparison = judged(history(2), head(0.0024), gates=asked)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    p50 = metric(comparison, "p50")
    assert p50.runs_needed is not None
    assert p50.runs_needed > 2
    assert str(p50.runs_needed) in p50.reason
    assert judged(history(2), head(0.0024), gates=asked, fail_on=("inconclusive",)).failed


def test_runs_of_another_test_and_later_ones_do_not_count() -> None:
    other = [replace(run, test={"name": "other"}, result={"id": f"o{i}"}) for i, run in enumerate(history(5, p50=0.02))]
    comparison = judged([*other, *history(4)], head())
    assert comparison.base is not None
    assert len(comparison.base.runs) == 4


def test_the_window_is_kept() -> None:
    comparison = judged(history(30), head(), window=7)
    assert comparison.base is not None
    assert len(comparison.base.runs) == 7
    assert comparison.base.runs[-1].id == "run-29"


def test_imported_metrics_are_compared_and_keep_their_direction() -> None:
    def run(number: int, **metrics: float) -> RunDocument:
        return a_run(number=number, metrics=metrics)

    chance = random.Random(3)
    base = [
        run(i, startup=3 * (1 + chance.gauss(0, 0.02)), throughput=900 * (1 + chance.gauss(0, 0.02))) for i in range(12)
    ]
    gates = {"startup": Gate(tolerance=0.1), "throughput": Gate(tolerance=0.1)}
    comparison = judged(base, run(20, startup=2.0, throughput=500.0), gates=gates)
    assert metric(comparison, "startup").verdict is Verdict.IMPROVED
    assert metric(comparison, "throughput").verdict is Verdict.REGRESSED
    assert comparison.failed


def test_a_level_that_improved_for_good_is_the_norm() -> None:
    """Half of the window is from before the service became twice as fast: the old runs do not blur the norm."""
    old = history(10)
    new = [noisy_run(random.Random(100 + i), 0.001, number=20 + i) for i in range(10)]
    inputs = metric(judged([*old, *new], head(0.0014)), "p50").inputs
    assert inputs is not None
    assert len(inputs.raw_base) == 10
    assert metric(judged([*old, *new], head(0.0016)), "p50").verdict is Verdict.REGRESSED


def test_a_distribution_without_values_is_no_crash() -> None:
    empty = replace(latency(0.002), count=0, percentiles={}, mean=None)
    run = a_run(*(replace(a_round("head", i), latency=empty) for i in range(3)), number=9)
    comparison = judged(history(3, reference=None), run)
    assert comparison.verdict is not Verdict.REGRESSED
