"""JUnit output: valid by the schemas that readers go by, and red exactly where the gate is."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from smp_check.report.legs import render_many
from smp_check.report.render import render
from smp_check.verdict.model import Comparison
from tests.report.hostile import CORPUS, poisoned
from tests.report.situations import SITUATIONS

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "junit.xsd")


def failing(comparison: Comparison) -> set[str]:
    suite = ElementTree.fromstring(render(comparison, "junit")).find("testsuite")
    assert suite is not None
    cases = list(suite.iter("testcase"))
    red = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    assert int(suite.get("tests", "")) == len(cases)
    assert int(suite.get("failures", "")) + int(suite.get("errors", "")) == len(red)
    return {case.get("name", "") for case in red}


@pytest.mark.parametrize("name", SITUATIONS)
def test_valid(name: str) -> None:
    SCHEMA.validate(render(SITUATIONS[name](), "junit"))


def test_valid_with_many_legs() -> None:
    SCHEMA.validate(render_many([(name, make()) for name, make in SITUATIONS.items()], "junit"))


@pytest.mark.parametrize("text", CORPUS[::4], ids=lambda text: ascii(text[:30]))
def test_valid_whatever_the_names(text: str) -> None:
    SCHEMA.validate(render(poisoned(text), "junit"))


def test_red_where_the_gate_is() -> None:
    assert failing(SITUATIONS["regressed"]()) == {"p50", "p90", "gate"}
    assert failing(SITUATIONS["inconclusive"]()) == {"p50", "cpu_per_request", "gate"}
    assert failing(SITUATIONS["many-clients"]()) == {"p90", "gate"}
    for name in ("unchanged", "improved", "no-baseline", "not-comparable"):
        assert failing(SITUATIONS[name]()) == set()


def test_a_bad_measurement_is_an_error_and_not_a_failed_test() -> None:
    from dataclasses import replace

    from smp_check.verdict.model import Verdict

    broken = replace(SITUATIONS["invalid"](), verdict=Verdict.INCONCLUSIVE, metrics=())
    root = ElementTree.fromstring(render(broken, "junit"))
    assert root.find("testsuite/testcase/error") is not None
    assert root.find("testsuite/testcase/failure") is None
