"""From the options of ``smp-check ab`` to what is measured against what."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smp_check.cli.console import Console
    from smp_check.pipeline.match import Match
    from smp_check.spec.configuration import Configuration, Launches
    from smp_check.spec.overrides import Overrides


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says of the two sides."""

    base_ref: str | None = None
    base_start: str | None = None
    head_start: str | None = None
    base_url: str | None = None
    head_url: str | None = None
    launches: Launches | None = None
    max_time: str | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        started = [name for name in ("base_ref", "base_start", "head_start") if getattr(self, name)]
        if self.head_url and not self.base_url:
            raise InputError("--head-url needs --base-url: what is it to be measured against?")
        if self.base_url and started:
            raise InputError(
                f"--base-url and --{started[0].replace('_', '-')} exclude each other",
                hint="either both sides are URLs, or both are started",
            )
        if not self.base_url and not started:
            raise InputError(
                "what is the base? Give --base-ref, --base-start or --base-url",
                hint="smp-check check compares with stored runs instead",
            )


def configured(config: Path | None, overrides: Overrides, given: Given, console: Console) -> Configuration:
    """The configuration; without a file the URLs alone are enough."""
    from smp_check.cli.configuration import USUAL_NAMES, load_configuration

    if config is None and given.base_url and not any(Path(name).is_file() for name in USUAL_NAMES):
        overrides = replace(overrides, endpoint_url=overrides.endpoint_url or (given.head_url or given.base_url,))
    configuration = load_configuration(config, overrides, console)
    if given.launches is None:
        return configuration
    return replace(configuration, check=replace(configuration.check, launches=given.launches))


@contextmanager
def matched(configuration: Configuration, given: Given, logs: Path, console: Console) -> Iterator[Match]:
    """The match; a base that is checked out exists as long as the context."""
    if given.base_url:
        yield _by_url(configuration, given, given.base_url, logs, console)
        return
    if given.base_ref is None:
        yield _by_start(configuration, given, logs, console)
        return
    from smp_check.spec.run import Provenance
    from smp_check.subject.worktree import checked_out

    with checked_out(given.base_ref, Path.cwd(), console.warn) as base:
        console.detail(f"the base {given.base_ref} is {base.commit}, checked out in {base.folder}")
        match = _by_start(configuration, given, logs, console, base_folder=base.folder)
        yield replace(match, base=Provenance(commit=base.commit, branch=given.base_ref))


def _by_url(configuration: Configuration, given: Given, base_url: str, logs: Path, console: Console) -> Match:
    from smp_check.cli.bench import place
    from smp_check.pipeline.match import Match, arranged
    from smp_check.subject.pair import one_system

    match = Match(
        start=lambda launch: one_system(
            configuration, place(logs), launch, console.warn, base_url=base_url, head_url=given.head_url
        ),
        launches=configuration.check.launches,
        max_seconds=_max_seconds(given),
        reference=given.reference,
        restarts=configuration.check.setup is not None,
    )
    return arranged(match, configuration)


def _by_start(
    configuration: Configuration, given: Given, logs: Path, console: Console, *, base_folder: Path | None = None
) -> Match:
    from smp_check.cli.bench import place
    from smp_check.pipeline.match import Match, arranged
    from smp_check.subject.pair import Recipe, two_systems

    base = Recipe(command=_command(given.base_start, "base", configuration), place=place(logs, base_folder))
    head = Recipe(command=_command(given.head_start, "head", configuration), place=place(logs))
    if (base_folder, base.command) == (None, head.command):
        console.warn("base and head are started by the same command in the same folder: this compares like with like")
    match = Match(
        start=lambda launch: two_systems(configuration, base, head, launch, console.warn),
        launches=configuration.check.launches,
        max_seconds=_max_seconds(given),
        reference=given.reference,
    )
    return arranged(match, configuration)


def _command(given: str | None, role: str, configuration: Configuration) -> str:
    command = given or configuration.check.setup
    if command is None:
        raise InputError(
            f"nothing says how the {role} is started",
            hint=f"give check.setup in {configuration.source}, or --{role}-start",
        )
    return command


def _max_seconds(given: Given) -> float | None:
    from smp_check.units import parse_duration

    return None if given.max_time is None else parse_duration(given.max_time)
