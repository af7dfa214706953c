"""The real action.yml in a real runner: act in host mode, on a scratch repository, with the fake GitHub as server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.github.fake import FakeGitHub
from tests.github.fake.objects import Commit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.github.fake import Repository

ROOT = Path(__file__).resolve().parents[2]
STUBS = {
    "actions/upload-artifact": """
name: upload
inputs: {name: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      run: mkdir -p "$ARTIFACTS/$NAME" && cp "$FROM" "$ARTIFACTS/$NAME/"
      env: {NAME: "${{ inputs.name }}", FROM: "${{ inputs.path }}"}
""",
    "actions/download-artifact": """
name: download
inputs: {pattern: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      run: mkdir -p "$TO" && cp -r "$ARTIFACTS"/* "$TO/"
      env: {TO: "${{ inputs.path }}"}
""",
    "actions/setup-python": """
name: python
inputs: {python-version: {}, update-environment: {}}
outputs: {python-path: {value: "${{ steps.find.outputs.path }}"}}
runs:
  using: composite
  steps:
    - shell: bash
      id: find
      run: echo "path=$STUB_PYTHON" >> "$GITHUB_OUTPUT"
""",
}


@dataclass(frozen=True)
class Job:
    """One finished run of one workflow."""

    code: int
    log: str

    def output(self, name: str) -> str:
        """What the workflow printed as ``name=[value]``."""
        found = re.findall(rf"{name}=\[([^\]\n]*)\]", self.log)
        assert found, self.log[-6000:]
        return str(found[-1])


@dataclass
class Runner:
    """act, the scratch repository, and the action as its users check it out."""

    act: str
    folder: Path
    github: FakeGitHub
    shop: Repository
    artifacts: Path
    home: Path
    runs: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.folder), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str) -> str:
        self.git("add", ".")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.known()

    def known(self) -> str:
        """GitHub knows the commit that is checked out, and those before it."""
        for line in self.git("rev-list", "--parents", "HEAD").splitlines():
            sha, *parents = line.split()
            self.shop.objects.commits.setdefault(sha, Commit(self.shop.objects.tree({}), parents, "m", b""))
        return self.git("rev-parse", "HEAD")

    def __call__(
        self,
        event: str,
        payload: dict[str, Any],
        *,
        token: str,
        workflow: str = "performance.yml",
        timeout: float = 400,
    ) -> Job:
        """Run one workflow for one event."""
        self.runs += 1
        shop = {"default_branch": "main", "full_name": self.shop.full_name, "id": self.shop.id}
        path = self.home / f"event-{self.runs}.json"
        path.write_text(json.dumps({"repository": shop, **payload}))
        variables = self.github.environment() | {
            "GITHUB_REPOSITORY": self.shop.full_name,
            "ARTIFACTS": str(self.artifacts),
            "STUB_PYTHON": sys.executable,
            **self.extra,
        }
        local = {"smp-check/smp-check@v1": self.home / "action"}
        for name in STUBS:
            for ref in re.findall(rf"{name}@([0-9a-f]{{40}}|v\d)", self._workflows()):
                local[f"{name}@{ref}"] = self.home / name
        command = [self.act, event, "-P", "ubuntu-latest=-self-hosted", "-W", f".github/workflows/{workflow}"]
        command += ["-e", str(path), "-s", f"GITHUB_TOKEN={token}", "--no-cache-server", "--pull=false"]
        command += [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
        command += [part for name, where in local.items() for part in ("--local-repository", f"{name}={where}")]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "SMP_", "ACTIONS_", "RUNNER_"))}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=clean | {"XDG_CACHE_HOME": str(self.home / "cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        return Job(done.returncode, done.stdout)

    def _workflows(self) -> str:
        texts = [path.read_text() for path in (self.folder / ".github/workflows").glob("*.yml")]
        return "\n".join([*texts, (self.home / "action/action.yml").read_text()])

    def comments(self, number: int) -> list[str]:
        return [str(comment["body"]) for comment in self.shop.comments[number]]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    act = shutil.which("act", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if act is None:
        message = "act is missing; it is part of the test extra on Linux"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    home = tmp_path_factory.mktemp("home")
    for name in ("action.yml", "scripts", "requirements", "smp_check", "templates"):
        source, target = ROOT / name, home / "action" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    for name, text in STUBS.items():
        (home / name).mkdir(parents=True)
        (home / name / "action.yml").write_text(text)
    folder = tmp_path_factory.mktemp("shop")
    with FakeGitHub() as github:
        made = Runner(act, folder, github, github.repository("mesh/shop"), home / "artifacts", home)
        made.artifacts.mkdir()
        made.git("init", "-q", "-b", "main")
        yield made
        assert github.violations == []
