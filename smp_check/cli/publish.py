"""``smp-check publish``: bring comparisons to their pull request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.github.client import GitHub
    from smp_check.github.event import Context, Plan
    from smp_check.github.publication import CommentMode
    from smp_check.verdict.model import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the options say about where and how to publish."""

    comment: CommentMode
    comment_key: str
    check_run: bool
    repository: str | None
    pull_request: int | None
    head: str
    run: str
    """``ID.ATTEMPT`` of the run that measured, where it is not this one."""


@click.command("publish", context_settings=CONTEXT)
@click.argument("comparison", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--comment",
    type=click.Choice(["auto", "always", "on-change", "never"]),
    default="auto",
    show_default=True,
    help="on-change: no comment until there is something to say. always: also where a second stage would comment.",
)
@click.option("--comment-key", metavar="TEXT", default="", help="Tells this comment from others of the same job.")
@click.option("--check-run", is_flag=True, help="Report as a check run, too; needs the permission `checks: write`.")
@click.option("--repository", metavar="OWNER/NAME", help="Default: the workflow's.")
@click.option("--pull-request", metavar="NUMBER", type=click.IntRange(min=1), help="Default: the workflow's.")
@click.option("--head", metavar="COMMIT", default="", help="Commit that was measured. Default: the pull request's.")
@click.option("--run", metavar="ID.ATTEMPT", default="", help="The workflow run that measured. Default: this one.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration that annotations point at.")
@click.option("--dry-run", is_flag=True, help="Print the comment instead of posting it.")
@console_options
def publish_command(
    comparison: tuple[Path, ...], config: Path | None, dry_run: bool, console: Console, **wish: Any
) -> None:
    """Post COMPARISON (one or several comparison documents) as one comment on the pull request.

    In GitHub Actions the job summary, annotations and outputs are written as well. The comment is updated in
    place on the next run. The token is taken from SMP_TOKEN or GITHUB_TOKEN. A comment that cannot be posted is
    a warning, not a failure.

    \b
    Examples:
      smp-check publish .smp-check/last/comparison.json
      smp-check publish --dry-run results/*/comparison.json
      smp-check publish comparison.json --repository acme/shop --pull-request 42
    """
    from smp_check.cli.announce import announce
    from smp_check.cli.output import write
    from smp_check.cli.runs import load_comparison
    from smp_check.report.legs import render_many

    legs = [(label_of(path, comparison), load_comparison(path)) for path in comparison]
    if dry_run:
        write(None, render_many(legs))
        return
    announce(legs, config=config, files={"comparison": comparison[0]}, console=console)
    _publish(legs, Wish(**wish), console)


def label_of(path: Path, paths: Sequence[Path]) -> str:
    """What tells legs apart: the folder that a leg's document lies in, or its own name; nothing for a single one."""
    if len(paths) == 1:
        return ""
    return path.parent.name if path.stem == "comparison" and path.parent.name else path.stem


def _publish(legs: Sequence[tuple[str, Comparison]], wish: Wish, console: Console) -> None:
    import os

    from smp_check.github.client import GitHub
    from smp_check.github.place import Place
    from smp_check.github.publication import intend, leg_name, post_comment
    from smp_check.report.legs import render_many

    context, planned = _circumstances(wish)
    comparisons = [comparison for _, comparison in legs]
    text = render_many(legs)
    with GitHub(Place.of(os.environ)) as github:
        intention = intend(planned, wish.comment, comparisons)
        leg = leg_name(comparisons, wish.comment_key)
        posted = post_comment(github, context, planned, intention, leg=leg, text=text)
        if posted.state in {"refused", "locked"}:
            console.warn(f"no comment was posted: {posted.detail}")
        else:
            console.say(f"comment {posted.state}: {posted.url or posted.detail}")
        if wish.check_run:
            _check_run(github, context, planned, comparisons, text, console)
    _tell(posted.url, posted.detail if not posted.url else "", console)


def _circumstances(wish: Wish) -> tuple[Context, Plan]:
    """The workflow's event, or what the options say. Raises ``InputError``."""
    import os
    from dataclasses import replace

    from smp_check.cli.surroundings import read_event
    from smp_check.errors import InputError
    from smp_check.github.event import PullRequest, context_from, plan

    context = context_from(os.environ, read_event(os.environ))
    planned = plan(context)
    if wish.repository is not None:
        context = replace(context, repository=wish.repository)
    run_id, _, attempt = wish.run.partition(".")
    if run_id.isdecimal():
        context = replace(context, run_id=int(run_id), attempt=int(attempt) if attempt.isdecimal() else 1)
    request = planned.pull_request
    if wish.pull_request is not None and (request is None or request.number != wish.pull_request):
        request = PullRequest(
            number=wish.pull_request, head_sha=wish.head, head_repository=context.repository, base_sha=""
        )
        planned = replace(planned, pull_request=request, comment="here")
    if request is not None and "/" not in context.repository:
        raise InputError("which repository? give --repository OWNER/NAME")
    return context, planned


def _check_run(
    github: GitHub,
    context: Context,
    planned: Plan,
    comparisons: Sequence[Comparison],
    text: str,
    console: Console,
) -> None:
    from smp_check.errors import GitHubError
    from smp_check.github.check_run import report_check

    head = planned.pull_request.head_sha if planned.pull_request else context.sha
    name = f"smp-check: {comparisons[0].name}" if len(comparisons) == 1 else "smp-check"
    try:
        url = report_check(github, context.repository, name=name, head=head, comparisons=comparisons, text=text)
    except GitHubError as fault:
        console.warn(f"no check run was made: {fault.message}{f' ({fault.hint})' if fault.hint else ''}")
    else:
        console.say(f"check run: {url}")


def _tell(url: str, why_not: str, console: Console) -> None:
    """The comment's address as an output; why there is none into the job summary."""
    import os

    from smp_check.errors import GitHubError
    from smp_check.github.runner import write_outputs, write_summary
    from smp_check.report.escape import markdown

    try:
        if path := os.environ.get("GITHUB_OUTPUT"):
            write_outputs(path, {"comment_url": url})
        if why_not and (path := os.environ.get("GITHUB_STEP_SUMMARY")):
            write_summary(path, f"<sub>No comment on a pull request: {markdown(why_not, 1000)}</sub>")
    except GitHubError as fault:
        console.warn(fault.message)
