"""The Action's publishing step: comment, summary, outputs, and the baseline on the default branch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.cli.action.context import command, outputs, the_configuration, the_folder, the_inputs, the_plan
from smp_check.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.cli.action.second_stage import Judged
    from smp_check.github.event import Plan
    from smp_check.github.inputs import Inputs
    from smp_check.verdict.model import Comparison


def publish_step() -> int:
    """Tell the pull request and the workflow run; on the default branch add the run to the baseline."""
    inputs, planned = the_inputs(), the_plan()
    judged = _judged(inputs, planned)
    code = 0
    if judged.comparisons:
        loaded = _documents(inputs, judged.comparisons)
        code = command([*inputs.publish_command([str(path) for path in judged.comparisons]), *judged.options])
        if inputs.comparisons:
            code = code or _worst(loaded)
    if planned.measure and not inputs.comparisons and not inputs.base_ref:
        code = code or _record(inputs)
    outputs({"code": str(code)})
    return 0


def _judged(inputs: Inputs, planned: Plan) -> Judged:
    """What to publish: this job's comparison, other jobs', or the first stage's documents, judged here."""
    from smp_check.cli.action.second_stage import Judged, judge_first_stage

    folder = the_folder()
    if inputs.comparisons:
        from glob import glob

        matches = (path for pattern in inputs.comparisons for path in glob(pattern, recursive=True))  # noqa: PTH207 - absolute patterns too
        found = sorted({Path(path) for path in matches})
        if not found:
            raise InputError(f"no file matches {', '.join(inputs.comparisons)}", hint="see the input `comparisons`")
        return Judged(comparisons=tuple(found))
    if not planned.measure:
        return judge_first_stage(inputs, folder)
    path = folder / "comparison.json"
    return Judged(comparisons=(path,) if path.is_file() else ())


def _worst(comparisons: Sequence[Comparison]) -> int:
    """A regression in any leg before a failed measurement in any."""
    from smp_check.errors import ExitCode
    from smp_check.pipeline import exit_code

    codes = {int(exit_code(each)) for each in comparisons}
    return int(ExitCode.GATE_FAILED) if ExitCode.GATE_FAILED in codes else max(codes)


def _documents(inputs: Inputs, comparisons: Sequence[Path]) -> list[Comparison]:
    """The report as files, and where all documents are, as outputs."""
    from smp_check.cli.output import prepare, write
    from smp_check.cli.publish import label_of
    from smp_check.cli.runs import load_comparison
    from smp_check.report.legs import render_many
    from smp_check.report.render import render

    folder = the_folder()
    loaded = [load_comparison(path) for path in comparisons]
    report = folder / "report.md"
    labels = [label_of(path, comparisons) for path in comparisons]
    write(report, render_many(list(zip(labels, loaded, strict=True))))
    files = {"report": str(report), "comparison": "\n".join(str(path) for path in comparisons)}
    if (run := folder / "run.json").is_file():
        files["run"] = str(run)
    if inputs.report_html and inputs.report_html != "false" and len(loaded) == 1:
        page = folder / "report.html" if inputs.report_html == "true" else Path(inputs.report_html)
        write(prepare(page), render(loaded[0], "html"))
        files["report_html"] = str(page)
    outputs(files)
    return loaded


def _record(inputs: Inputs) -> int:
    """Add the run to the baseline where it belongs there and was measured to its end."""
    from smp_check.cli.runs import load_run
    from smp_check.cli.surroundings import surroundings

    folder = the_folder()
    run = folder / "run.json"
    if not (folder / "comparison.json").is_file() or not run.is_file() or not load_run(run).details.complete:
        return 0
    if not surroundings(inputs.update_baseline).add_to_baseline:
        return 0
    baseline = the_configuration(inputs).check.baseline
    store, branch = inputs.baseline_store or baseline.store or "", inputs.baseline_branch or baseline.branch
    return command(inputs.record_command(str(folder), store, branch, baseline.keep))
