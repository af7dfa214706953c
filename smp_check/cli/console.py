"""What a person sees: progress and diagnostics go to stderr, data goes to stdout."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_COLOURS = re.compile(r"(\x1b\[[0-9;]*m)")
F = TypeVar("F", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """How much to say, and whether in colour."""

    quiet: bool = False
    verbose: bool = False
    color: bool = False

    def say(self, text: str) -> None:
        """Progress and information."""
        if not self.quiet:
            click.echo(quiet(text, color=self.color), err=True, color=self.color)

    def detail(self, text: str) -> None:
        """What only a curious user wants to know."""
        if self.verbose:
            self.say(self.dim(text))

    def warn(self, text: str) -> None:
        """Something the user should know even when quiet."""
        label = self.style("warning:", fg="yellow", bold=True)
        click.echo(f"{label} {quiet(text, color=False)}", err=True, color=self.color)

    def style(self, text: str, **looks: Any) -> str:
        """Text in colour, where colour is wanted."""
        return click.style(text, **looks) if self.color else text

    def dim(self, text: str) -> str:
        """Text that stands back."""
        return self.style(text, dim=True)

    @property
    def live(self) -> bool:
        """Whether a progress bar makes sense: a terminal, and nobody asked for silence."""
        return not self.quiet and sys.stderr.isatty()


def quiet(text: str, *, color: bool) -> str:
    """Text that may hold others' words: no workflow command, no control sequence but the colours that we gave it."""
    from smp_check.github.runner import inert

    if not color:
        return inert(text)
    return "".join(part if part.startswith("\x1b[") else inert(part) for part in _COLOURS.split(text))


def wants_color(no_color: bool, stream_is_terminal: bool) -> bool:
    """Colour only on a terminal, and never against ``--no-color`` or ``NO_COLOR`` (https://no-color.org)."""
    return stream_is_terminal and not no_color and not os.environ.get("NO_COLOR")


def console_options(command: F) -> F:
    """Add ``--quiet``, ``--verbose`` and ``--no-color``; the command gets them as ``console: Console``."""
    import functools

    @functools.wraps(command)
    def wrapped(*args: Any, quiet: bool, verbose: bool, no_color: bool, **kwargs: Any) -> Any:
        color = wants_color(no_color, sys.stderr.isatty())
        return command(*args, console=Console(quiet=quiet, verbose=verbose, color=color), **kwargs)

    options = (
        click.option("--no-color", is_flag=True, help="Plain text, also on a terminal (NO_COLOR does the same)."),
        click.option("-v", "--verbose", is_flag=True, help="Say more on the way."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but warnings and errors."),
    )
    for option in options:
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def diagnose(message: str, hint: str | None = None) -> None:
    """Print an error and what to do about it; the form is the same for all errors."""
    color = wants_color("--no-color" in sys.argv, sys.stderr.isatty())
    label = click.style("error:", fg="red", bold=True) if color else "error:"
    click.echo(f"{label} {quiet(message, color=False)}", err=True, color=color)
    if hint:
        lead = click.style("hint:", fg="cyan") if color else "hint:"
        click.echo(f"{lead} {quiet(hint, color=False)}", err=True, color=color)
