"""The documentation says what the program does: commands, options and exit codes can't drift from it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from smp_check.cli import COMMANDS
from smp_check.errors import ExitCode

ROOT = Path(__file__).resolve().parent.parent


def test_the_command_reference_is_current() -> None:
    """docs/commands.md is what `make docs` writes."""
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs/build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == build.page(), "run `make docs`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches(name: str) -> None:
    """`smp-check NAME --help` works, and shows at least one example or says what comes out."""
    finished = subprocess.run([sys.executable, "-m", "smp_check", name, "--help"], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert len(finished.stdout.splitlines()) > 8
    assert f"smp-check {name}" in finished.stdout


def test_the_readme_names_every_command_and_exit_code() -> None:
    """A reader of the README meets all of both."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in COMMANDS if f"smp-check {name}" not in text]
    assert not missing
    for code in ExitCode:
        assert re.search(rf"^\| {int(code)} \|", text, re.MULTILINE), f"exit code {int(code)}"


def test_links_between_the_pages_hold() -> None:
    """Every relative link in README and docs/ points at a file that is there."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_help_stays_quick() -> None:
    """`smp-check --help` imports nothing heavy."""
    code = "import sys; import smp_check.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"requests", "jsonschema", "jinja2", "yaml", "uvloop", "httptools", "psutil", "hdrh", "tabulate", "asyncio"}
    assert not heavy & set(loaded)
