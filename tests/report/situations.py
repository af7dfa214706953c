"""The comparisons that golden files show in every format: one for each thing that can be said."""

from __future__ import annotations

from dataclasses import replace

from smp_check.verdict.model import Anchor, Comparison, ConformanceSummary, Policy
from tests.report.cases import BASE, FORTIO, comparison, mismatch, remark, without_base

CALM = (
    "p50: 10.0ms -> 10.1ms = +0.6% [-1.8% .. +3.0%] unchanged; the same within 10 %",
    "p90: 16.6ms -> 16.9ms = +1.5% [-3.2% .. +6.4%] unchanged; the same within 25 %; sees 11%",
    "p99: 25.4ms -> 26.0ms = +2.4% [-9.1% .. +15.3%] unchanged; the same within 50 %; sees 28%",
    "qps: 200/s -> 200/s = +0.0% [-0.1% .. +0.1%] unchanged; the same within 5 %; sees 0.3%",
    "error_rate: 0% -> 0% unchanged; at most 1 % is allowed",
)


def regressed() -> Comparison:
    return comparison(
        "regressed",
        "p50 and p90 regressed: p50 by 23 % (19 to 27 %), p90 by 31 % (22 to 41 %).",
        "p50: 10.0ms -> 12.3ms = +23% [+19% .. +27%] regressed; slower by more than noise and more than the 10 % floor",
        "p90: 16.6ms -> 21.7ms = +31% [+22% .. +41%] regressed; slower by more than noise and more than the 25 % floor",
        "p99: 25.4ms -> 30.1ms = +18% [-4% .. +46%] inconclusive; needs 40 rounds; the interval reaches from −4 % to "
        "+46 %; sees 28%",
        *CALM[3:],
        "p99.9: 41ms -> 44ms = +7% [-30% .. +64%] inconclusive; report-only; few samples",
        head_median=0.0123,
        anchor=Anchor(wanted="c" * 40, used=BASE, distance=3),
    )


def unchanged() -> Comparison:
    return comparison("unchanged", "Nothing changed: all 5 metrics are the same within their tolerance.", *CALM)


def improved() -> Comparison:
    return comparison(
        "improved",
        "p50 improved by 21 % (17 to 25 %); nothing regressed.",
        "p50: 10.0ms -> 7.9ms = -21% [-25% .. -17%] improved; faster by more than noise and more than the 10 % floor",
        *CALM[1:],
        head_median=0.0079,
    )


def inconclusive() -> Comparison:
    return comparison(
        "inconclusive",
        "p50 cannot be decided: the change lies between −6 % and +19 %.",
        "p50: 10.0ms -> 10.6ms = +6% [-6% .. +19%] inconclusive; needs 60 rounds; between −6 % and +19 %; sees 17%",
        "cpu_per_request: 412us-cpu -> 430us-cpu = +4% [-5% .. +14%] inconclusive; needs 8 runs; between −5 and +14 %",
        *CALM[1:],
        policy=Policy(fail_on=("regression", "measurement", "inconclusive"), gates={"p50": {"tolerance": 0.1}}),
    )


def no_baseline() -> Comparison:
    return without_base(
        comparison(
            "no-baseline",
            "No baseline yet: this run has nothing to be compared with.",
            "p50: - -> 10.1ms no-baseline; nothing to compare with",
            "p99: - -> 26.0ms no-baseline; nothing to compare with",
            "qps: - -> 200/s no-baseline; nothing to compare with",
        )
    )


def not_comparable() -> Comparison:
    made = comparison(
        "not-comparable",
        "Not comparable with the baseline: 3 fields differ.",
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
        "inconclusive",
        "The measurement is not valid: 12.4 % of the requests failed.",
        "p50: 10.0ms -> 4.1ms = -59% [-62% .. -55%] inconclusive; not judged, too many requests failed",
        "error_rate: 0% -> 12.4% inconclusive; missed: error_rate is 12.40 %, at most 1 % is allowed",
        failed=True,
        failures=("12.4 % of the requests failed, at most 1 % is allowed",),
        remarks=(
            remark("errors", "error", "12.4 % of the requests failed: 496 with status 503"),
            remark("saturated", "warning", "client-1 reached 161/s of the 200/s asked for"),
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
        "p90 of checkout regressed by 29 % (20 to 39 %), and search misses its objective.",
        "checkout/p50: 8.1ms -> 8.3ms = +2% [-1% .. +5%] unchanged; the same within 10 %",
        "checkout/p90: 14ms -> 18ms = +29% [+20% .. +39%] regressed; slower by more than noise and the 25 % floor",
        "search/p50: 21ms -> 21ms = +0.4% [-3% .. +4%] unchanged; the same within 10 %",
        "search/p90: 44ms -> 46ms = +4% [-6% .. +15%] unchanged; missed: p90 is 46.0 ms, at most 45.0 ms is allowed",
        "upload/p50: 1.2s -> 1.1s = -8% [-14% .. -2%] unchanged; the same within 10 %",
        "upload/qps: 1250/s -> 1249/s = -0.1% [-0.4% .. +0.3%] unchanged; the same within 5 %",
        "all/sidecar_cpu_per_krps: 312mcores -> 318mcores = +2% [+0.1% .. +4%] unchanged; the same within 5 %",
        "all/sidecar_memory: 58.2MB -> 61.0MB = +5% [+3% .. +7%] regressed; report-only; more by 5 %",
        mesh="ISTIO",
    )


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
    )
}
