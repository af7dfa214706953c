"""``smp-check publish``: bring comparisons to their pull request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.github.event import Context, Plan
    from smp_check.github.publication import CommentMode
    from smp_check.verdict.model import Comparison


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
@click.option("--repository", metavar="OWNER/NAME", help="Default: the workflow's.")
@click.option("--pull-request", metavar="NUMBER", type=click.IntRange(min=1), help="Default: the workflow's.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration that annotations point at.")
@click.option("--dry-run", is_flag=True, help="Print the comment instead of posting it.")
@console_options
def publish_command(
    comparison: tuple[Path, ...],
    comment: CommentMode,
    comment_key: str,
    repository: str | None,
    pull_request: int | None,
    config: Path | None,
    dry_run: bool,
    console: Console,
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
    from smp_check.report.render import render_many

    legs = [(_label(path, comparison), load_comparison(path)) for path in comparison]
    if dry_run:
        write(None, render_many(legs))
        return
    comparisons = [each for _, each in legs]
    announce(comparisons, config=config, files={"comparison": comparison[0]}, console=console)
    context, planned = _circumstances(repository, pull_request)
    _comment(legs, comparisons, (context, planned), (comment, comment_key), console)


def _label(path: Path, all_paths: Sequence[Path]) -> str:
    """What tells legs apart: the folder that a leg's document lies in, or its own name."""
    if len(all_paths) == 1:
        return ""
    return path.parent.name if path.stem == "comparison" and path.parent.name else path.stem


def _circumstances(repository: str | None, number: int | None) -> tuple[Context, Plan]:
    """The workflow's event, or what the options say."""
    import os
    from dataclasses import replace

    from smp_check.cli.surroundings import read_event
    from smp_check.errors import InputError
    from smp_check.github.event import PullRequest, context_from, plan

    context = context_from(os.environ, read_event(os.environ))
    planned = plan(context)
    if repository is not None:
        context = replace(context, repository=repository)
    if number is not None:
        request = PullRequest(number=number, head_sha="", head_repository=context.repository, base_sha="")
        known = planned.pull_request
        request = known if known is not None and known.number == number else request
        planned = replace(planned, pull_request=request, comment="here")
    if planned.pull_request is not None and "/" not in context.repository:
        raise InputError("which repository? give --repository OWNER/NAME")
    return context, planned


def _comment(
    legs: Sequence[tuple[str, Comparison]],
    comparisons: Sequence[Comparison],
    circumstances: tuple[Context, Plan],
    wish: tuple[CommentMode, str],
    console: Console,
) -> None:
    import os

    from smp_check.github.client import GitHub
    from smp_check.github.place import Place
    from smp_check.github.publication import intend, leg_name, post_comment
    from smp_check.report.render import render_many

    context, planned = circumstances
    intention = intend(planned, wish[0], comparisons)
    with GitHub(Place.of(os.environ)) as github:
        posted = post_comment(
            github, context, planned, intention, leg=leg_name(comparisons, wish[1]), text=render_many(legs)
        )
    if posted.state == "refused":
        console.warn(f"no comment was posted: {posted.detail}")
    else:
        console.say(f"comment {posted.state}: {posted.url or posted.detail}")
    _tell(posted.url, posted.detail if posted.state in {"refused", "skipped"} else "", console)


def _tell(url: str, why_not: str, console: Console) -> None:
    """The comment's address as an output; why there is none into the job summary."""
    import os

    from smp_check.errors import GitHubError
    from smp_check.github.runner import inert, write_outputs, write_summary

    try:
        if path := os.environ.get("GITHUB_OUTPUT"):
            write_outputs(path, {"comment_url": url})
        if why_not and (path := os.environ.get("GITHUB_STEP_SUMMARY")):
            write_summary(path, f"<sub>No comment on a pull request: {_plain(inert(why_not))}</sub>")
    except GitHubError as fault:
        console.warn(fault.message)


def _plain(text: str) -> str:
    from smp_check.report.escape import markdown

    return str(markdown(text))
