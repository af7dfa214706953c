"""smp-check inside a GitHub Actions job whose GitHub is the fake: environment, event and files of the runner."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.github.test_runner import read_like_the_runner

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub


CONFIGURATION = """
test:
  smp_version: v0.0.1
  name: shop
  duration: 2s
  clients: [{protocol: PROTOCOL_HTTP, connections: 2, rps: 100, endpoint_urls: ["http://127.0.0.1:8080/"]}]
mesh: {}
check:
  gates:
    p50: {tolerance: 10%}
    p90: {tolerance: 25%}
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str


@dataclass
class ActionsJob:
    """One job of one run; ``event`` and ``token`` can differ between calls."""

    folder: Path
    github: FakeGitHub
    base: dict[str, str]
    run_id: int = 1
    together: bool = False
    """Whether ``out`` has all that a command says, in the order in which a runner reads it."""

    def __call__(
        self, *command: str | Path, event: str, payload: dict[str, Any], token: str = "", module: str = "", **more: str
    ) -> Ended:
        files = {name: self.folder / f"{name}.txt" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        path = self.folder / "event.json"
        shop = {"default_branch": "main", "full_name": "mesh/shop"}
        path.write_text(json.dumps({"repository": shop, **payload}))
        variables = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REPOSITORY": "mesh/shop",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_WORKFLOW_REF": "mesh/shop/.github/workflows/performance.yml@refs/heads/main",
            "GITHUB_JOB": "bench",
            "RUNNER_TEMP": str(self.folder),
        }
        entry = [sys.executable, "-m", module or "smp_check"]
        done = subprocess.run(
            [*entry, *map(str, command)],
            cwd=self.folder,
            env=self.base | self.github.environment(token) | variables | {k: str(v) for k, v in files.items()} | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if self.together else subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=120,
        )
        outputs = read_like_the_runner(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))
        return Ended(
            done.returncode,
            done.stdout,
            done.stderr or "",
            outputs,
            files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"),
        )


def request(repository: str = "mesh/shop", number: int = 7, head: str = "b" * 40) -> dict[str, Any]:
    return {
        "pull_request": {
            "number": number,
            "head": {"sha": head, "repo": {"full_name": repository}},
            "base": {"sha": "a" * 40, "ref": "main"},
        }
    }
