"""Every example is what it is said to be: configurations conform, workflows pass actionlint and zizmor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
WORKFLOWS = sorted(path for path in (EXAMPLES / "workflows").glob("*.yml") if path.name != "zizmor.yml")
CONFIGURATIONS = sorted(path for path in EXAMPLES.rglob("*.yaml") if "\ntest:\n" in path.read_text(encoding="utf-8"))
MESHES = ("istio", "linkerd", "consul")


def named(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


def binary(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def steps(workflow: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=named)
def test_configurations_conform(tool: Any, path: Path) -> None:
    finished = tool("validate", "--strict", path)
    assert finished.code == 0, finished.out


def test_all_meshes_have_a_configuration_and_a_workflow() -> None:
    for mesh in MESHES:
        assert EXAMPLES / f"kubernetes/{mesh}.yaml" in CONFIGURATIONS
        assert EXAMPLES / f"workflows/{mesh}.yml" in WORKFLOWS


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_workflows_pass_actionlint(path: Path) -> None:
    finished = subprocess.run([binary("actionlint"), "-no-color", str(path)], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_workflows_pass_zizmor() -> None:
    """The strictest persona; smp-check itself may be named by its release, everything else by hash."""
    config = EXAMPLES / "workflows/zizmor.yml"
    command = [binary("zizmor"), "--offline", "--no-progress", "--config", str(config), *map(str, WORKFLOWS)]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_workflows_use_what_is_there(path: Path) -> None:
    """Configurations, scripts and inputs that a workflow names exist; nobody has more rights than needed."""
    inputs = set(yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"])
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    used = [step for step in steps(path) if step.get("uses", "").startswith("smp-check/smp-check@")]
    assert used
    for step in used:
        assert set(step["with"]) <= inputs
        config = step["with"]["config"]
        for name in [config.replace("${{ matrix.mesh }}", mesh) for mesh in MESHES]:
            assert (ROOT / name).is_file()
    for step in steps(path):
        script = step.get("run", "").split()
        if script and script[0].startswith("examples/"):
            assert os.access(ROOT / script[0], os.X_OK)


def fake(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{folder}/calls"\n')
    path.chmod(0o755)


@pytest.mark.parametrize("mesh", MESHES)
def test_the_cluster_script_installs_the_mesh_it_is_asked_for(tmp_path: Path, mesh: str) -> None:
    """With doubles of the tools: the cluster first, then the mesh, then the service in it and beside it."""
    for name in ("kind", "kubectl", "helm", "curl", ".linkerd2/bin/linkerd"):
        fake(tmp_path, name)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    command = [str(EXAMPLES / "kubernetes/up.sh"), mesh]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[0].startswith("kind create cluster")
    assert sum("create namespace" in call for call in calls) == 2
    assert any(mesh in call for call in calls[1:])
    assert [call.rpartition("=")[2] for call in calls if "create service nodeport" in call] == ["30080", "30081"]
    assert calls[-1].endswith("http://127.0.0.1:8081/")


def test_the_cluster_script_knows_no_other_mesh(tmp_path: Path) -> None:
    finished = subprocess.run([str(EXAMPLES / "kubernetes/up.sh"), "other"], capture_output=True, text=True)
    assert finished.returncode == 2
    assert "istio|linkerd|consul" in finished.stderr


def test_the_ports_of_the_cluster_are_those_of_the_configurations() -> None:
    kind = yaml.safe_load((EXAMPLES / "kubernetes/kind.yaml").read_text(encoding="utf-8"))
    ports = {each["containerPort"]: each["hostPort"] for each in kind["nodes"][0]["extraPortMappings"]}
    assert ports == {30080: 8080, 30081: 8081}
    for mesh in MESHES:
        configuration = yaml.safe_load((EXAMPLES / f"kubernetes/{mesh}.yaml").read_text(encoding="utf-8"))
        assert configuration["test"]["clients"][0]["endpoint_urls"] == ["http://127.0.0.1:8080/"]
        assert configuration["check"]["reference"] == "http://127.0.0.1:8081/"
