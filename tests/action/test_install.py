"""The install script in a hostile workspace: our code runs, and nothing of the job is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(180)
def test_it_installs_apart_from_the_job(tmp_path: Path) -> None:
    """Files called jinja2.py and pip.py in the checkout, a hostile PYTHONPATH, PIP_TARGET, and a space in the path."""
    action = tmp_path / "my action"
    for name in ("scripts", "requirements", "smp_check", "templates"):
        shutil.copytree(ROOT / name, action / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = {path: path.stat().st_mtime_ns for path in action.rglob("*")}
    workspace = tmp_path / "work space"
    workspace.mkdir()
    for name in ("jinja2", "pip", "venv", "smp_check", "click"):
        (workspace / f"{name}.py").write_text("raise SystemExit('the workspace was imported')")
    output = tmp_path / "output"
    output.touch()
    environment = os.environ | {
        "GITHUB_ACTION_PATH": str(action),
        "GITHUB_OUTPUT": str(output),
        "RUNNER_TEMP": str(tmp_path / "runner temp"),
        "RUNNER_OS": "Linux",
        "SMP_PYTHON": sys.executable,
        "PYTHONPATH": str(workspace),
        "PIP_TARGET": str(workspace / "target"),
        "PIP_USER": "1",
    }
    environment.pop("VIRTUAL_ENV", None)
    command = ["bash", str(action / "scripts/install.sh")]
    subprocess.run(command, cwd=workspace, env=environment, check=True)
    python = output.read_text().removeprefix("python=").strip()
    shown = subprocess.run(
        [python, "-I", "-m", "smp_check", "--version"], cwd=workspace, env=environment, capture_output=True, text=True
    )
    assert shown.stdout.startswith("smp-check "), shown.stderr
    fine = subprocess.run(
        [python, "-I", "-m", "smp_check", "init", "--dry-run", "."], cwd=workspace, env=environment, capture_output=True
    )
    assert fine.returncode == 0, "templates were copied, too"
    assert {path: path.stat().st_mtime_ns for path in action.rglob("*")} == before
    assert sorted(path.name for path in workspace.iterdir()) == sorted(
        f"{name}.py" for name in ("jinja2", "pip", "venv", "smp_check", "click")
    )
    again = subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True)
    assert again.returncode == 0
    assert output.read_text().count(python) == 2, "a second use in the same job installs nothing"


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    """With the input that mends it."""
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "GITHUB_ACTION_PATH": str(ROOT), "SMP_PYTHON": str(old)}
    done = subprocess.run(["bash", str(ROOT / "scripts/install.sh")], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "`python`" in done.stdout
