"""How long a job waits for the Action itself: from the step's start to load, and from the end of load to the comment.

The steps run as a runner runs them, against the fake GitHub of the tests, which answers after 75 to 225 ms as the
real one does, and holds 200 earlier runs. Packages come from the index that pip is set up for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from smp_check.load.embedded.target import BuiltinTarget
from smp_check.spec.codec import from_json, parse_time
from smp_check.spec.run import RunDocument
from smp_check.store import layout
from smp_check.store.port import series_of
from tests.github.fake import FakeGitHub, Repository
from tests.github.fake.objects import FILE

ROOT = Path(__file__).resolve().parents[1]
DELAY = 0.15
RUNS = 200
CONFIGURATION = """
test:
  smp_version: v0.0.1
  name: shop
  duration: 4s
  clients: [{protocol: PROTOCOL_HTTP, connections: 4, rps: 100, endpoint_urls: ["URL"]}]
mesh: {}
check: {round: 500ms, warmup: 500ms, reference: none, confirm: 0s}
"""


class Job:
    """One job on one runner: its files, variables and the outputs of its steps."""

    def __init__(self, folder: Path, github: FakeGitHub, token: str) -> None:
        self.folder, self.token = folder, token
        self.outputs: dict[str, str] = {}
        self.took: dict[str, float] = {}
        event = folder / "event.json"
        head = {"sha": "b" * 40, "repo": {"full_name": "mesh/shop"}}
        request = {"number": 7, "head": head, "base": {"sha": "a" * 40, "ref": "main"}}
        event.write_text(json.dumps({"repository": {"default_branch": "main"}, "pull_request": request}))
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "SMP_", "VIRTUAL_ENV"))}
        self.environment = (
            clean
            | github.environment()
            | {
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(folder / "action"),
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_REPOSITORY": "mesh/shop",
                "GITHUB_SHA": "c" * 40,
                "GITHUB_RUN_ID": "1",
                "RUNNER_OS": "Linux",
                "RUNNER_TEMP": str(folder / "temp"),
                "SMP_INPUT_CONFIG": "smp-check.yaml",
            }
        )
        (folder / "temp").mkdir()

    def step(self, name: str, *command: str, token: bool = False) -> None:
        """Run one step and keep its outputs and its time."""
        output = self.folder / f"{name}.output"
        output.touch()
        more = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.folder / "summary")}
        more |= {"SMP_TOKEN": self.token} if token else {}
        more |= {f"SMP_{key.upper()}": value for key, value in self.outputs.items()}
        start = time.time()
        subprocess.run(
            command, cwd=self.folder, env=self.environment | more, check=True, stdout=sys.stderr, stderr=sys.stderr
        )
        self.took[name] = time.time() - start
        lines = output.read_text().splitlines()
        while lines:
            line = lines.pop(0)
            key, mark, end = line.partition("<<")
            if mark:
                self.outputs[key] = "\n".join(iter(lambda: lines.pop(0), end))
            else:
                key, _, value = line.partition("=")
                self.outputs[key] = value


def earlier_runs(shop: Repository, document: dict[str, Any]) -> None:
    """Put copies of one run on the branch, a day apart each."""
    run = from_json(RunDocument, document)
    start = parse_time(str(run.result["start_time"]))
    tree = shop.objects.tree({})
    for number in range(RUNS):
        entry = layout.entry_of(_on_day(run, start - timedelta(days=RUNS - number)))
        tree = shop.objects.changed(tree, entry.record.path, (FILE, shop.objects.blob(entry.content)))
    key = series_of(run)
    series = shop.objects.blob(layout.series_content(key))
    tree = shop.objects.changed(tree, layout.series_path(key.family), (FILE, series))
    shop.move("refs/heads/smp-baselines", shop.objects.commit(tree, [], "many", 0))


def _on_day(run: RunDocument, start: datetime) -> RunDocument:
    return replace(run, result={**run.result, "start_time": start.isoformat()})


def measured(folder: Path, github: FakeGitHub, token: str, url: str) -> dict[str, float]:
    """One job from its first step to its comment; seconds of each part."""
    for name in ("action.yml", "scripts", "requirements", "smp_check", "templates"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        (folder / "action").mkdir(exist_ok=True)
        copy(ROOT / name, folder / "action" / name)
    (folder / "smp-check.yaml").write_text(CONFIGURATION.replace("URL", url))
    job = Job(folder, github, token)
    job.environment["SMP_PYTHON"] = sys.executable
    begun = time.time()
    job.step("install", "bash", str(folder / "action/scripts/install.sh"))
    steps = (job.outputs["python"], "-I", "-m", "smp_check.cli.action")
    before = len(github.exchanges)
    job.step("fetch", *steps, "fetch", token=True)
    requests = len(github.exchanges) - before
    job.step("measure", *steps, "measure")
    run = json.loads((Path(job.outputs["folder"]) / "run.json").read_text())
    rounds = run["details"]["rounds"]
    load_began = min(parse_time(each["start"]) for each in rounds).timestamp() - 0.5  # the warm-up
    load_ended = max(parse_time(each["end"]) for each in rounds).timestamp()
    job.step("compare", *steps, "compare")
    job.step("publish", *steps, "publish", token=True)
    comment = next(e.at for e in github.exchanges if e.method == "POST" and e.path.endswith("/comments"))
    return job.took | {
        "requests": requests,
        "to load": load_began - begun,
        "to comment": comment - load_ended,
        "start of measuring": load_began - (begun + job.took["install"] + job.took["fetch"]),
    }


def main() -> None:
    """Print the table."""
    with FakeGitHub() as github, BuiltinTarget() as target, tempfile.TemporaryDirectory() as folder:
        shop = github.repository()
        shop.add_pull(7, base="a" * 40, head="b" * 40)
        token = github.token("token-of-the-job", contents="read", pull_requests="write")
        seed = Path(folder) / "seed.json"
        config = Path(folder) / "c.yaml"
        config.write_text(CONFIGURATION.replace("URL", target.url))
        command = [sys.executable, "-m", "smp_check", "run", str(config), "-q", "-o", str(seed)]
        subprocess.run(command, check=True, env=os.environ | {"GITHUB_ACTIONS": "true"})
        earlier_runs(shop, json.loads(seed.read_text()))
        github.delay = DELAY
        place = Path(folder) / "job"
        place.mkdir()
        found = measured(place, github, token, target.url)
        assert not github.violations, github.violations
    print("## The Action: what a job waits for\n")
    least, most = f"{DELAY * 500:.0f}", f"{DELAY * 1500:.0f}"
    print(f"Against a GitHub that answers after {least} to {most} ms and holds {RUNS} earlier runs.\n")
    print("| part | seconds |\n| --- | --: |")
    rows = (
        ("install: environment, packages by hash, copy", "install"),
        (f"decide, fetch the baseline ({found['requests']:.0f} requests)", "fetch"),
        ("measuring step's start to first request", "start of measuring"),
        ("**step start to load start**", "to load"),
        ("compare", "compare"),
        ("**last response to comment posted**", "to comment"),
    )
    for label, key in rows:
        print(f"| {label} | {found[key]:.1f} |")


if __name__ == "__main__":
    main()
