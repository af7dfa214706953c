"""The label `smp-check:accept` on a pull request: a regression that is meant is shown, and fails nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smp_check.github.event import ACCEPT_LABEL, pull_request_of
from tests.github.jobs import CONFIGURATION, request
from tests.github.test_publish import first_stage, second_stage

if TYPE_CHECKING:
    from tests.github.jobs import ActionsJob

LABEL = {
    "id": 1,
    "node_id": "L1",
    "url": "https://api.github.com/repos/mesh/shop/labels/accept",
    "name": ACCEPT_LABEL,
    "description": "meant",
    "color": "ededed",
    "default": False,
}


def labelled() -> dict[str, Any]:
    payload = request()
    payload["pull_request"]["labels"] = [{"name": "bug"}, LABEL]
    return payload


def test_the_event_tells_the_labels() -> None:
    """Labels come with the event; without any there are none."""
    found, without = pull_request_of(labelled()), pull_request_of(request())
    assert found is not None
    assert found.labels == ("bug", ACCEPT_LABEL)
    assert without is not None
    assert without.labels == ()


def test_a_labelled_pull_request_passes(job: ActionsJob, tool: Any, runs: Any) -> None:
    """The same two runs: red without the label, green with it, and the report says why."""
    tool.write("smp-check.yaml", CONFIGURATION)
    for name in ("quick", "slow"):
        tool.write(f"{name}.json", runs[name])
    command = ("compare", "quick.json", "slow.json", "-c", "smp-check.yaml", "-o", "comparison.json")
    assert job(*command, event="pull_request", payload=request()).code == 1
    ended = job(*command, event="pull_request", payload=labelled())
    assert ended.code == 0, ended.err
    assert ACCEPT_LABEL in ended.out
    comparison = json.loads((tool.folder / "comparison.json").read_text())
    accepted = {m["metric"] for m in comparison["metrics"] if m.get("accepted")}
    assert "p50" in accepted
    assert not comparison["failed"]


def baseline(job: ActionsJob, fake: Any, tool: Any, runs: Any) -> None:
    known = json.loads(json.dumps(runs["quick"]))
    known["details"]["provenance"] = {"commit": fake.repositories["mesh/shop"].refs["refs/heads/main"]}
    tool.write("known.json", known)
    added = job("baseline", "add", "known.json", "--store", "git-branch", event="push", payload={}, token="writer")
    assert added.code == 0, added.err


def test_the_second_stage_asks_github_for_the_labels(job: ActionsJob, fake: Any, tool: Any, runs: Any) -> None:
    """A fork's document cannot label itself; GitHub's word counts."""
    payload = first_stage(job, fake, json.dumps(runs["slow"]).encode())
    baseline(job, fake, tool, runs)
    shop = fake.repositories["mesh/shop"]
    shop.pulls[8]["labels"] = [LABEL]
    ended = second_stage(job, fake, payload)
    assert ended.code == 0, ended.err
    assert ended.outputs["code"] == "0"
    body = shop.comments[8][0]["body"]
    assert "regressed, accepted" in body
    assert f"label {ACCEPT_LABEL}" in body


def test_the_second_stage_reads_acceptances_from_the_default_branch(
    job: ActionsJob, fake: Any, tool: Any, runs: Any
) -> None:
    """check.accept is followed there, and a file that is missing there is said."""
    payload = first_stage(job, fake, json.dumps(runs["slow"]).encode())
    shop = fake.repositories["mesh/shop"]
    text = CONFIGURATION.replace("check:", "check:\n  accept: accepted.yaml")
    shop.add_commit({"smp-check.yaml": text}, branch="main", parents=(shop.refs["refs/heads/main"],))
    baseline(job, fake, tool, runs)
    assert "accepted.yaml is not on the default branch" in second_stage(job, fake, payload).err
    accepted = "accept: [{series: '*', metric: '*', reason: meant, expires: 2999-01-01}]"
    parents = (shop.refs["refs/heads/main"],)
    shop.add_commit({"smp-check.yaml": text, "accepted.yaml": accepted}, branch="main", parents=parents)
    ended = second_stage(job, fake, payload)
    assert ended.outputs["code"] == "0", ended.err
    assert "accepted: meant (until 2999-01-01)" in shop.comments[8][0]["body"]
