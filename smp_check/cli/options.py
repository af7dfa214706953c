"""Options that several commands share."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from smp_check.spec.configuration import FAIL_ON_CHOICES
from smp_check.spec.overrides import Overrides

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    ListParam = click.ParamType[tuple[str, ...]]
    TextParam = click.ParamType[str]
else:  # generic only in the newest Click
    ListParam = TextParam = click.ParamType

F = TypeVar("F", bound="Callable[..., Any]")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
OUTPUT_DIRECTORY = Path(".smp-check/last")


class Lines(ListParam):
    """Several values: given several times, or separated by commas or newlines (as Action inputs are)."""

    name = "list"

    def __init__(self, choices: tuple[str, ...] = ()) -> None:
        self.choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split and check one value."""
        if isinstance(value, tuple):
            return value
        parts = tuple(part.strip() for part in str(value).replace(",", "\n").splitlines() if part.strip())
        for part in parts:
            if self.choices and part not in self.choices:
                self.fail(f"{part!r} is none of {', '.join(self.choices)}", param, ctx)
        return parts


class GoDuration(TextParam):
    """A Go duration such as ``30s``; handed on as text, since SMP keeps it so."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check one value."""
        from smp_check.units import parse_duration

        try:
            parse_duration(str(value))
        except ValueError as fault:
            self.fail(str(fault), param, ctx)
        return str(value)


FAIL_ON = click.option(
    "--fail-on",
    type=Lines(FAIL_ON_CHOICES),
    default=None,
    help=f"What fails the gate, comma-separated: {', '.join(FAIL_ON_CHOICES)}. Default: regression,measurement.",
)

HISTORY = click.option(
    "--history",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Commits that the baseline may come from, newest first, one a line, as `git rev-list` prints them.",
)

_MEASURING = (
    click.option(
        "--endpoint-url", metavar="URL", multiple=True, help="Drive this URL instead of the file's endpoints."
    ),
    click.option("--service-mesh", metavar="MESH", help="Name the mesh: istio, linkerd, consul..."),
    click.option("--test-name", metavar="NAME", help="Name the test; the baseline belongs to this name."),
    click.option(
        "--load-generator",
        "--generator",
        "load_generator",
        metavar="NAME",
        help="embedded, fortio... (see: smp-check doctor).",
    ),
    click.option("--duration", type=GoDuration(), help="Time under load, for example 30s."),
    click.option("--rounds", type=click.IntRange(min=1), help="Cut the time under load into so many rounds."),
    click.option("--rps", type=click.FloatRange(min=0), help="Requests per second of each client; 0 is full speed."),
    click.option("--connections", type=click.IntRange(min=1), help="Connections of each client."),
    click.option("--reference", metavar="builtin|URL|none", help="What is measured beside the service as a control."),
    click.option(
        "--worker",
        metavar="URL",
        multiple=True,
        help="A Fortio server that makes the load; several share it (implies --load-generator fortio-server).",
    ),
    FAIL_ON,
)


def measuring_options(command: F) -> F:
    """Add the options that stand in for values of the configuration; the command gets ``overrides: Overrides``."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in _NAMES}
        given["endpoint_url"] = tuple(url for text in given["endpoint_url"] for url in text.split())
        given["fail_on"] = given["fail_on"] or ()
        given["worker"] = tuple(given["worker"])
        return command(*args, overrides=Overrides(**_present(given)), **kwargs)

    for option in reversed(_MEASURING):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


_NAMES = (
    "endpoint_url",
    "service_mesh",
    "test_name",
    "load_generator",
    "duration",
    "rounds",
    "rps",
    "connections",
    "reference",
    "fail_on",
    "worker",
)


def _present(given: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty strings: an Action input that was not set arrives as one."""
    return {name: value for name, value in given.items() if value not in (None, "")}


def store_options(command: F) -> F:
    """Add ``--store`` and ``--branch``."""
    command = click.option("--branch", metavar="NAME", help="Branch of a git store. Default: smp-baselines.")(command)
    return click.option(
        "--store",
        metavar="WHERE",
        help="Where baselines are kept: directory, git-branch, a path or a URL. Default: the configuration's, "
        "else git-branch in GitHub Actions and .smp-check/baselines elsewhere.",
    )(command)
