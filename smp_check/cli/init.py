"""``smp-check init``: write a configuration and the workflows for a repository."""

from __future__ import annotations

from pathlib import Path

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT


@click.command("init", context_settings=CONTEXT)
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--url", metavar="URL", help="Where the service answers. Default: what the repository's files say.")
@click.option("--start", metavar="COMMAND", help="Starts the service; it may listen on $SMP_CHECK_PORT.")
@click.option("--forks/--no-forks", default=True, show_default=True, help="Write the second workflow for forks.")
@click.option("--action", metavar="OWNER/REPO@REF", help="The action to use. Default: this version, pinned.")
@click.option("--force", is_flag=True, help="Write over workflows that are there already.")
@click.option("--dry-run", is_flag=True, help="Print the files instead of writing them.")
@console_options
def init_command(
    folder: Path,
    url: str | None,
    start: str | None,
    forks: bool,
    action: str | None,
    force: bool,
    dry_run: bool,
    console: Console,
) -> None:
    """Write a configuration and a workflow for the repository in FOLDER (default: here).

    Compose files, Dockerfile, package.json, go.mod and the like say how the service is started and on which port
    it listens; an SMP or Meshery test file that is there already is used as it is. Nothing is run or asked.

    \b
    Examples:
      smp-check init
      smp-check init --url http://127.0.0.1:8080/health --no-forks
      smp-check init --start 'PORT=$SMP_CHECK_PORT ./serve' --dry-run
    """
    from smp_check.cli.configuration import USUAL_NAMES
    from smp_check.cli.output import prepare, write
    from smp_check.errors import InputError
    from smp_check.github.adoption import files, survey
    from smp_check.github.pins import own_action

    if not folder.is_dir():
        raise InputError(f"{folder} is no directory")
    found = survey(folder, USUAL_NAMES)
    used = own_action(action)
    made = files(found, action=used, url=url, start=start, forks=forks)
    if dry_run:
        for name, text in made.items():
            write(None, f"# {name}\n{text}")
        return
    there = [name for name in made if (folder / name).exists()]
    if there and not force:
        raise InputError(f"{', '.join(there)}: there already", hint="--force writes over it; --dry-run only prints")
    for name, text in made.items():
        write(prepare(folder / name), text)
        console.say(f"wrote {folder / name}")
    for note in found.notes:
        console.say(console.dim(f"  {note}"))
    _next_steps(found.start is None and found.configuration is None and not (url or start), used, console)


def _next_steps(unknown: bool, action: str, console: Console) -> None:
    if unknown:
        console.warn(
            "how the service is started could not be found out: put its command into `check.setup` and its address into"
            " `endpoint_urls`, or run again with --start and --url"
        )
    if "@v" in action:
        console.warn(f"{action} is a tag: pin it to a commit, as the other actions are")
    console.say("try it here first: smp-check check")
    console.say("then commit; the first run on the default branch makes the baseline")
