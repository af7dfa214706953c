"""The Action's steps as processes: refusals, loud store failures, shallow clones, and the gate's last word."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from smp_check.github.announcement import PER_STEP, annotation_lines, within_budget
from tests.github.jobs import CONFIGURATION, ActionsJob, request

STEPS = "smp_check.cli.action"


def test_pull_request_target_is_refused_at_once(job: ActionsJob) -> None:
    """The first step fails with the reason, as an annotation too; GitHub is not even asked."""
    ended = job("fetch", module=STEPS, event="pull_request_target", payload=request(), token="writer")
    assert ended.code == 2
    assert "next to a token" in ended.err
    assert "::error title=smp-check::" in ended.err
    assert job.github.exchanges == []


def test_a_bad_input_is_refused_at_once(job: ActionsJob, tool: Any) -> None:
    """Before anything is measured."""
    tool.write("smp-check.yaml", CONFIGURATION)
    ended = job("fetch", module=STEPS, event="push", payload={}, token="writer", SMP_INPUT_UPDATE_BASELINE="perhaps")
    assert ended.code == 2
    assert "update_baseline is 'perhaps'" in ended.err


def test_history_comes_from_github_where_the_clone_is_shallow(job: ActionsJob, tool: Any, fake: Any) -> None:
    """The parent is known from the commit itself, what lies before it from one request."""
    shop = fake.repositories["mesh/shop"]
    line = [shop.add_commit({"a": "0"})]
    for number in range(1, 4):
        line.append(shop.add_commit({"a": str(number)}, parents=(line[-1],)))
    tool.write("smp-check.yaml", CONFIGURATION)
    payload = {"merge_group": {"base_sha": line[-1]}}
    ended = job("fetch", module=STEPS, event="merge_group", payload=payload, token="reader")
    assert ended.code == 0, ended.err
    history = (Path(ended.outputs["folder"]) / "history").read_text().split()
    assert history == line[::-1]
    assert (ended.outputs["measure"], ended.outputs["second_stage"], ended.outputs["code"]) == ("true", "false", "0")


def test_a_store_that_refuses_on_the_default_branch_is_loud(job: ActionsJob, tool: Any, runs: Any) -> None:
    """The report is out, the job is red with code 4, and the line of YAML is named."""
    tool.write("smp-check.yaml", CONFIGURATION)
    tool.write("run.json", runs["quick"])
    tool.write("comparison.json", runs["quick-compared"])
    ended = job("publish", module=STEPS, event="push", payload={}, token="reader", SMP_FOLDER=str(tool.folder))
    assert ended.code == 0, ended.err
    assert ended.outputs["verdict"]
    assert ended.outputs["code"] == "4"
    assert "contents: write" in ended.err
    gate = job("gate", module=STEPS, event="push", payload={}, SMP_PUBLISH_CODE="4", SMP_MEASURE_CODE="0")
    assert gate.code == 4


def test_a_push_records_and_a_pull_request_does_not(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """The same documents, another event."""
    tool.write("smp-check.yaml", CONFIGURATION)
    tool.write("run.json", runs["quick"])
    tool.write("comparison.json", runs["quick-compared"])
    shop = fake.repositories["mesh/shop"]
    place = {"SMP_FOLDER": str(tool.folder)}
    asked = job("publish", module=STEPS, event="pull_request", payload=request(), token="writer", **place)
    assert (asked.outputs["code"], shop.files("smp-baselines")) == ("0", {})
    pushed = job("publish", module=STEPS, event="push", payload={}, token="writer", **place)
    assert pushed.outputs["code"] == "0", pushed.err
    assert len([path for path in shop.files("smp-baselines") if "_" in path]) == 1


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ({}, 0),
        ({"SMP_MEASURE_CODE": "0", "SMP_COMPARE_CODE": "0"}, 0),
        ({"SMP_MEASURE_CODE": "1", "SMP_COMPARE_CODE": "1"}, 1),
        ({"SMP_FETCH_CODE": "4", "SMP_MEASURE_CODE": "1"}, 1),
        ({"SMP_FETCH_CODE": "4", "SMP_MEASURE_CODE": "0", "SMP_COMPARE_CODE": "0"}, 4),
        ({"SMP_MEASURE_CODE": "3", "SMP_COMPARE_CODE": "1"}, 3),
        ({"SMP_MEASURE_CODE": "130"}, 130),
    ],
)
def test_the_gate(job: ActionsJob, codes: dict[str, str], code: int) -> None:
    """A verdict or a failed measurement before a store's refusal; nothing at all passes."""
    ended = job("gate", module=STEPS, event="push", payload={}, **codes)
    assert ended.code == code


def test_the_measuring_process_is_cut_off_from_the_runner(job: ActionsJob, tool: Any) -> None:
    """What it prints lies between two lines with a random word; an error comes back as one annotation of ours."""
    tool.write(
        "smp-check.yaml", CONFIGURATION.replace("check:", "check:\n  setup: \"echo '::set-output name=x::y'; exit 7\"")
    )
    (tool.folder / "baselines").mkdir()
    tool.write("history", "")
    ended = job("measure", module=STEPS, event="push", payload={}, SMP_FOLDER=str(tool.folder), GITHUB_TOKEN="secret")
    assert ended.code == 0
    assert ended.outputs["code"] == "3"
    before, _, rest = ended.out.partition("\n")
    assert before.startswith("::stop-commands::")
    assert f"::{before.rpartition('::')[2]}::" in rest.splitlines()
    alive = [line for line in ended.err.splitlines() if line.startswith("::")]
    assert len(alive) == 1
    assert alive[0].startswith("::error title=smp-check::")


def test_many_legs_stay_within_the_runners_budget() -> None:
    """Every leg's verdict comes before any leg's details."""
    from tests.report.situations import regressed

    reports = [annotation_lines(regressed(), lambda _: None) for _ in range(8)]
    lines = within_budget(reports)
    assert len([line for line in lines if line.startswith("::error")]) <= PER_STEP
    assert lines[:8] == [report[0] for report in reports]


def test_the_repository_is_left_as_it_was(job: ActionsJob, tool: Any) -> None:
    """Fetching touches no file of the checkout."""
    tool.write("smp-check.yaml", CONFIGURATION)
    subprocess.run(["git", "init", "-q", str(tool.folder)], check=True)
    before = {path.name for path in tool.folder.iterdir()}
    ended = job("fetch", module=STEPS, event="push", payload={}, token="reader", RUNNER_TEMP=str(tool.folder.parent))
    assert ended.code == 0, ended.err
    added = {path.name for path in tool.folder.iterdir()} - before
    assert added <= {"event.json", "GITHUB_OUTPUT.txt", "GITHUB_STEP_SUMMARY.txt"}
    assert json.loads((tool.folder / "event.json").read_text())
