"""The comparisons that golden files show in every format: one for each thing that can be said."""
# ruff: noqa: E501 - one metric, one line

from __future__ import annotations

from dataclasses import replace

from smp_check.spec.run import Provenance
from smp_check.verdict.model import Anchor, Comparison, ConformanceSummary, Policy
from tests.report.cases import (
    BASE,
    FORTIO,
    HEAD,
    comparison,
    mismatch,
    paired,
    remark,
    side,
    without_base,
)

CALM = (
    "p50: 10.0ms -> 10.1ms = +0.6% [-1.8% .. +3.0%] unchanged; no change as large as 10 %",
    "p90: 16.6ms -> 16.9ms = +1.5% [-3.2% .. +6.4%] unchanged; no change as large as 25 %; sees 11%",
    "p99: 25.4ms -> 26.0ms = +2.4% [-9.1% .. +15.3%] unchanged; no change as large as 50 %; sees 28%",
    "qps: 200/s -> 200/s = +0.0% [-0.1% .. +0.1%] unchanged; no change as large as 5 %; sees 0.3%",
    "error_rate: 0% -> 0% unchanged; 0.00 % of the requests failed, 0.00 % before: no real difference",
)


def regressed() -> Comparison:
    return comparison(
        "regressed",
        "p50 and p90 regressed: p90 is 31 % slower, 16.6 ms → 21.7 ms.",
        "p50: 10.0ms -> 12.3ms = +23% [+19% .. +27%] regressed; 23 % slower (+19 to +27 %), more than noise explains",
        "p90: 16.6ms -> 21.7ms = +31% [+22% .. +41%] regressed; 31 % slower (+22 to +41 %), more than noise explains",
        "p99: 25.4ms -> 30.1ms = +18% [-4% .. +46%] inconclusive; needs 40 rounds; a change below 28 % would not show; "
        "sees 28%",
        *CALM[3:],
        "p99.9: 41ms -> 44ms = +7% [-30% .. +64%] inconclusive; report-only; few samples",
        head_median=0.0123,
        anchor=Anchor(wanted="c" * 40, used=BASE, distance=3),
    )


def unchanged() -> Comparison:
    return comparison("unchanged", "No change: all gated metrics are as they were.", *CALM)


def improved() -> Comparison:
    return comparison(
        "improved",
        "P50 improved; everything else is unchanged.",
        "p50: 10.0ms -> 7.9ms = -21% [-25% .. -17%] improved; 21 % faster (−25 to −17 %), more than noise explains",
        *CALM[1:],
        head_median=0.0079,
    )


def inconclusive() -> Comparison:
    return comparison(
        "inconclusive",
        "No change for the worse was found, but p50 and cpu_per_request could hide one (below 6 % in cpu_per_request).",
        "p50: 10.0ms -> 10.6ms = +6% [-6% .. +19%] inconclusive; needs 60 rounds; a change below 17 % would not show; sees 17%",
        "cpu_per_request: 412us-cpu -> 430us-cpu = +4% [-5% .. +14%] inconclusive; needs 18 runs; a change below 6 % would not show after 10 baseline runs",
        *CALM[1:],
        policy=Policy(fail_on=("regression", "measurement", "inconclusive"), gates={"p50": {"tolerance": 0.1}}),
    )


def no_baseline() -> Comparison:
    return without_base(
        comparison(
            "no-baseline",
            "No baseline yet: there is no earlier run to compare with.",
            "p50: - -> 10.1ms no-baseline; no earlier run measured it",
            "p99: - -> 26.0ms no-baseline; no earlier run measured it",
            "qps: - -> 200/s no-baseline; no earlier run measured it",
        )
    )


def not_comparable() -> Comparison:
    made = comparison(
        "not-comparable",
        "Not comparable with any earlier run: load.generator (embedded 0.1.0 before, fortio 1.69.5 now) and 2 fields more differ.",
        "p50: 10.0ms -> 14.2ms not-comparable; measured differently",
        mismatches=(
            mismatch("load.generator", "embedded 0.1.0", "fortio 1.69.5"),
            mismatch("load.connections", "8", "16"),
            mismatch("machine.cpu", "AMD EPYC 7763 64-Core Processor", "Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz"),
        ),
    )
    return replace(made, head=replace(made.head, generators={"client-1": FORTIO}))


def invalid() -> Comparison:
    return comparison(
        "regressed",
        "The measurement cannot be trusted: client-1: 12.40 % of the requests failed (status), more than the 1.00 % allowed.",
        "p50: 10.0ms -> 4.1ms = -59% [-62% .. -55%] inconclusive; 12.40 % of the requests failed; the latencies of the others say nothing",
        "error_rate: 0% -> 12.4% regressed; missed: error_rate is 12.40 %, above the objective of 1.00 %",
        failed=True,
        failures=(
            "error_rate is 12.40 %, above the objective of 1.00 %",
            "client-1: 12.40 % of the requests failed (status), more than the 1.00 % allowed",
        ),
        remarks=(
            remark(
                "errors", "error", "client-1: 12.40 % of the requests failed (status), more than the 1.00 % allowed"
            ),
            remark("saturated", "warning", "client-1: only 80.5 % of the requested 200/s were reached"),
            remark("noisy", "note", "2 of 10 rounds were noisy: CPU steal above 5 %"),
        ),
        conformance=ConformanceSummary(
            conformant=False,
            errors=1,
            warnings=1,
            findings=(
                {
                    "id": "SMP107",
                    "severity": "error",
                    "pointer": "/test/clients/0/endpoint_url",
                    "message": "unknown field endpoint_url",
                    "fix": "did you mean endpoint_urls?",
                },
                {
                    "id": "SMP305",
                    "severity": "warning",
                    "pointer": "/result/latencies_ms/p99",
                    "message": "only 161 samples stand behind p99",
                    "fix": "measure longer",
                },
            ),
        ),
    )


def many_clients() -> Comparison:
    """Three clients through a mesh, what its proxies cost, and a broken objective."""
    return comparison(
        "regressed",
        "p90 of checkout regressed: it is 29 % slower, 14.0 ms → 18.0 ms; p90 is 46.0 ms, above the objective of 45.0 ms.",
        "checkout/p50: 8.1ms -> 8.3ms = +2% [-1% .. +5%] unchanged; no change as large as 10 %",
        "checkout/p90: 14ms -> 18ms = +29% [+20% .. +39%] regressed; 29 % slower (+20 to +39 %), more than noise explains",
        "search/p50: 21ms -> 21ms = +0.4% [-3% .. +4%] unchanged; no change as large as 10 %",
        "search/p90: 44ms -> 46ms = +4% [-6% .. +15%] regressed; missed: p90 is 46.0 ms, above the objective of 45.0 ms",
        "upload/p50: 1.2s -> 1.1s = -8% [-14% .. -2%] unchanged; no change as large as 10 %",
        "upload/qps: 1250/s -> 1249/s = -0.1% [-0.4% .. +0.3%] unchanged; no change as large as 5 %",
        "all/sidecar_cpu_per_krps: 312mcores -> 318mcores = +2% [+0.1% .. +4%] unchanged; no change as large as 5 %",
        "all/sidecar_mem_mb: 58.2MB -> 61.0MB = +5% [+3% .. +7%] regressed; report-only; more by 5 %",
        mesh="ISTIO",
    )


def side_by_side() -> Comparison:
    """Base and head of a pull request, started afresh six times."""
    made = comparison(
        "regressed",
        "p50 regressed: it is 5.2 % slower, 10.0 ms → 10.5 ms.",
        "p50: 10.0ms -> 10.5ms = +5.2% [+4.1% .. +6.3%] regressed; 5.2 % slower (+4.1 to +6.3 %), more than noise explains; sees 3%",
        "p90: 16.6ms -> 17.1ms = +3% [-2% .. +8%] unchanged; no change as large as 25 %; sees 9%",
        "qps: 200/s -> 200/s = +0.0% [-0.1% .. +0.1%] unchanged; no change as large as 5 %; sees 0.3%",
        base=side(
            BASE,
            1,
            0.010,
            ["client-1"],
            provenance=Provenance(commit=BASE, branch="main"),
            targets=("http://127.0.0.1:41001/",),
        ),
        head=side(HEAD, 1, 0.0105, ["client-1"], targets=("http://127.0.0.1:41002/",)),
    )
    return paired(made, 6)


def mesh_overhead() -> Comparison:
    """The service itself against the way through two sidecars."""
    made = comparison(
        "regressed",
        "p50 and p99 regressed: p50 is 61 % slower, 1.02 ms → 1.64 ms.",
        "p50: 1.02ms -> 1.64ms = +61% [+57% .. +65%] regressed; 61 % slower (+57 to +65 %), more than noise explains; sees 5%",
        "p90: 1.61ms -> 2.42ms = +50% [+43% .. +58%] regressed; report-only; 50 % slower (+43 to +58 %), more than noise explains; sees 9%",
        "p99: 2.53ms -> 4.11ms = +62% [+40% .. +88%] regressed; 62 % slower (+40 to +88 %), more than noise explains; sees 21%",
        "qps: 500/s -> 500/s = +0.0% [-0.1% .. +0.1%] unchanged; no change as large as 5 %; sees 0.3%",
        "sidecar_cpu_per_krps: - -> 312mcores no-baseline; report-only; no earlier run measured it",
        "sidecar_mem_mb: - -> 61.4MB no-baseline; report-only; no earlier run measured it",
        mesh="ISTIO",
        base=side(HEAD, 1, 0.00102, ["client-1"], targets=("http://127.0.0.1:8080/",)),
        head=side(HEAD, 1, 0.00164, ["client-1"], targets=("http://127.0.0.1:15001/",)),
        remarks=(
            remark(
                "one-launch",
                "note",
                "both sides were started once only: what a fresh start changes by chance is assumed to be 1 %, not measured; give start commands to have it measured",
            ),
        ),
    )
    return paired(made, 1)


SITUATIONS = {
    each.__name__.replace("_", "-"): each
    for each in (
        regressed,
        unchanged,
        improved,
        inconclusive,
        no_baseline,
        not_comparable,
        invalid,
        many_clients,
        side_by_side,
        mesh_overhead,
    )
}
