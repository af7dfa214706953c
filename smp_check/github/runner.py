"""How a step talks to its runner: outputs, the job summary and workflow commands, with nothing that can come alive.

Formats: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands. The runner reads
``::command::`` at the start of a line and, still, ``##[command]`` anywhere in one; an environment file's entry
ends at a line equal to its delimiter.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from smp_check.errors import GitHubError

if TYPE_CHECKING:
    from collections.abc import Mapping

SUMMARY_BYTES = 900_000
"""Below the 1 MiB at which the runner drops a step's whole summary."""
ANNOTATION_CHARACTERS = 3_000
"""Below the 4,096 at which the runner cuts a message."""
PROPERTY_CHARACTERS = 500
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control sequences, breaks of lines that are none, and what turns the direction of writing."""
_LEGACY = re.compile(r"##(?=\[)")

Level = Literal["error", "warning", "notice"]


def inert(text: str) -> str:
    """Text of a log in which no line is a workflow command; it reads the same."""
    lines = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(_LEGACY.sub("#\u200b#", re.sub(r"^(\s*):(?=:)", "\\1:\u200b", line)) for line in lines)


def annotation(
    level: Level, message: str, *, title: str = "", file: str = "", line: int | None = None, column: int | None = None
) -> str:
    """A workflow command that annotates the run, on one line whatever the message holds."""
    places = {"title": title, "file": file, "line": line, "col": column}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in places.items() if value)
    return f"::{level}{' ' + properties if properties else ''}::{_data(inert(_cut(message, ANNOTATION_CHARACTERS)))}"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(inert(_cut(text, PROPERTY_CHARACTERS))).replace(":", "%3A").replace(",", "%2C")


def output_entry(name: str, value: str) -> str:
    """One entry of ``GITHUB_OUTPUT``; a value can't end its own heredoc, since the delimiter is random."""
    delimiter = f"smp_{secrets.token_hex(16)}"
    if delimiter in value or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
        raise GitHubError(f"the output {name!r} cannot be written safely")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def write_outputs(path: str, values: Mapping[str, str]) -> None:
    """Append a step's outputs to the runner's file."""
    _append(path, "".join(output_entry(name, value) for name, value in values.items()))


def write_summary(path: str, text: str) -> bool:
    """Append to the job summary; ``False`` when it would not fit, and then nothing is written.

    The budget is shared with whatever the step wrote before.
    """
    addition = f"{text.rstrip()}\n\n"
    file = Path(path)
    there = file.stat().st_size if file.exists() else 0
    if there + len(addition.encode()) > SUMMARY_BYTES:
        return False
    _append(path, addition)
    return True


def _append(path: str, text: str) -> None:
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as fault:
        raise GitHubError(f"cannot write the runner's file {path}: {fault.strerror}") from fault
