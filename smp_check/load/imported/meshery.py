"""Meshery's stored results: Fortio's result with extras, in two spellings, one or many to a file.

Fields of 2019 to 2025 are snake_case, since 2026 camelCase (meshery/meshery: server/models/load-test.go). With
Kubernetes, ``runner_results`` also holds ``kubernetes`` and ``detected-meshes``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from smp_check.errors import InputError
from smp_check.load.adapters.fields import Fields, SourceError
from smp_check.load.adapters.fortio_result import is_fortio, read_fortio
from smp_check.load.imported.prometheus import averages
from smp_check.load.imported.source import Content, Imported
from smp_check.spec.messages.mesh import MESH_TYPE
from smp_check.spec.overrides import mesh_type

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*(Ki|Mi|Gi|Ti|k|M|G|T|m)?")
_FACTORS = {None: 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_FACTORS |= {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
_LISTS = ("results", "data")


def _records(content: Content) -> list[Mapping[str, Any]]:
    """The stored results of a file: one, several, or a page of the API with a list in it."""
    values = content.values or _yaml(content)
    found: list[Mapping[str, Any]] = []
    for value in values:
        if not isinstance(value, Mapping):
            continue
        pages = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
        candidates = [value] if _runner(value) else [each for page in pages for each in page]
        found += [each for each in candidates if isinstance(each, Mapping) and _runner(each)]
    return found


def _yaml(content: Content) -> Sequence[Any]:
    if "runner_results" not in content.text and "runnerResults" not in content.text:
        return []
    from smp_check.spec.reading import read_documents

    try:
        read = [document.value for document in read_documents(content.text.encode(), content.name)]
    except InputError:
        return []
    return read[0] if len(read) == 1 and isinstance(read[0], list) else read


def _runner(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The generator's own results: an object in the API, a list of one on the SMP site."""
    value = record.get("runner_results", record.get("runnerResults"))
    listed = value if isinstance(value, list) else [value]
    return [each for each in listed if is_fortio(each)]


def is_meshery(content: Content) -> bool:
    """Whether a file holds stored results of Meshery."""
    return bool(_records(content))


def read_meshery(content: Content) -> list[Imported]:
    """Read every stored result."""
    found = [_imported(record, value) for record in _records(content) for value in _runner(record)]
    if not found:
        raise SourceError(f"{content.name} holds no result of Meshery")
    return found


def _imported(record: Mapping[str, Any], value: Mapping[str, Any]) -> Imported:
    fields, runner = Fields(record), Fields(value)
    reading = read_fortio(value)
    generator = runner.text("load-generator")
    reading = replace(reading, generator=generator) if generator else reading
    labels = {
        f"meshery/{name}": text
        for name, keys in (
            ("id", ("meshery_id", "mesheryId")),
            ("profile", ("performance_profile", "performanceProfile")),
            ("test_id", ("test_id", "testId")),
        )
        for key in keys
        if (text := fields.text(key))
    }
    mesh, unknown = _mesh(fields.text("mesh") or _detected(runner))
    return Imported(
        reading=reading,
        name=fields.text("name"),
        mesh=mesh,
        environment=_environment(runner.inner("kubernetes")),
        labels=labels | ({"meshery/mesh": unknown} if unknown else {}),
        metrics=averages(record.get("server_metrics", record.get("serverMetrics"))),
        start=fields.time("test_start_time") or fields.time("testStartTime"),
    )


def _detected(runner: Fields) -> str | None:
    """The one mesh that was found in the cluster."""
    names = list(runner.inner("detected-meshes"))
    return names[0] if len(names) == 1 else None


def _mesh(text: str | None) -> tuple[dict[str, Any], str | None]:
    """SMP's mesh, and what was said where SMP has no such mesh; Meshery says "No mesh" for none."""
    if text is None or text.strip().lower() in {"", "no mesh", "none", "null"}:
        return {}, None
    kind = mesh_type(text)
    candidates = (kind, f"{kind}_MESH", f"{kind}_SERVICE_MESH", kind.removesuffix("_SERVICE_MESH"))
    known = next((each for each in candidates if each in MESH_TYPE.values and each != "INVALID_MESH"), None)
    return ({"mesh_type": {"type": known}}, None) if known else ({}, text)


def _environment(kubernetes: Fields) -> dict[str, Any]:
    """The cluster, as SMP describes it; quantities are Kubernetes' own (``4``, ``16393244Ki``)."""
    nodes = []
    for node in kubernetes.inners("nodes"):
        cores, memory = _quantity(node.raw("capacity_cpu")), _quantity(node.raw("capacity_memory"))
        known = {"cores": cores and round(cores), "mem_mb": memory and round(memory / 1e6)}
        filled = {name: number for name, number in known.items() if number}
        if filled:
            nodes.append(filled)
    version = kubernetes.text("server_version")
    return {**({"kubernetes_version": version} if version else {}), **({"nodes": nodes} if nodes else {})}


def _quantity(value: Any) -> float | None:
    match = _QUANTITY.fullmatch(str(value).strip()) if isinstance(value, (str, int, float)) else None
    return float(match[1]) * _FACTORS[match[2]] if match and len(match[1]) < 20 else None
