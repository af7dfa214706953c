"""What is shipped: the wheel holds the whole tree, and what it installs works from anywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = {".py", ".json", ".j2", ".typed", ".txt", ".html", ".css"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git tracks or would track, so that no stale build folder takes part."""
    folder = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        wanted = name.startswith(("smp_check/", "templates/")) or name in {"pyproject.toml", "README.md", "LICENSE"}
        if wanted and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True, cwd=folder)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_tree(source: Path, wheel: Path) -> None:
    """Every file of the package and of templates/ is in the wheel, under its installed name."""
    files = [path for top in ("smp_check", "templates") for path in (source / top).rglob("*")]
    expected = set()
    for path in files:
        if path.suffix in SHIPPED and "__pycache__" not in path.parts:
            name = path.relative_to(source).as_posix()
            expected.add(
                name.replace("templates/", "smp_check/templates/", 1) if name.startswith("templates/") else name
            )
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert shipped == expected


def test_the_wheel_works_without_its_source(wheel: Path, tmp_path: Path) -> None:
    """Unpacked anywhere, the package finds its schemas and its templates."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import smp_check.cli as c; "
        "from importlib.resources import files; "
        "assert c.__file__.startswith(sys.argv[1]), c.__file__; "
        "assert any(f.name.endswith('.j2') for f in files('smp_check.templates').iterdir()); "
        "c.main(['schema', 'run'])"
    )
    command = [sys.executable, "-I", "-c", code, str(site)]
    finished = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}
    )
    assert finished.returncode == 0, finished.stderr
    assert '"$schema"' in finished.stdout


def test_declared_requirements_are_all_that_is_imported() -> None:
    """Nothing at run time imports a package that only the test extra brings."""
    import ast
    import re
    from importlib.metadata import requires

    names = {"pyyaml": "yaml", "hdrhistogram": "hdrh", "protobuf": "google"}
    listed = [each for each in requires("smp-check") or [] if 'extra == "test"' not in each]
    declared = {re.split(r"[\[<>=; ]", each, maxsplit=1)[0].lower() for each in listed}
    importable = {names.get(name, name.replace("-", "_")) for name in declared}
    for path in (ROOT / "smp_check").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                found = [node.module]
            for name in found:
                top = name.split(".")[0]
                known = top in importable or top in sys.stdlib_module_names or top == "smp_check"
                assert known, f"{path.relative_to(ROOT)} imports {name}, which is not declared"


def test_the_action_pins_all_that_is_declared() -> None:
    """Whatever pyproject.toml requires at run time, the Action installs by hash."""
    import re
    from importlib.metadata import requires

    needed = [
        re.split(r"[\[<>=; ]", each, maxsplit=1)[0] for each in requires("smp-check") or [] if "extra ==" not in each
    ]
    pinned = (ROOT / "requirements/action.txt").read_text(encoding="utf-8")
    missing = [
        name for name in needed if not re.search(rf"^{re.escape(name)}==\S+", pinned, re.MULTILINE | re.IGNORECASE)
    ]
    assert not missing, "make it anew as its first lines say"
