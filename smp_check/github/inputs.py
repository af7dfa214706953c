"""The Action's inputs, as its steps find them in the environment, and the commands that they become. Pure.

Inputs that are not set arrive as empty strings. Meshery's SMP action calls its configuration
``profile_filename`` and looks for it below ``.github``; so do we.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from smp_check.errors import InputError

PREFIX = "SMP_INPUT_"
_CHOICES = {
    "update_baseline": ("auto", "always", "never"),
    "comment": ("auto", "always", "on-change", "never"),
    "check_run": ("", "true", "false"),
}
_MEASURING = (
    "endpoint_url",
    "service_mesh",
    "test_name",
    "load_generator",
    "duration",
    "rps",
    "connections",
    "reference",
    "fail_on",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the workflow gave the Action; an empty string is what it did not give."""

    config: str = ""
    measuring: tuple[tuple[str, str], ...] = ()
    """(input, value) of what stands in for the configuration's own values."""
    fail_on: str = ""
    base_ref: str = ""
    args: tuple[str, ...] = ()
    baseline_store: str = ""
    baseline_branch: str = ""
    update_baseline: str = "auto"
    comment: str = "auto"
    comment_key: str = ""
    report_html: str = ""
    check_run: bool = False
    comparisons: tuple[str, ...] = ()
    """Paths or patterns of comparison documents that other jobs made: then nothing is measured."""
    pass_environment: tuple[str, ...] = ()

    def measure_command(self, folder: str) -> list[str]:
        """The command that measures, and writes into ``folder``."""
        options = [f"--{name.replace('_', '-')}={value}" for name, value in self.measuring]
        config = [self.config] if self.config else []
        if self.base_ref:
            return ["ab", *config, f"--base-ref={self.base_ref}", *options, *self.args, f"--output={folder}"]
        fetched = [f"--store={folder}/baselines", f"--history={folder}/history", "--update-baseline=never"]
        return ["check", *config, *options, *fetched, *self.args, f"--output={folder}"]

    def compare_command(self, folder: str, accept: str | None = None) -> list[str]:
        """The command that compares what was measured with what was fetched; ``accept`` is the configuration's."""
        options = [f"--config={self.config}"] if self.config else []
        options += [f"--fail-on={self.fail_on}"] if self.fail_on else []
        options += [f"--accept={accept}"] if accept else []
        written = [f"--history={folder}/history", f"--output={folder}/comparison.json"]
        return ["compare", f"{folder}/baselines", f"{folder}/run.json", *options, *written]

    def record_command(self, folder: str, store: str, branch: str, keep: int) -> list[str]:
        """The command that adds the run to the baseline."""
        options = [f"--store={store}"] if store else []
        options += [f"--branch={branch}"] if branch else []
        options.append(f"--keep={keep}")
        return ["baseline", "add", f"{folder}/run.json", f"--comparison={folder}/comparison.json", *options]

    def publish_command(self, comparisons: list[str]) -> list[str]:
        """The command that tells the pull request."""
        options = [f"--comment={self.comment}"]
        options += [f"--comment-key={self.comment_key}"] if self.comment_key else []
        options += [f"--config={self.config}"] if self.config else []
        options += ["--check-run"] if self.check_run else []
        return ["publish", *comparisons, *options]


def inputs_from(environ: Mapping[str, str], *, is_file: Callable[[str], bool], usual: tuple[str, ...]) -> Inputs:
    """Read and check. ``usual`` are the names under which a configuration is looked for. Raises ``InputError``."""
    given = {name[len(PREFIX) :].lower(): value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
    for name, choices in _CHOICES.items():
        if given.get(name) and given[name] not in choices:
            wanted = ", ".join(choice for choice in choices if choice)
            raise InputError(f"the input {name} is {given[name]!r}", hint=f"choose one of {wanted}")
    return Inputs(
        config=_config(given, is_file, usual),
        measuring=tuple((name, value) for name in _MEASURING for value in _values(name, given)),
        fail_on=",".join(given.get("fail_on", "").replace(",", " ").split()),
        base_ref=given.get("base_ref", ""),
        args=_words(given.get("args", "")),
        baseline_store=given.get("baseline_store", ""),
        baseline_branch=given.get("baseline_branch", ""),
        update_baseline=given.get("update_baseline") or "auto",
        comment=given.get("comment") or "auto",
        comment_key=given.get("comment_key") or _leg(given, environ.get("SMP_MATRIX", "")),
        report_html=given.get("report_html", ""),
        check_run=given.get("check_run") == "true",
        comparisons=tuple(line.strip() for line in given.get("comparisons", "").splitlines() if line.strip()),
        pass_environment=tuple(given.get("pass_environment", "").replace(",", " ").split()),
    )


def _values(name: str, given: Mapping[str, str]) -> list[str]:
    """The input's values: addresses may be several, by lines or commas; anything else is one."""
    text = given.get(name, "")
    if name == "endpoint_url":
        return text.replace(",", " ").split()
    if name == "fail_on":
        return [",".join(text.replace(",", " ").split())] if text else []
    return [text] if text else []


def _config(given: Mapping[str, str], is_file: Callable[[str], bool], usual: tuple[str, ...]) -> str:
    named = given.get("config", "")
    if named:
        return named
    profile = given.get("profile_filename", "")
    if profile:
        return profile if is_file(profile) or not is_file(f".github/{profile}") else f".github/{profile}"
    return next((name for name in usual if is_file(name)), "")


def _leg(given: Mapping[str, str], matrix: str) -> str:
    """What tells the comments of one job apart when the user does not say: the leg of its matrix."""
    if given.get("comparisons"):
        return "all legs"
    return "" if matrix.strip() in {"", "null", "{}"} else " ".join(matrix.split())


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as fault:
        raise InputError(f"the input args cannot be split into words: {fault}", hint="see to the quotes") from fault
