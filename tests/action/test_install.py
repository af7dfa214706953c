"""The install script in a hostile workspace: our code runs, and nothing of the job is changed."""

from __future__ import annotations

import os
import re
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


@pytest.mark.timeout(180)
def test_an_old_pip_helps_itself(tmp_path: Path) -> None:
    """Distributions' pip does not know --python yet, and RUNNER_OS is not set everywhere: a pip of our own is used."""
    old = tmp_path / "python3"
    old.write_text(f'#!/bin/sh\ncase "$*" in *"pip --python"*) exit 2 ;; esac\nexec {sys.executable} "$@"\n')
    old.chmod(0o755)
    output = tmp_path / "output"
    environment = {name: value for name, value in os.environ.items() if name not in {"RUNNER_OS", "VIRTUAL_ENV"}}
    environment |= {"GITHUB_ACTION_PATH": str(ROOT), "GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(tmp_path)}
    command = ["bash", str(ROOT / "scripts/install.sh")]
    subprocess.run(command, cwd=tmp_path, env=environment | {"SMP_PYTHON": str(old)}, check=True)
    python = output.read_text().removeprefix("python=").strip()
    shown = subprocess.run([python, "-I", "-m", "smp_check", "--version"], capture_output=True, text=True)
    assert shown.stdout.startswith("smp-check "), shown.stderr


@pytest.mark.timeout(180)
def test_the_first_python_that_answers_is_taken(tmp_path: Path) -> None:
    """A python3 that is an advertisement (Windows has one on its PATH) is passed over."""
    places = tmp_path / "places"
    places.mkdir()
    (places / "python3").write_text("#!/bin/sh\necho 'Python was not found; run it to install'\nexit 9\n")
    (places / "python").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\nexit 7\n')
    for path in places.iterdir():
        path.chmod(0o755)
    environment = {"PATH": f"{places}{os.pathsep}{os.environ['PATH']}", "GITHUB_ACTION_PATH": str(ROOT)}
    done = subprocess.run(["bash", str(ROOT / "scripts/install.sh")], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "-I -c" in (tmp_path / "asked").read_text(), "the second was asked, too"


def test_the_script_is_for_every_bash(tmp_path: Path) -> None:
    """macOS has bash 3.2, Windows must keep the line ends: nothing newer, nothing of one system only."""
    text = (ROOT / "scripts/install.sh").read_text(encoding="utf-8")
    assert "\r" not in (ROOT / "scripts/install.sh").read_bytes().decode()
    assert "eol=lf" in (ROOT / ".gitattributes").read_text(encoding="utf-8")
    newer = r"mapfile|readarray|declare -A|\$\{\w+(,,|\^\^|@)|&>>|\|&|coproc|local -n|\[\[ -v"
    elsewhere = r"\b(sha256sum|readlink -f|realpath|setsid|timeout|mktemp|sed -i|grep -P|date -d|stat|/proc)\b"
    assert not re.search(newer, text)
    assert not re.search(elsewhere, text)


def test_shellcheck_finds_nothing() -> None:
    """Quotes, exit codes, unset variables."""
    shellcheck = Path(sys.executable).parent / "shellcheck"
    command = [str(shellcheck), "--shell=bash", "--enable=all", "--exclude=SC2250,SC2292,SC2312", "scripts/install.sh"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
