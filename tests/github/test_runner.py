"""Outputs, the job summary and annotations: read back as the runner reads them, with hostile text inside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp_check.errors import GitHubError
from smp_check.github.runner import (
    ANNOTATION_CHARACTERS,
    SUMMARY_BYTES,
    annotation,
    inert,
    output_entry,
    write_outputs,
    write_summary,
)


def read_like_the_runner(text: str) -> dict[str, str]:
    """The runner's parser of environment files: ``name<<DELIMITER``, lines, ``DELIMITER``."""
    values: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if line:
            name, _, delimiter = line.partition("<<")
            values[name] = "\n".join(iter(lines.__next__, delimiter))
    return values


def commands_in(text: str) -> list[str]:
    """What both of the runner's parsers would take for a command."""
    found = []
    for line in re.split(r"[\r\n]", text):
        if re.match(r"\s*::[^\s:]", line) or re.search(r"##\[[^\]]+\]", line):
            found.append(line)
    return found


HOSTILE = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            ["::", "##[", "error]", "set-output name=x", "\n", "\r", "%0A", " ", "\x0b", "\x85", "a", ":", "#"]
        )
    ).map("".join),
)


@given(HOSTILE)
def test_no_log_line_is_a_command(text: str) -> None:
    """Whatever a server or a generator says, the runner takes nothing of it for a command."""
    assert commands_in(inert(text)) == []


@given(HOSTILE, HOSTILE)
def test_an_annotation_is_one_command_and_no_more(message: str, title: str) -> None:
    """One line, one command, whose file and line are ours."""
    line = annotation("error", message, title=title, file="smp-check.yaml", line=3)
    assert line.startswith("::error ")
    assert "\n" not in line
    assert "\r" not in line
    properties = line[len("::error ") :].split("::")[0]
    assert "file=smp-check.yaml,line=3" in properties
    assert "##[" not in line


@given(st.text())
def test_an_output_comes_back_as_it_was(value: str) -> None:
    """Newlines, delimiters and equal signs in a value make no second output."""
    value = value.replace("\r", "")
    assert read_like_the_runner(output_entry("report", value)) == {"report": value}


def test_an_output_name_is_a_name() -> None:
    """A name with a newline would be a second output."""
    with pytest.raises(GitHubError, match="safely"):
        output_entry("a\nb", "x")


def test_files_are_appended_to(tmp_path: Path) -> None:
    """Other lines of the step's files stay."""
    path = tmp_path / "output"
    path.write_text("before<<E\n1\nE\n")
    write_outputs(str(path), {"verdict": "regressed", "regressions": "a\nb"})
    assert read_like_the_runner(path.read_text()) == {"before": "1", "verdict": "regressed", "regressions": "a\nb"}
    with pytest.raises(GitHubError, match="cannot write"):
        write_outputs(str(tmp_path), {"a": "b"})


def test_a_summary_that_would_be_dropped_is_not_written(tmp_path: Path) -> None:
    """The budget counts bytes, and counts what other tools wrote into the same file."""
    path = tmp_path / "summary"
    assert write_summary(str(path), "ä" * 1000)
    size = path.stat().st_size
    assert not write_summary(str(path), "ä" * (SUMMARY_BYTES // 2))
    assert path.stat().st_size == size


def test_a_long_message_is_cut() -> None:
    """The runner would cut it in the middle of an escape."""
    assert len(annotation("notice", "x" * 100_000)) < ANNOTATION_CHARACTERS + 20


def test_plain_text_stays() -> None:
    """Plain text stays as it is."""
    assert inert("p99: 12.3 ms :: fine # yes") == "p99: 12.3 ms :: fine # yes"
