"""``smp-check demo``: the main job against a built-in target, no network and no token needed."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smp_check.cli.console import Console, console_options
from smp_check.cli.options import CONTEXT

if TYPE_CHECKING:
    from smp_check.load.embedded.target import BuiltinTarget
    from smp_check.pipeline import Checked
    from smp_check.spec.configuration import Configuration

CONFIGURATION = """\
# What `smp-check demo` measures. Point endpoint_urls at your own service and it is yours.
test:
  smp_version: v0.0.1
  name: demo
  duration: 6s
  clients:
    - load_generator: embedded
      protocol: PROTOCOL_HTTP
      connections: 8
      rps: 400
      endpoint_urls: [{url}]
mesh: {{}}
check:
  round: 1s
  warmup: 1s
"""
FAST = "constant:2ms"
SLOW = "constant:6ms"


@click.command("demo", context_settings=CONTEXT)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Keep all documents in this directory.")
@console_options
def demo_command(output: Path | None, console: Console) -> None:
    """See a regression found, in about a minute: no network, no token, nothing to set up.

    A small built-in service answers in 2 ms; its first run makes the baseline. The same service again: nothing
    is called a regression. Then it is slowed to 6 ms, and the gate fails with the comment that a pull request
    would get.
    """
    from smp_check.cli.output import prepare_directory
    from smp_check.errors import MeasurementError
    from smp_check.load.embedded.target import BuiltinTarget
    from smp_check.verdict.model import Verdict

    with ExitStack() as stack:
        kept = output or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smp-check-demo-")))
        prepare_directory(kept)
        target = stack.enter_context(BuiltinTarget(delay=FAST))
        configuration = _configuration(target, kept, console)
        _act(1, "a service that answers in 2 ms: the baseline", configuration, kept, console)
        _act(2, "the same service, unchanged", configuration, kept, console)
        target.set_delay(SLOW)
        checked = _act(3, "the service slowed to 6 ms, as a bad pull request would", configuration, kept, console)
        _comment(checked, console)
        if output is not None:
            console.say(f"all documents: {output}/")
    if checked.comparison.verdict is not Verdict.REGRESSED:
        raise MeasurementError(
            f"the demo's regression was not found: {checked.comparison.headline}",
            hint="this machine is too noisy just now; try again when less is running on it",
        )


def _configuration(target: BuiltinTarget, kept: Path, console: Console) -> Configuration:
    from smp_check.cli.configuration import load_configuration
    from smp_check.spec.overrides import Overrides

    path = kept / "smp-check.yaml"
    path.write_text(CONFIGURATION.format(url=target.url), encoding="utf-8")
    return load_configuration(path, Overrides(), console)


def _act(number: int, title: str, configuration: Configuration, kept: Path, console: Console) -> Checked:
    """One check, its documents in a folder of their own."""
    from smp_check.cli.bench import real_bench
    from smp_check.cli.check import write_documents
    from smp_check.cli.progress import Progress
    from smp_check.pipeline import check
    from smp_check.store.directory import DirectoryStore

    console.say(console.style(f"\n{number}/3  {title}", bold=True))
    store = DirectoryStore(kept / "baselines", console.warn)
    with Progress(configuration, console) as progress:
        checked = check(configuration, real_bench(), store, progress.on_event, add_to_baseline=True)
    if checked.failure is not None:
        raise checked.failure
    folder = kept / f"run-{number}"
    folder.mkdir(exist_ok=True)
    write_documents(checked, folder)
    console.say(f"     {checked.comparison.headline}")
    return checked


def _comment(checked: Checked, console: Console) -> None:
    from smp_check.cli.output import write
    from smp_check.report.render import render

    console.say(console.style("\nThe comment that the pull request gets:\n", bold=True))
    write(None, render(checked.comparison, "markdown"))
