"""Write the published JSON Schemas and docs/rules.md anew: ``python -m tests.spec.regenerate``.

``check.json`` is written by hand; everything else follows from tables and dataclasses.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smp_check.spec.messages import MESSAGES
from smp_check.spec.rules import RULES
from smp_check.spec.rules.text import rules_page
from smp_check.spec.run import Details
from smp_check.verdict.model import Comparison
from tests.spec.schema_source import (
    Dataclasses,
    definitions,
    message_properties,
    of_message,
    published,
    reference,
    short,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "smp_check/spec/schemas"
RULES_PAGE = ROOT / "docs/rules.md"
PARTS = {
    "test": "PerformanceTestConfig",
    "mesh": "ServiceMeshConfig",
    "environment": "EnvironmentConfig",
    "result": "PerformanceTestResult",
}


def kebab(name: str) -> str:
    text = short(name)
    if text.isupper():
        return text.lower()
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in text).lstrip("-")


def part_properties() -> dict[str, Any]:
    return {key: {"description": MESSAGES[name].description, **reference(name)} for key, name in PARTS.items()}


def all_definitions() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in PARTS.values():
        found |= definitions([MESSAGES[name], *within(MESSAGES[name])])
    return found


def run_schema() -> dict[str, Any]:
    source = Dataclasses()
    envelope = {"description": "Version of this envelope.", "type": "string", "const": "1"}
    details = {"description": "Everything that SMP has no field for.", **source.reference(Details)}
    return published(
        "run",
        {
            "title": "run document",
            "description": "One run: the four SMP messages as they are, and what SMP has no field for.",
            "type": "object",
            "properties": {"smp_check": envelope, **part_properties(), "details": details},
            "required": ["smp_check", *PARTS, "details"],
            "additionalProperties": False,
        },
        all_definitions() | source.defs,
    )


def comparison_schema() -> dict[str, Any]:
    source = Dataclasses()
    schema = source.object(Comparison)
    schema["title"] = "comparison document"
    schema["properties"]["smp_check_comparison"]["const"] = "1"
    return published("comparison", schema, source.defs)


def configured_mesh() -> dict[str, Any]:
    """``mesh:`` may be SMP's whole mesh configuration, or the mesh alone as Meshery's files have it."""
    whole, bare = MESSAGES["ServiceMeshConfig"], MESSAGES["ServiceMesh"]
    return {
        "title": "mesh",
        "description": "The mesh under test: SMP's ServiceMeshConfig, or its ServiceMesh alone (type: ISTIO).",
        "type": ["object", "null"],
        "properties": message_properties(whole) | message_properties(bare),
        "additionalProperties": False,
    }


def configuration_schema() -> dict[str, Any]:
    check = json.loads((SCHEMAS / "check.json").read_text(encoding="utf-8"))
    defs = all_definitions() | {"ConfiguredMesh": configured_mesh()} | check.pop("$defs")
    defs["EnvironmentConfig"]["type"] = ["object", "null"]
    del defs["ServiceMeshConfig"], defs["PerformanceTestResult"], defs["Latency"], check["$schema"], check["$id"]
    parts = part_properties()
    return published(
        "configuration",
        {
            "title": "smp-check configuration",
            "description": "What one check does: SMP's test, mesh and environment, and smp-check's own options.",
            "type": "object",
            "properties": {
                "test": parts["test"],
                "mesh": {"description": configured_mesh()["description"], "$ref": "#/$defs/ConfiguredMesh"},
                "environment": parts["environment"],
                "check": {"description": check["description"], "$ref": "#/$defs/check"},
            },
            "required": ["test"],
            "additionalProperties": False,
        },
        defs | {"check": check},
    )


def schemas() -> Mapping[str, dict[str, Any]]:
    """Every generated schema by its published name."""
    made = {key: of_message(key, MESSAGES[name]) for key, name in PARTS.items()}
    made |= {kebab(n): of_message(kebab(n), m) for n, m in MESSAGES.items() if n not in PARTS.values()}
    made |= {"run": run_schema(), "comparison": comparison_schema(), "configuration": configuration_schema()}
    return made


def as_text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    for name, schema in schemas().items():
        (SCHEMAS / f"{name}.json").write_text(as_text(schema), encoding="utf-8")
    RULES_PAGE.parent.mkdir(exist_ok=True)
    RULES_PAGE.write_text(rules_page(RULES.values()), encoding="utf-8")


if __name__ == "__main__":
    main()
