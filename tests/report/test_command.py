"""``smp-check report`` as people run it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from smp_check.report.render import FORMATS, render
from tests.report.situations import SITUATIONS


@pytest.fixture
def document(tool: Any) -> str:
    tool.write("comparison.json", render(SITUATIONS["regressed"](), "json"))
    return "comparison.json"


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format(tool: Any, document: str, format_: str) -> None:
    """What comes back from the file is what was rendered: nothing is lost on the way through JSON."""
    finished = tool("report", document, "--format", format_)
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == render(SITUATIONS["regressed"](), format_)


def test_text_is_the_default_and_has_no_colour_in_a_pipe(tool: Any, document: str) -> None:
    finished = tool("report", document)
    assert finished.out.startswith("FAILED  checkout\n")
    assert "\x1b" not in finished.out


def test_from_stdin_into_a_file(tool: Any, document: str) -> None:
    text = (tool.folder / document).read_text()
    finished = tool("report", "-", "--format", "html", "--output", "out/report.html", stdin=text)
    assert (finished.code, finished.out) == (0, "")
    assert (tool.folder / "out/report.html").read_text().startswith("<!doctype html>")


def test_several_become_one(tool: Any) -> None:
    for name in ("regressed", "unchanged"):
        (tool.folder / name).mkdir()
        tool.write(f"{name}/comparison.json", render(SITUATIONS[name](), "json"))
    finished = tool("report", "regressed/comparison.json", "unchanged/comparison.json", "--format", "markdown")
    assert finished.code == 0
    assert finished.out.startswith("### ❌ 1 of 2 performance checks failed")
    assert re.search(r"\| ❌ \| regressed \|", finished.out)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{}", "no comparison"),
        ("not json", "comparison.json:1:1"),
        (json.dumps({"smp_check": "1"}), "no comparison"),
        ("", "empty"),
    ],
)
def test_what_is_no_comparison(tool: Any, content: str, expected: str) -> None:
    tool.write("comparison.json", content)
    finished = tool("report", "comparison.json")
    assert finished.code == 2
    assert expected in finished.err
    assert "Traceback" not in finished.err


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_written_conforms(tool: Any, name: str) -> None:
    tool.write("comparison.json", render(SITUATIONS[name](), "json"))
    finished = tool("validate", "comparison.json", "--kind", "comparison")
    assert finished.code == 0, finished.out + finished.err


@pytest.mark.parametrize(
    ("environment", "arrow"),
    [
        ({"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, "→"),
        ({"PYTHONIOENCODING": "cp1252"}, "?"),
    ],
)
def test_where_the_locale_knows_no_such_characters(
    tool: Any, document: str, environment: dict[str, str], arrow: str
) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "smp_check", "report", document],
        cwd=tool.folder,
        env={**tool.environment, **environment},
        capture_output=True,
        check=True,
    )
    assert f"16.6 ms {arrow} 21.7 ms" in process.stdout.decode(environment.get("PYTHONIOENCODING", "utf-8"))
    assert process.stderr == b""
