"""The steps of the GitHub Action, one process each: ``python -I -m smp_check.cli.action STEP``.

fetch (token) -> measure (no token) -> compare -> publish (token) -> gate. What one step decides the next decides
again, from the event and the inputs; between them lie only documents, in one folder below RUNNER_TEMP.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.cli.action.context import command, outputs, the_configuration, the_folder, the_inputs, the_plan
from smp_check.cli.action.publish import publish_step
from smp_check.errors import ExitCode, SmpCheckError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smp_check.github.event import Plan
    from smp_check.github.inputs import Inputs
    from smp_check.spec.configuration import Configuration

CODES = ("SMP_FETCH_CODE", "SMP_MEASURE_CODE", "SMP_COMPARE_CODE", "SMP_PUBLISH_CODE")


def main() -> None:
    """Carry out the step that is named as the only argument."""
    step = STEPS.get(sys.argv[1] if len(sys.argv) == 2 else "")
    if step is None:
        raise SystemExit(f"usage: python -I -m smp_check.cli.action {'|'.join(STEPS)}")
    try:
        code = step()
    except SmpCheckError as fault:
        code = _complain(fault)
    raise SystemExit(code)


def _complain(fault: SmpCheckError) -> int:
    """Say a fault in the log, and at the run's head."""
    from smp_check.cli.console import diagnose
    from smp_check.github.runner import annotation

    diagnose(fault.message, fault.hint)
    message = f"{fault.message}\n{fault.hint}" if fault.hint else fault.message
    sys.stderr.write(annotation("error", message, title="smp-check") + "\n")
    return int(fault.exit_code)


def fetch_step() -> int:
    """Decide what to do, and bring here what is needed to do it without a token."""
    from smp_check.cli.surroundings import surroundings

    inputs, planned = the_inputs(), the_plan()
    folder = Path(tempfile.mkdtemp(prefix="smp-check-", dir=os.environ.get("RUNNER_TEMP") or None))
    measures = planned.measure and not inputs.comparisons
    outputs({"folder": str(folder), "measure": str(measures).lower(), "code": "0"})
    outputs({"second_stage": str(measures and planned.comment == "second-stage").lower()})
    sys.stderr.write(f"{planned.reason}\n")
    if not measures:
        return 0
    around = surroundings(inputs.update_baseline)
    history = _history(planned, around.commit, around.ancestors)
    (folder / "history").write_text("".join(f"{commit}\n" for commit in history), encoding="utf-8")
    try:
        _fetch(the_configuration(inputs), inputs, folder / "baselines", history)
    except StoreError as fault:
        outputs({"code": str(_complain(fault))})
    return 0


def _fetch(configuration: Configuration, inputs: Inputs, copy: Path, history: Sequence[str]) -> None:
    from smp_check.cli.bench import store_for
    from smp_check.cli.console import Console
    from smp_check.pipeline.fetch import fetch
    from smp_check.store.directory import DirectoryStore

    console = Console()
    copy.mkdir()
    store, branch = inputs.baseline_store or None, inputs.baseline_branch or None
    opened = store_for(configuration.check.baseline, console, store=store, branch=branch)
    anchor = history[0] if history else None
    count = fetch(configuration, opened, DirectoryStore(copy, console.warn), anchor=anchor, ancestors=history[1:])
    console.say(f"{count} earlier runs from {opened.location}")


def _history(planned: Plan, commit: str | None, ancestors: Sequence[str]) -> list[str]:
    """The anchor and the commits before it; from GitHub where the clone is too shallow to know."""
    from smp_check.github.checkout import head
    from smp_check.github.client import GitHub
    from smp_check.github.history import commits_before, merge_base
    from smp_check.github.place import Place

    if commit is None or ancestors:
        return [commit, *ancestors] if commit else []
    place, repository = Place.of(os.environ), os.environ.get("GITHUB_REPOSITORY")
    if not place.token or not repository:
        return [commit]
    with GitHub(place) as github:
        request = planned.pull_request
        if request is not None and commit == request.base_sha and head(Path.cwd()) == request.head_sha:
            commit = merge_base(github, repository, request.base_sha, request.head_sha) or commit
        return commits_before(github, repository, commit)


def measure_step() -> int:
    """Measure in a process that has no token and nothing of the runner's files."""
    from smp_check.cli.action.process import run_apart
    from smp_check.github.environment import allowed

    inputs, folder = the_inputs(), the_folder()
    code = run_apart(inputs.measure_command(str(folder)), allowed(os.environ, inputs.pass_environment))
    measured = (folder / "run.json").is_file() and not inputs.base_ref
    outputs({"code": str(code), "measured": str(measured).lower()})
    return 0


def compare_step() -> int:
    """Compare with what was fetched, in a process that has measured nothing."""
    inputs = the_inputs()
    configuration = the_configuration(inputs)
    accept = configuration.check.accept
    beside = Path(configuration.source).parent / accept if accept else None
    code = command(inputs.compare_command(str(the_folder()), str(beside) if beside else None))
    outputs({"code": str(code)})
    return 0


def gate_step() -> int:
    """Pass or fail the job, last: everything has been said by now."""
    codes = [int(os.environ.get(name) or 0) for name in CODES]
    worst = next((code for code in codes[1:3] if code), 0) or next((code for code in codes if code), 0)
    if worst:
        sys.stderr.write(f"smp-check: {_MEANINGS.get(worst, 'failed')} (exit code {worst})\n")
    return worst


_MEANINGS: dict[int, str] = {
    ExitCode.GATE_FAILED: "the gate failed; the report says why",
    ExitCode.USAGE: "an input or a document is not as it should be; the log of an earlier step says which",
    ExitCode.MEASUREMENT_FAILED: "the measurement failed; what was measured is kept",
    ExitCode.REFUSED: "the baseline store or GitHub refused what was required; the log of an earlier step says what",
}


STEPS: dict[str, Callable[[], int]] = {
    "fetch": fetch_step,
    "measure": measure_step,
    "compare": compare_step,
    "publish": publish_step,
    "gate": gate_step,
}

if __name__ == "__main__":
    main()
