"""The second stage of a pull request from a fork: its measurements are judged here, against our own baseline.

What the first stage measured is data from somebody unknown. Its verdict, if it came to one, is not looked at:
configuration, baseline, commits and templates are all this repository's own.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from smp_check.errors import InputError

if TYPE_CHECKING:
    from smp_check.github.client import GitHub
    from smp_check.github.event import PullRequest
    from smp_check.github.first_stage import FirstStage, Leg
    from smp_check.github.inputs import Inputs
    from smp_check.spec.configuration import CheckOptions
    from smp_check.spec.run import RunDocument
    from smp_check.verdict.acceptance import Acceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the second stage publishes, and where."""

    comparisons: tuple[Path, ...] = ()
    options: tuple[str, ...] = ()
    """Options of ``smp-check publish``: the pull request, its head, and the run that measured."""


def judge_first_stage(inputs: Inputs, folder: Path) -> Judged:
    """Fetch, check, compare. Nothing to publish, when the pull request has moved on, is said and is no error.

    Raises ``InputError`` for documents that are not as they must be, ``GitHubError`` when GitHub refuses.
    """
    from smp_check.cli.surroundings import read_event
    from smp_check.github.client import GitHub
    from smp_check.github.first_stage import first_stage, legs, pull_request_for
    from smp_check.github.place import Place

    repository = os.environ["GITHUB_REPOSITORY"]
    run_id = (read_event(os.environ).get("workflow_run") or {}).get("id")
    if not isinstance(run_id, int):
        raise InputError("the event names no workflow run", hint="the second stage runs `on: workflow_run`")
    with GitHub(Place.of(os.environ)) as github:
        stage = first_stage(github, repository, run_id)
        request = pull_request_for(github, repository, stage)
        found = legs(github, repository, run_id)
        if request is None or not found:
            why = "the pull request is closed or has a newer commit" if found else "the first stage left no document"
            sys.stderr.write(f"nothing to publish: {why}\n")
            return Judged()
        check = _own_options(github, repository, inputs, folder)
        accept = _own_acceptances(github, repository, inputs, check, folder)
        judge = _Judge(github, repository, check, inputs, request, stage, accept)
        written = tuple(judge.write(leg, folder / "legs") for leg in found)
    options = (f"--pull-request={request.number}", f"--head={stage.head_sha}", f"--run={run_id}.{stage.attempt}")
    key = () if inputs.comment_key else ("--comment-key=all legs",)  # whichever legs there are today
    return Judged(comparisons=written, options=(*options, *key))


def _own_options(github: GitHub, repository: str, inputs: Inputs, folder: Path) -> CheckOptions:
    """Gates and policy from the default branch's configuration, whatever is checked out here."""
    from smp_check.cli.configuration import USUAL_NAMES, load_configuration
    from smp_check.cli.console import Console
    from smp_check.github.contents import file_at
    from smp_check.spec.configuration import CheckOptions
    from smp_check.spec.overrides import Overrides

    commit = os.environ["GITHUB_SHA"]
    for name in (inputs.config,) if inputs.config else USUAL_NAMES:
        content = file_at(github, repository, name, commit)
        if content is None:
            continue
        path = folder / Path(name).name
        path.write_bytes(content)
        check = load_configuration(path, Overrides(), Console()).check
        return replace(check, fail_on=tuple(inputs.fail_on.split(",")) if inputs.fail_on else check.fail_on)
    if inputs.config:
        raise InputError(f"{inputs.config} is not on the default branch", hint="the second stage reads it from there")
    return CheckOptions()


def _own_acceptances(
    github: GitHub, repository: str, inputs: Inputs, check: CheckOptions, folder: Path
) -> tuple[Acceptance, ...]:
    """The accepted changes that the default branch holds, beside its configuration."""
    from smp_check.cli.acceptance import read_acceptances
    from smp_check.github.contents import file_at

    if check.accept is None:
        return ()
    name = (PurePosixPath(inputs.config).parent / check.accept).as_posix()
    content = file_at(github, repository, name, os.environ["GITHUB_SHA"])
    if content is None:
        raise InputError(
            f"{name} is not on the default branch", hint="check.accept names it, and it is read from there"
        )
    path = folder / "accepted.yaml"
    path.write_bytes(content)
    return read_acceptances(path, check.gates)


class _Judge:
    """Compares the legs of one pull request with this repository's baseline."""

    def __init__(
        self,
        github: GitHub,
        repository: str,
        check: CheckOptions,
        inputs: Inputs,
        request: PullRequest,
        stage: FirstStage,
        accept: tuple[Acceptance, ...],
    ) -> None:
        from smp_check.cli.acceptance import accepted_by_label
        from smp_check.cli.bench import store_for
        from smp_check.cli.console import Console
        from smp_check.github.first_stage import base_of
        from smp_check.github.history import commits_before

        self._check, self._request, self._stage = check, request, stage
        self._accept = (*accept, *accepted_by_label(request))
        store, branch = inputs.baseline_store or None, inputs.baseline_branch or None
        self._store = store_for(check.baseline, Console(), store=store, branch=branch)
        base = base_of(github, repository, request)
        self._history = commits_before(github, repository, base) if base else []

    def write(self, leg: Leg, folder: Path) -> Path:
        """Judge one leg and write its comparison document."""
        from smp_check.cli.bench import now
        from smp_check.cli.output import prepare, write
        from smp_check.pipeline import baseline_of, judge
        from smp_check.report.render import render

        place = folder / (leg.label or "run")
        place.mkdir(parents=True, exist_ok=True)
        (place / "run.json").write_bytes(leg.content)
        run = self._trusted(place / "run.json")
        options = self._check.baseline
        selection, base = baseline_of(
            run,
            self._store,
            window=options.window,
            anchor=self._history[0] if self._history else None,
            ancestors=self._history[1:],
            any_machine=options.any_machine,
        )
        comparison = judge(base, run, self._check, created=now(), anchor=selection.anchor, accept=self._accept)
        path = prepare(place / "comparison.json")
        write(path, render(comparison, "json"))
        return path

    def _trusted(self, path: Path) -> RunDocument:
        """The document, conformant, with its origin as GitHub tells it rather than as it says itself."""
        from smp_check.cli.runs import load_run
        from smp_check.spec.run import Provenance

        try:
            run = load_run(path)
        except InputError as fault:
            raise InputError(f"what the first stage left is not taken: {fault.message}", hint=fault.hint) from fault
        origin = Provenance(
            commit=self._stage.head_sha,
            branch=self._stage.head_branch,
            repository=self._stage.head_repository,
            pull_request=self._request.number,
            workflow_run=str(self._stage.run_id),
            event="pull_request",
        )
        return replace(run, details=replace(run.details, provenance=origin, verdict=None))
