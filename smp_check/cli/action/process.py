"""One process with an environment of its own, none of whose output can speak to the runner."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from smp_check.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

KEPT = 6
"""Lines of an error that go into the annotation."""


def run_apart(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one smp-check command in a process of its own; its exit code.

    Between two lines with a random word the runner takes nothing for a command, whoever prints it. An error's
    own words are repeated behind them as an annotation.
    """
    from smp_check.github.runner import annotation

    word = secrets.token_hex(16)
    click.echo(f"::stop-commands::{word}")
    try:
        code, last = _run(arguments, environment)
    finally:
        click.echo(f"\n::{word}::")
    if code not in {ExitCode.PASSED, ExitCode.GATE_FAILED}:
        click.echo(annotation("error", "\n".join(last) or f"exit code {code}", title="smp-check"), err=True)
    return code


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, list[str]]:
    command = [sys.executable, "-I", "-X", "utf8", "-m", "smp_check", *arguments]
    error: list[str] = []
    with subprocess.Popen(
        command, env=dict(environment), stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as child:

        def pass_on(number: int, _frame: FrameType | None) -> None:
            if os.name == "nt":  # which knows no interrupt for a single process
                child.terminate()
            else:
                child.send_signal(number)

        earlier = [(each, signal.signal(each, pass_on)) for each in (signal.SIGINT, signal.SIGTERM)]
        try:
            for line in child.stderr or ():
                sys.stderr.write(line)
                sys.stderr.flush()
                if line.startswith("error:"):
                    error = []
                if line.startswith("error:") or error:
                    error = [*error, line.rstrip()][:KEPT]
            code = child.wait()
        finally:
            for each, handler in earlier:
                signal.signal(each, handler)
    return (code if code >= 0 else int(ExitCode.INTERRUPTED)), error
