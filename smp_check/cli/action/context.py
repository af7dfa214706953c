"""What the steps of the Action share: inputs, event, configuration, folder, and how a command is called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.errors import ExitCode

if TYPE_CHECKING:
    from smp_check.github.event import Plan
    from smp_check.github.inputs import Inputs
    from smp_check.spec.configuration import Configuration

FOLDER = "SMP_FOLDER"


def the_inputs() -> Inputs:
    """What the workflow gave the Action. Raises ``InputError``."""
    from smp_check.cli.configuration import USUAL_NAMES
    from smp_check.github.inputs import inputs_from

    return inputs_from(os.environ, is_file=lambda name: Path(name).is_file(), usual=USUAL_NAMES)


def the_plan() -> Plan:
    """What this event asks for. Raises ``InputError`` for an event that is refused."""
    from smp_check.cli.surroundings import read_event
    from smp_check.github.event import context_from, plan

    return plan(context_from(os.environ, read_event(os.environ)))


def the_configuration(inputs: Inputs) -> Configuration:
    """The configuration under the inputs: its name, mesh and baseline. Raises ``InputError``."""
    from smp_check.cli.configuration import load_configuration
    from smp_check.cli.console import Console
    from smp_check.spec.overrides import Overrides

    given = dict(inputs.measuring)
    urls = tuple(value for name, value in inputs.measuring if name == "endpoint_url")
    overrides = Overrides(endpoint_url=urls, service_mesh=given.get("service_mesh"), test_name=given.get("test_name"))
    return load_configuration(Path(inputs.config) if inputs.config else None, overrides, Console())


def the_folder() -> Path:
    """Where this use of the Action keeps its documents."""
    return Path(os.environ[FOLDER])


def command(arguments: list[str]) -> int:
    """One smp-check command, as if typed; its exit code."""
    from smp_check.cli import main as entry

    try:
        entry(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(ExitCode.BUG)
    return 0


def outputs(values: dict[str, str]) -> None:
    """Write outputs of this step."""
    from smp_check.github.runner import write_outputs

    if path := os.environ.get("GITHUB_OUTPUT"):
        write_outputs(path, values)
