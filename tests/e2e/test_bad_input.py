"""Whatever a user hands over: exit code 2, one clear message with its place, and never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
test:
  name: t
  duration: 2s
  clients:
    - protocol: 1
      connections: 2
      rps: 50
      endpoint_urls: ['http://127.0.0.1:9/']
mesh: {}
"""
BOMB = "\n".join(
    ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
)


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test: [1, 2\nmesh: {}\n", ("bad.yaml:",)),
        (GOOD.replace("endpoint_urls", "endpoint_url"), ("bad.yaml:8:", "endpoint_url", "endpoint_urls")),
        (GOOD.replace("protocol: 1", "protocol: 9"), ("bad.yaml:5:", "9")),
        (GOOD.replace("duration: 2s", "duration: 10"), ("bad.yaml:3:", "10s")),
        (GOOD.replace("      endpoint_urls: ['http://127.0.0.1:9/']\n", ""), ("bad.yaml:", "endpoint")),
        ("", ("bad.yaml", "empty")),
        (BOMB, ("bad.yaml",)),
        ("\x00\x01\x02", ("bad.yaml",)),
        ("[" * 5000, ("bad.yaml",)),
        ("just a word\n", ("bad.yaml",)),
    ],
    ids=[
        "syntax",
        "unknown-field",
        "protocol-9",
        "duration-10",
        "no-endpoint",
        "empty",
        "bomb",
        "nul",
        "deep",
        "scalar",
    ],
)
def test_bad_documents(tool: Any, command: str, text: str, expected: tuple[str, ...]) -> None:
    tool.write("bad.yaml", text)
    finished = tool(command, "bad.yaml", timeout=30)
    assert finished.code == 2, finished.err
    assert finished.err.startswith("error: ")
    assert "Traceback" not in finished.err
    for part in expected:
        assert part in finished.err
    assert finished.out == ""


def test_a_missing_file(tool: Any) -> None:
    finished = tool("check", "nowhere.yaml")
    assert finished.code == 2
    assert "nowhere.yaml" in finished.err
    assert "Traceback" not in finished.err


def test_a_directory_for_a_file(tool: Any, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    finished = tool("check", "folder.yaml")
    assert finished.code == 2
    assert "directory" in finished.err


def test_an_unreadable_file(tool: Any, tmp_path: Path) -> None:
    """A dangling link and a socket can't be read by anybody, root included."""
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    finished = tool("check", "dangling.yaml")
    assert finished.code == 2
    assert "dangling.yaml" in finished.err


def test_a_huge_file(tool: Any, tmp_path: Path) -> None:
    """100 MB is refused before it is read."""
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(100_000_000)
    finished = tool("check", "huge.yaml", timeout=20)
    assert finished.code == 2
    assert "huge.yaml" in finished.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("check", "--duration", "10"), "10s"),
        (("check", "--fail-on", "regresion", "x.yaml"), "regresion"),
        (("chek",), "check"),
        (("check",), "configuration"),
        (("report", "nothing.json"), "nothing.json"),
        (("compare", "a.json", "b.json"), "json"),
    ],
)
def test_bad_usage(tool: Any, arguments: tuple[str, ...], expected: str) -> None:
    finished = tool(*arguments)
    assert finished.code == 2
    assert expected in finished.err
    assert "Traceback" not in finished.err


def test_an_output_that_cannot_be_written_fails_before_the_run(tool: Any) -> None:
    tool.write("good.yaml", GOOD)
    tool.write("file", "")
    finished = tool("run", "good.yaml", "--output", "file/run.json", timeout=20)
    assert finished.code == 2
    assert "file/run.json" in finished.err
