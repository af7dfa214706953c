"""action.yml itself: GitHub's schema, linters at their strictest, and what the documentation says of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
PROMISED_INPUTS = [
    "config",
    "endpoint_url",
    "service_mesh",
    "test_name",
    "load_generator",
    "profile_filename",
    "duration",
    "reference",
    "rps",
    "connections",
    "baseline_store",
    "baseline_branch",
    "update_baseline",
    "base_ref",
    "fail_on",
    "comment",
    "comment_key",
    "report_html",
    "github_token",
    "python",
    "args",
]
PROMISED_OUTPUTS = [
    "verdict",
    "regressions",
    "run",
    "comparison",
    "report",
    "comment_url",
    "p50_ms",
    "p90_ms",
    "p99_ms",
    "qps",
    "error_rate",
]


def lint(*command: str | Path) -> None:
    path = Path(sys.executable).parent / command[0]
    done = subprocess.run([str(path), *map(str, command[1:])], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_githubs_schema_takes_it() -> None:
    """The schema that editors use, as check-jsonschema ships it."""
    lint("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")


def test_zizmor_has_nothing_to_say() -> None:
    """Pedantic, offline."""
    lint("zizmor", "--offline", "--no-progress", "--persona", "pedantic", "action.yml")


def test_actionlint_takes_a_workflow_that_uses_it(tmp_path: Path) -> None:
    """Every input is given and every output read; actionlint knows them from action.yml."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "action.yml").write_text((ROOT / "action.yml").read_text())
    given = "".join(f"          {name}: x\n" for name in ACTION["inputs"])
    read = "".join(f"          {name.upper()}: ${{{{ steps.s.outputs.{name} }}}}\n" for name in ACTION["outputs"])
    workflow = tmp_path / ".github/workflows/w.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        "on: push\njobs:\n  j:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: ./\n        id: s\n        with:\n"
        f"{given}      - run: env\n        env:\n{read}"
    )
    done = subprocess.run(
        [str(Path(sys.executable).parent / "actionlint"), str(workflow)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout


def test_all_promised_inputs_and_outputs_are_there_and_documented() -> None:
    """By name; docs/action.md has a row for each."""
    assert set(PROMISED_INPUTS) <= set(ACTION["inputs"])
    assert set(PROMISED_OUTPUTS) <= set(ACTION["outputs"])
    text = (ROOT / "docs/action.md").read_text(encoding="utf-8")
    for name in [*ACTION["inputs"], *ACTION["outputs"]]:
        assert f"`{name}`" in text, f"docs/action.md does not mention {name}"


def test_every_input_reaches_a_step() -> None:
    """None is declared and ignored."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name in ACTION["inputs"]:
        assert len(re.findall(rf"inputs\.{name}\b", text)) >= 1, name


def test_nothing_is_put_into_a_script() -> None:
    """Expressions live in env and if alone."""
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        assert "github.action_path" not in str(step)


def test_only_two_steps_hold_the_token() -> None:
    """The ones that fetch and publish; the measuring one does not."""
    holders = [step["id"] for step in STEPS if "github_token" in str(step.get("env", {}))]
    assert holders == ["fetch", "publish"]


def test_the_gate_is_last() -> None:
    """After everything has been said; it runs whatever happened before."""
    assert STEPS[-1]["run"].endswith("gate")
    assert "!cancelled()" in STEPS[-1]["if"]


def test_every_action_is_pinned() -> None:
    """By commit, with the version beside it."""
    for line in (ROOT / "action.yml").read_text(encoding="utf-8").splitlines():
        if "uses:" in line:
            assert re.search(r"@[0-9a-f]{40} # v\d", line), line


def test_requirements_have_hashes_and_are_complete() -> None:
    """What pyproject.toml asks for is pinned, and each pin has a hash."""
    pins = (ROOT / "requirements/action.txt").read_text(encoding="utf-8")
    names = set(re.findall(r"(?m)^([a-z0-9-]+)==", pins))
    wanted = re.findall(
        r'(?m)^  "([a-z0-9-]+)', (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("]")[0]
    )
    assert set(wanted) <= names
    blocks = re.split(r"(?m)^(?=[a-z0-9-]+==)", pins)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("script", ["scripts/install.sh"])
def test_scripts_are_valid_bash(script: str) -> None:
    """Parsed, and with all safety on."""
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)
    assert "set -euo pipefail" in (ROOT / script).read_text()
