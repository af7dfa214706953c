"""The command line: parse, build the adapters, call one pipeline function, print. No logic.

Commands are imported when they are called, so that ``smp-check --help`` stays quick.
"""

from __future__ import annotations

import importlib
import signal
import sys
from typing import TYPE_CHECKING

import click

from smp_check import __version__
from smp_check.errors import ExitCode, InputError, SmpCheckError

if TYPE_CHECKING:
    from types import FrameType

COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("check:check_command", "The whole pipeline: measure, validate, compare, report, gate."),
    "run": ("run:run_command", "Only measure: write a run document."),
    "ab": ("ab:ab_command", "Measure base and head side by side, interleaved, in one job."),
    "validate": ("validate:validate_command", "Check any SMP document for conformance."),
    "convert": ("convert:convert_command", "Convert between SMP spellings and versions; mend what can be mended."),
    "import": ("imports:import_command", "Turn another tool's output into a run document."),
    "compare": ("compare:compare_command", "Compare runs: two run documents or sets of them."),
    "report": ("report:report_command", "Render a comparison."),
    "publish": ("publish:publish_command", "Post a comparison to its pull request."),
    "baseline": ("baseline:baseline_command", "Look after the stored baselines."),
    "trend": ("trend:trend_command", "The history of the stored baselines, and where it changed."),
    "calibrate": (
        "calibrate:calibrate_command",
        "How often these settings alarm falsely, and what they catch.",
    ),
    "init": ("init:init_command", "Write a configuration and a workflow for this repository."),
    "demo": ("demo:demo_command", "See a regression found: a built-in service, made slower. No network."),
    "doctor": ("doctor:doctor_command", "What works here, and what to do about the rest."),
    "schema": ("schema:schema_command", "Print a JSON Schema."),
}

EPILOG = """\b
Start here:
  smp-check demo                      see a regression found, in about a minute
  smp-check check smp-check.yaml      benchmark, compare with the baseline, report, gate
  smp-check validate results/         conformance of any SMP document

\b
Exit codes: 0 passed, 1 gate failed, 2 usage or input error, 3 measurement failed,
            4 store or GitHub refused, 70 a bug in smp-check, 130 interrupted.
"""


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Command names in the order of the pipeline."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"smp_check.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; suggest the nearest name for an unknown one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            advice = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{advice}")
        return super().resolve_command(ctx, args)


@click.command(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="smp-check", message="%(prog)s %(version)s")
def cli() -> None:
    """Performance gates for services and service meshes on pull requests.

    Runs a brief benchmark described in the Service Mesh Performance (SMP) format, validates the result,
    compares it with a baseline by statistics, and says on the pull request what got slower and how sure it is.
    """


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the ``smp-check`` command: every way to end has its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    _write_utf8()
    try:
        ended = cli.main(args=arguments, prog_name="smp-check", standalone_mode=False)
        code = ExitCode(ended) if isinstance(ended, int) else ExitCode.PASSED
    except SystemExit:
        raise
    except BaseException as end:
        code = _explain(end)
    sys.exit(int(code))


def _write_utf8() -> None:
    """Documents and reports are UTF-8 also where a pipe would have another encoding (Windows, LANG=C).

    An encoding that somebody asked for by PYTHONIOENCODING stays, and shows what it lacks as ``?``.
    """
    import os

    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # tests put other kinds of stream there
        if reconfigure is not None:
            asked = "PYTHONIOENCODING" in os.environ
            reconfigure(**({"errors": "replace"} if asked else {"encoding": "utf-8"}))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _explain(end: BaseException) -> ExitCode:
    """Say on stderr what ended the program; the exit code that goes with it."""
    from smp_check.cli.console import diagnose

    if isinstance(end, (KeyboardInterrupt, click.Abort)):
        diagnose("interrupted")
        return ExitCode.INTERRUPTED
    if isinstance(end, SmpCheckError):
        diagnose(end.message, end.hint)
        return end.exit_code
    if isinstance(end, click.ClickException):
        end.show()
        return ExitCode.USAGE
    if isinstance(end, BrokenPipeError):
        return ExitCode.PASSED
    if isinstance(end, OSError):
        fault = InputError(f"{end.filename or 'the system'}: {end.strerror or end}")
        diagnose(fault.message, "see that the path exists, may be written and that the disk has room")
        return fault.exit_code
    return _bug(end)


def _bug(fault: BaseException) -> ExitCode:
    import os
    import traceback

    from smp_check.cli.console import diagnose

    where = traceback.extract_tb(fault.__traceback__)[-1]
    diagnose(
        f"this is a bug in smp-check: {type(fault).__name__}: {fault} ({where.filename}:{where.lineno})",
        "run again with SMP_CHECK_DEBUG=1 for the traceback, and report it together with your configuration",
    )
    if os.environ.get("SMP_CHECK_DEBUG"):
        traceback.print_exception(fault)
    return ExitCode.BUG
