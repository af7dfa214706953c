"""Checks of a configuration: SMP's parts, and ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from smp_check.spec.findings import Severity
from smp_check.spec.gates import METRICS, quantity, share
from smp_check.spec.rules import breach
from smp_check.spec.semantics.parts import check_environment, check_http_url, check_mesh, check_service_mesh
from smp_check.spec.semantics.test import check_test
from smp_check.units import parse_duration

if TYPE_CHECKING:
    from smp_check.spec.findings import Finding


def check_configuration(value: Mapping[str, Any]) -> Iterator[Finding]:
    """``test:``, ``mesh:``, ``environment:`` and ``check:``."""
    parts = {name: part if isinstance(part := value.get(name), Mapping) else {} for name in _PARTS}
    yield from check_test(parts["test"], "/test", runnable=True)
    yield from check_mesh(parts["mesh"], "/mesh")
    yield from check_service_mesh(parts["mesh"], "/mesh")
    if "type" in parts["mesh"] and "mesh_type" in parts["mesh"]:
        yield breach("SMP217", "/mesh/type", "the mesh is given as type and as mesh_type", "keep one of the two")
    yield from check_environment(parts["environment"], "/environment")
    yield from _check(parts["check"], parts)


_PARTS = ("test", "mesh", "environment", "check")


def _check(check: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    yield from _lengths(check, parts["test"])
    yield from _minima(check)
    yield from _gates(_mapping(check, "gates"))
    reference = check.get("reference")
    if isinstance(reference, str) and reference not in ("builtin", "none", ""):
        yield from check_http_url(reference, "/check/reference")
    if isinstance(check.get("ready_url"), str):
        yield from check_http_url(check["ready_url"], "/check/ready_url")
    yield from _observed(_mapping(check, "observe"), parts["environment"])


def _mapping(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, Mapping) else {}


def _seconds(text: Any) -> float | None:
    try:
        return parse_duration(text) if isinstance(text, str) and text else None
    except ValueError:
        return None


def _lengths(check: Mapping[str, Any], test: Mapping[str, Any]) -> Iterator[Finding]:
    duration, length = _seconds(test.get("duration")), _seconds(check.get("round"))
    if length is not None and length <= 0:
        yield breach("SMP221", "/check/round", f"a round of {check['round']} measures nothing", "write 2s")
    elif length is not None and duration is not None and 0 < duration < length:
        what = f"a round of {check['round']} does not fit into a test of {test['duration']}"
        yield breach("SMP221", "/check/round", what, "make the round shorter or the test longer")
    for name in ("warmup", "confirm"):
        seconds = _seconds(check.get(name))
        if seconds is not None and seconds < 0:
            yield breach("SMP221", f"/check/{name}", f"{check[name]} is negative", "write 0s for none")


def _minima(check: Mapping[str, Any]) -> Iterator[Finding]:
    launches, baseline = _mapping(check, "launches"), _mapping(check, "baseline")
    for at, least, most in (
        ("/check/launches/min", launches.get("min"), launches.get("max", 12)),
        ("/check/baseline/window", baseline.get("window"), baseline.get("keep", 200)),
    ):
        if isinstance(least, int) and isinstance(most, int) and least > most:
            other = "max" if at.endswith("min") else "keep"
            yield breach(
                "SMP221", at, f"{least} is more than {other}, which is {most}", f"raise {other}, or lower this"
            )


def _gates(gates: Mapping[str, Any]) -> Iterator[Finding]:
    for metric, gate in gates.items():
        at = f"/check/gates/{metric.replace('~', '~0').replace('/', '~1')}"
        if metric not in METRICS:
            from difflib import get_close_matches

            near = get_close_matches(metric[:40], METRICS, n=1)
            fix = f"did you mean {near[0]}?" if near else f"metrics of load tests are {', '.join(METRICS)}"
            weight = Severity.ERROR if near else Severity.WARNING  # imported series have metrics of their own
            yield breach("SMP220", at, f"no load test measures {metric[:40]!r}", fix, severity=weight)
        if isinstance(gate, Mapping):
            yield from _gate(metric, gate, at)


def _gate(metric: str, gate: Mapping[str, Any], at: str) -> Iterator[Finding]:
    if "tolerance" in gate and "max_increase" in gate:
        yield breach(
            "SMP220", f"{at}/max_increase", "max_increase is another word for tolerance", "keep one of the two"
        )
    numbers = {}
    for name in ("tolerance", "max_increase", "absolute", "max", "min"):
        given = gate.get(name)
        if isinstance(given, (str, int, float)):
            try:
                numbers[name] = share(given) if name in ("tolerance", "max_increase") else quantity(metric, given)
            except ValueError as fault:
                what, _, fix = str(fault).partition("; ")
                yield breach("SMP220", f"{at}/{name}", what, fix)
    if "min" in numbers and "max" in numbers and numbers["min"] > numbers["max"]:
        yield breach("SMP221", f"{at}/min", "min is more than max", "were the two swapped?")


def _observed(observe: Mapping[str, Any], environment: Mapping[str, Any]) -> Iterator[Finding]:
    server = environment.get("traffic_metadata", {}).get("prometheus_url")
    for component, watched in observe.items():
        several = watched if isinstance(watched, list) else [watched]
        for index, one in enumerate(several):
            at = f"/check/observe/{component}" + (f"/{index}" if isinstance(watched, list) else "")
            if not isinstance(one, Mapping):
                continue
            if "prometheus" in one and not server:
                yield breach(
                    "SMP221",
                    f"{at}/prometheus",
                    "no Prometheus server to ask",
                    "add environment.traffic_metadata.prometheus_url",
                )
            if isinstance(one.get("envoy_admin"), str):
                yield from check_http_url(one["envoy_admin"], f"{at}/envoy_admin")
