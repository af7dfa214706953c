"""`smp-check publish` and the second stage as processes of a job: comments, summaries, outputs, refusals, forks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.github.jobs import CONFIGURATION, ActionsJob, request
from tests.github.test_runner import commands_in
from tests.report.hostile import CORPUS, CURATED, poisoned
from tests.report.structure import of_markdown


def compared(tool: Any, runs: Any, head: str = "slow", name: str = "comparison.json") -> Path:
    path: Path = tool.write(name, runs[f"{head}-compared"])
    tool.write("smp-check.yaml", CONFIGURATION)
    return path


def test_a_regression_is_told_everywhere(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """Comment, summary, outputs, annotations at the configuration's lines, and a check run."""
    path = compared(tool, runs)
    config = tool.folder / "smp-check.yaml"
    ended = job(
        "publish", path, "--config", config, "--check-run", event="pull_request", payload=request(), token="writer"
    )
    assert ended.code == 0, ended.err
    [comment] = fake.repositories["mesh/shop"].comments[7]
    assert ended.outputs["comment_url"] == comment["html_url"]
    assert ended.outputs["verdict"] == "regressed"
    assert "client-1/p50" in ended.outputs["regressions"].splitlines()
    assert float(ended.outputs["p50_ms"]) > 7
    assert "p50" in ended.summary
    lines = [line for line in ended.err.splitlines() if line.startswith("::")]
    assert lines[0].startswith("::error ")
    assert len(lines) <= 10
    assert "title=p50 regressed" in "".join(lines[1:])
    place = re.search(rf"file={re.escape(str(config))},line=(\d+)", lines[1])
    assert place is not None
    assert re.match(r" +p\d\d: ", config.read_text().splitlines()[int(place[1]) - 1]), "a gate's own line"
    [check] = fake.repositories["mesh/shop"].check_runs.values()
    assert (check["conclusion"], check["head_sha"]) == ("failure", "b" * 40)


def test_a_second_run_updates_comment_and_check(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """One of each, whichever run it was."""
    for run, head in ((1, "slow"), (2, "quick")):
        job.run_id = run
        path = compared(tool, runs, head)
        assert job("publish", path, "--check-run", event="pull_request", payload=request(), token="writer").code == 0
    [comment] = fake.repositories["mesh/shop"].comments[7]
    assert "run=2.1" in comment["body"]
    [check] = fake.repositories["mesh/shop"].check_runs.values()
    assert check["conclusion"] != "failure"


@pytest.mark.parametrize(
    ("mode", "head", "comments"),
    [("auto", "quick", 1), ("on-change", "quick", 0), ("on-change", "slow", 1), ("never", "slow", 0)],
)
def test_how_often_to_comment(
    job: ActionsJob, tool: Any, runs: Any, fake: Any, mode: str, head: str, comments: int
) -> None:
    """on-change is silent until there is something to say."""
    path = compared(tool, runs, head)
    ended = job("publish", path, "--comment", mode, event="pull_request", payload=request(), token="writer")
    assert ended.code == 0
    assert len(fake.repositories["mesh/shop"].comments[7]) == comments
    assert bool(ended.outputs["comment_url"]) is bool(comments)
    assert ("No comment" in ended.summary) is not bool(comments)


def test_a_token_that_can_only_read_costs_the_comment_alone(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """Exit code 0, the permission named in log and summary."""
    path = compared(tool, runs)
    ended = job("publish", path, event="pull_request", payload=request(), token="reader")
    assert ended.code == 0
    assert "issues: write" in ended.err
    assert "No comment" in ended.summary
    assert ended.outputs["verdict"] == "regressed"


def test_a_locked_conversation_is_a_warning(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """The job is as it was; log and summary say why there is no comment, and the check run is made all the same."""
    fake.repositories["mesh/shop"].locked.add(7)
    path = compared(tool, runs)
    ended = job("publish", path, "--check-run", event="pull_request", payload=request(), token="writer")
    assert ended.code == 0
    assert "warning: no comment was posted: the conversation of pull request #7 is locked" in ended.err
    assert "is locked" in ended.summary
    assert ended.outputs["comment_url"] == ""
    assert fake.repositories["mesh/shop"].check_runs


def test_a_fork_waits_for_the_second_stage(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """Nothing is even tried, unless the user wants it so."""
    path = compared(tool, runs)
    ended = job("publish", path, event="pull_request", payload=request("eve/shop"), token="reader")
    assert fake.exchanges == []
    assert "second workflow" in ended.summary
    always = job("publish", path, "--comment=always", event="pull_request", payload=request("eve/shop"), token="writer")
    assert always.outputs["comment_url"]


def test_several_documents_are_one_comment(job: ActionsJob, tool: Any, runs: Any, fake: Any) -> None:
    """A section for each."""
    paths = []
    for leg in ("north", "south", "east"):
        (tool.folder / leg).mkdir()
        paths.append(compared(tool, runs, name=f"{leg}/comparison.json"))
    assert job("publish", *paths, event="pull_request", payload=request(), token="writer").code == 0
    [comment] = fake.repositories["mesh/shop"].comments[7]
    assert all(leg in comment["body"] for leg in ("north", "south", "east"))


def test_it_runs_on_a_laptop(job: ActionsJob, tool: Any, runs: Any) -> None:
    """--dry-run needs no GitHub; without it the repository must be named."""
    path = compared(tool, runs)
    assert "p50" in tool("publish", "--dry-run", path).out
    asked = tool("publish", path, "--pull-request", "7")
    assert asked.code == 2
    assert "--repository" in asked.err


# The second stage


def first_stage(job: ActionsJob, fake: Any, document: bytes, *, name: str = "run.json") -> dict[str, Any]:
    """A finished run of a fork's pull request that left one artifact; the event that follows it."""
    shop = fake.repositories["mesh/shop"]
    fork = fake.repositories.get("eve/shop") or fake.repository("eve/shop")
    base = shop.add_commit({"smp-check.yaml": CONFIGURATION}, branch="main")
    head = shop.add_commit({"x": "y"}, parents=(base,))
    shop.add_pull(8, base=base, head=head, head_repository=fork)
    shop.add_run(31, head=head, head_repository=fork, branch="topic")
    shop.add_artifact(31, "smp-check", {name: document})
    return {"workflow_run": {"id": 31}}


def second_stage(job: ActionsJob, fake: Any, payload: dict[str, Any], **more: str) -> Any:
    shop = fake.repositories["mesh/shop"]
    return job(
        "publish",
        module="smp_check.cli.action",
        event="workflow_run",
        payload=payload,
        token="writer",
        GITHUB_SHA=shop.refs["refs/heads/main"],
        SMP_FOLDER=str(job.folder),
        **more,
    )


def test_the_second_stage_judges_by_its_own_lights(job: ActionsJob, fake: Any, tool: Any, runs: Any) -> None:
    """Own baseline, own configuration, own verdict; origin as GitHub tells it; the token stays here."""
    shop = fake.repositories["mesh/shop"]
    lying = json.loads(json.dumps(runs["slow"]))
    lying["details"]["verdict"] = "improved"
    lying["details"]["provenance"] = {"commit": "f" * 40, "pull_request": 7, "repository": "mesh/shop"}
    payload = first_stage(job, fake, json.dumps(lying).encode())
    base = shop.refs["refs/heads/main"]
    known = json.loads(json.dumps(runs["quick"]))
    known["details"]["provenance"] = {"commit": base}
    tool.write("known.json", known)
    added = job("baseline", "add", "known.json", "--store", "git-branch", event="push", payload={}, token="writer")
    assert added.code == 0, added.err

    ended = second_stage(job, fake, payload)
    assert ended.code == 0, ended.err
    assert ended.outputs["verdict"] == "regressed"
    assert shop.comments[7] == []
    [comment] = shop.comments[8]
    head = shop.pulls[8]["head"]["sha"]
    assert head[:7] in comment["body"]
    assert "fffffff" not in comment["body"]
    assert "run=31.1" in comment["body"]
    assert not any(e.authorised for e in fake.exchanges if e.path.startswith("storage"))
    assert len([path for path in shop.files("smp-baselines") if "_" in path]) == 1, "a fork's run joins no baseline"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"event": "push"}, "not by a pull request"),
        ({"head_repository": {"id": 0, "full_name": "eve/shop"}}, "its fork is gone"),
    ],
)
def test_a_run_that_is_no_pull_requests_is_refused(
    job: ActionsJob, fake: Any, runs: Any, change: dict[str, Any], message: str
) -> None:
    """As GitHub describes it, not as the event says."""
    payload = first_stage(job, fake, json.dumps(runs["slow"]).encode())
    fake.repositories["mesh/shop"].runs[31].update(change)
    ended = second_stage(job, fake, payload)
    assert ended.code == 2
    assert message in ended.err


def test_a_pull_request_that_moved_on_is_left_alone(job: ActionsJob, fake: Any, runs: Any) -> None:
    """Another head, another repository with the same branch, or closed: nothing is published, and nothing is red."""
    payload = first_stage(job, fake, json.dumps(runs["slow"]).encode())
    shop = fake.repositories["mesh/shop"]
    pull = shop.pulls[8]
    for key, value in (("sha", "9" * 40), ("repo", pull["base"]["repo"])):
        original = pull["head"][key]
        pull["head"][key] = value
        ended = second_stage(job, fake, payload)
        assert (ended.code, ended.outputs.get("comment_url", "")) == (0, "")
        assert "nothing to publish" in ended.err
        pull["head"][key] = original
    pull["state"] = "closed"
    assert "nothing to publish" in second_stage(job, fake, payload).err
    assert shop.comments[8] == []


BOMB = b'{"a":' * 5000 + b"1" + b"}" * 5000
BAD: dict[str, tuple[str, bytes]] = {
    "no JSON": ("run.json", b"hello"),
    "another document": ("run.json", b'{"test": {}}'),
    "a list": ("run.json", b"[1, 2]"),
    "too deep": ("run.json", BOMB),
    "not a number": ("run.json", b'{"smp_check": "1", "test": {"name": NaN}}'),
    "a script": ("run.sh", b"echo pwned"),
    "a path": ("../../run.txt", b"{}"),
    "empty": ("run.json", b""),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_artifact_is_refused(job: ActionsJob, fake: Any, kind: str, tmp_path: Path) -> None:
    """One clear message, exit code 2, no comment, nothing written outside the folder."""
    name, content = BAD[kind]
    payload = first_stage(job, fake, content, name=name)
    ended = second_stage(job, fake, payload)
    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.err
    assert fake.repositories["mesh/shop"].comments[8] == []
    assert not (job.folder.parent / "run.txt").exists()


def test_a_document_with_more_in_it_is_refused(job: ActionsJob, fake: Any, runs: Any) -> None:
    """The schema is closed: a field that nobody knows is no run document."""
    document = json.loads(json.dumps(runs["slow"]))
    document["details"]["markdown"] = "<b>vote for me</b>"
    ended = second_stage(job, fake, first_stage(job, fake, json.dumps(document).encode()))
    assert ended.code == 2
    assert "markdown" in ended.err


def test_an_archive_with_two_files_or_too_large_is_refused(job: ActionsJob, fake: Any, runs: Any) -> None:
    """Sizes are looked at before anything is unpacked."""
    shop = fake.repositories["mesh/shop"]
    payload = first_stage(job, fake, b" " * (25 * 1024 * 1024))
    assert "larger than" in second_stage(job, fake, payload).err
    shop.artifacts.clear()
    shop.add_artifact(31, "smp-check", {"a.json": b"{}", "b.json": b"{}"})
    assert "one JSON file" in second_stage(job, fake, payload).err
    shop.artifacts.clear()
    number = shop.add_artifact(31, "smp-check", {"a.json": b"{}"})
    shop.archives[number] = b"no archive at all"
    assert "no archive" in second_stage(job, fake, payload).err
    shop.artifacts.clear()
    assert "left no document" in second_stage(job, fake, payload).err


# Hostile text


def test_hostile_text_arrives_as_text(fake: Any) -> None:
    """Every free string of a comparison is hostile; the comment that GitHub gets holds one marker and no life."""
    shop = fake.repository()
    fake.token("writer", pull_requests="write")
    for number, text in enumerate(CURATED, start=1):
        shop.add_pull(number, base="a" * 40, head="b" * 40)
        arrives_as_text(fake, shop, number, text)
    assert len(CURATED) + len(CORPUS) >= 200


def arrives_as_text(fake: Any, shop: Any, number: int, text: str) -> None:
    from smp_check.github.client import GitHub
    from smp_check.github.comment import Marker, Order, StickyComment, marker_of
    from smp_check.github.place import Place
    from smp_check.report.legs import render_many

    comparison = poisoned(text)
    marker = Marker(key="0" * 12, order=Order(run_id=1), head="b" * 12)
    body = render_many([(text, comparison), ("b", comparison)])
    with GitHub(Place.of(fake.environment("writer"))) as github:
        posted = StickyComment(github, "mesh/shop", number).post(marker, body)
    assert posted.state == "created", ascii(text[:60])
    [comment] = shop.comments[number]
    assert marker_of(comment["body"]) == marker
    found = of_markdown(comment["body"])
    assert len(found.comments) == 1, ascii(text[:60])
    assert not any(element.startswith(("a ", "img", "script", "iframe")) for element in found.elements)
    assert not re.search(r"[@#](?=[^\s\u200b])", found.loose_text), ascii(text[:60])
    assert commands_in(comment["body"]) == [], ascii(text[:60])


def test_hostile_text_makes_no_command_and_no_output() -> None:
    """Annotations are commands of ours, each on one line; outputs come back under their own names."""
    for text in CORPUS:
        makes_no_command(text)


def makes_no_command(text: str) -> None:
    from smp_check.github.announcement import annotation_lines, outputs
    from smp_check.github.runner import output_entry
    from smp_check.spec.findings import Position
    from tests.github.test_runner import read_like_the_runner

    comparison = poisoned(text)
    for line in annotation_lines(comparison, lambda _: Position(file=text, line=1, column=1)):
        assert re.match(r"::(error|warning|notice) ", line), ascii(text[:60])
        assert "##[" not in line, ascii(text[:60])
        assert not re.search(r"[\n\r]", line), ascii(text[:60])
    for name, value in outputs(comparison).items():
        plain = value.replace("\r", "")
        assert read_like_the_runner(output_entry(name, plain)) == {name: plain}, ascii(text[:60])


def test_labels_of_legs_are_harmless_and_differ() -> None:
    """An artifact's name becomes a folder's name and a heading: short, plain, and never the same twice."""
    from smp_check.github.first_stage import Leg, _told_apart, label_of

    assert label_of("smp-check-istio") == "istio"
    assert label_of("smp-check") == ""
    assert label_of("smp-check-../../etc/passwd") == "etc-passwd"
    assert len(label_of("smp-check" + "x" * 500)) == 60
    legs = [Leg(label=label, content=b"") for label in ("a", "a", "", "")]
    assert [leg.label for leg in _told_apart(legs)] == ["a", "a 2", "", "2"]
