"""What the head adds to the base: shown where the same code was measured at two addresses, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smp_check.report.overhead import overhead
from smp_check.report.render import render
from tests.report.situations import SITUATIONS

MESH = SITUATIONS["mesh-overhead"]()


def added(name: str) -> str:
    found = overhead(MESH)
    assert found is not None
    return next(row.added for row in found.rows if row.metric == name)


def test_latency_in_its_own_unit_with_its_interval() -> None:
    """1.02 ms and +61 % (+57 to +65 %)."""
    assert added("p50") == "+622 µs (+581 µs to +663 µs)"


def test_what_only_the_head_has_is_its_price() -> None:
    assert added("sidecar_cpu_per_krps") == "312 mcores in all"
    assert added("sidecar_mem_mb") == "61.4 MB in all"


@pytest.mark.parametrize("format_", ["markdown", "summary", "html", "text"])
def test_a_section_of_its_own(format_: str) -> None:
    found = render(MESH, format_)
    assert "what the head adds" in found.lower()
    assert "+622" in found


def test_not_for_a_change_of_the_code() -> None:
    assert overhead(SITUATIONS["side-by-side"]()) is None


def test_not_against_stored_runs() -> None:
    assert overhead(SITUATIONS["many-clients"]()) is None


def test_not_for_one_address_twice() -> None:
    assert MESH.base is not None
    assert overhead(replace(MESH, base=replace(MESH.base, targets=MESH.head.targets))) is None
