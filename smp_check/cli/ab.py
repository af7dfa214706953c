"""``smp-check ab``: base and head side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT, OUTPUT_DIRECTORY, GoDuration, measuring_options

if TYPE_CHECKING:
    from smp_check.pipeline.match import Match
    from smp_check.spec.configuration import Configuration, Launches
    from smp_check.spec.overrides import Overrides


def _launches(_ctx: click.Context, _option: click.Parameter, text: str | None) -> Launches | None:
    """``6`` launches, or ``6:12`` for at least 6 and at most 12."""
    from smp_check.spec.configuration import Launches

    if not text:
        return None
    least, colon, most = text.partition(":")
    if not least.isdecimal() or (colon and not most.isdecimal()):
        raise click.BadParameter(f"{text!r} is no number of launches; write 6, or 6:12 for at least 6 and at most 12")
    launches = Launches(min=int(least), max=int(most or least))
    if not 1 <= launches.min <= launches.max:
        raise click.BadParameter(f"{text!r}: at least one launch, and not more at least than at most")
    return launches


@click.command("ab", context_settings=CONTEXT)
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option("--base-ref", metavar="REF", help="The base is this commit, in a git worktree beside yours.")
@click.option("--base-start", metavar="COMMAND", help="Starts the base on $SMP_CHECK_PORT. Default: check.setup.")
@click.option("--head-start", metavar="COMMAND", help="Starts the head on $SMP_CHECK_PORT. Default: check.setup.")
@click.option("--base-url", metavar="URL", help="The base is what answers there.")
@click.option("--head-url", metavar="URL", help="The head is what answers there. Default: the file's endpoints.")
@click.option("--launches", callback=_launches, metavar="N[:MAX]", help="Fresh starts of both sides. Default: 4:12.")
@click.option("--max-time", type=GoDuration(), help="Start no launch that would not be over by then.")
@measuring_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=OUTPUT_DIRECTORY,
    show_default=True,
    help="Directory for run.json, comparison.json, report.md and the logs of what is started.",
)
@console_options
@click.pass_context
def ab_command(
    ctx: click.Context, /, config: Path | None, overrides: Overrides, output: Path, console: Console, **given: Any
) -> None:
    """Measure base and head side by side, interleaved, in one job; nothing stored is needed.

    Both sides run on this machine at the same time and take turns in short rounds. With start commands each
    launch is a fresh start of both, and launches are added until every gated metric is decided. Where only URLs
    are given nothing is restarted, which the report says.

    \b
    Examples:
      smp-check ab smp-check.yaml --base-ref origin/main
      smp-check ab smp-check.yaml --base-start './old $SMP_CHECK_PORT' --head-start './new $SMP_CHECK_PORT'
      smp-check ab --base-url http://127.0.0.1:8080/ --head-url http://127.0.0.1:15001/ --duration 60s
    """
    from smp_check.cli.acceptance import labelled_here, load_acceptances
    from smp_check.cli.announce import announce
    from smp_check.cli.bench import real_bench
    from smp_check.cli.check import present
    from smp_check.cli.output import prepare_directory
    from smp_check.cli.progress import Progress
    from smp_check.cli.sides import Given, configured, matched
    from smp_check.pipeline import exit_code
    from smp_check.pipeline.ab import ab

    wanted = Given(**given, reference=overrides.reference)
    configuration = configured(config, overrides, wanted, console)
    accept = (*load_acceptances(configuration), *labelled_here())
    prepare_directory(output)
    with matched(configuration, wanted, output / "logs", console) as match:
        _promise(match, configuration, console)
        if match.restarts and overrides.duration:
            console.warn("--duration does not count where launches do; give --launches, or another check.round")
        with Progress(configuration, console) as progress:
            checked = ab(configuration, real_bench(console), match, progress.on_event, accept=accept)
    files = present(checked, output, console)
    announce([("", checked.comparison)], config=configuration.source, files=files, console=console)
    if checked.failure is not None:
        raise checked.failure
    ctx.exit(exit_code(checked.comparison))


def _promise(match: Match, configuration: Configuration, console: Console) -> None:
    """How long it will take, before it begins."""
    from smp_check.units import format_duration

    least, most = (format_duration(round(seconds)) for seconds in match.expected(configuration))
    how = f"{match.launches.min} to {match.launches.max} launches" if match.restarts else f"{match.pairs} rounds a side"
    console.say(f"side by side: {how}, {least if least == most else f'{least} to {most}'}")
    fitting = match.fitting(configuration)
    if match.restarts and fitting < match.launches.min:
        console.warn(f"--max-time has room for about {fitting} launches; it takes {match.launches.min} to be sure")
