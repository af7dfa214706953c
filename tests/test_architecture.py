"""The tree shows the pipeline: imports go one way, down, and modules stay small enough to be read."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "smp_check"
LAYERS = (
    "errors",
    "units",
    "spec",
    "verdict",
    "report",
    "capture",
    "load",
    "subject",
    "store",
    "github",
    "pipeline",
    "diagnosis",
    "cli",
)
"""Lowest first; a layer may import itself and the layers before it. errors and units import nothing of ours."""
PURE = ("spec", "verdict", "report", "errors", "units")
EFFECTS = {"requests", "subprocess", "socket", "urllib.request", "psutil", "asyncio", "shutil", "tempfile"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: relative import"
            found.append(node.module)
    return found


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def functions(path: Path) -> list[tuple[str, int]]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [(n.name, (n.end_lineno or n.lineno) - n.lineno + 1) for n in ast.walk(tree) if isinstance(n, kinds)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    """No module imports from a layer above its own."""
    layer = layer_of(path)
    if layer in {"__main__"}:
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "smp_check" or len(parts) == 1:
            continue
        assert parts[1] in LAYERS or parts[1] == "templates", f"{path}: {name} is in no layer"
        if parts[1] != "templates":
            assert LAYERS.index(parts[1]) <= LAYERS.index(layer), f"{path.name} ({layer}) imports {name}: upwards"
    if layer in {"errors", "units"}:
        assert not [name for name in imports(path) if name.startswith("smp_check")]


@pytest.mark.parametrize("path", [p for p in MODULES if layer_of(p) in PURE], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_core_is_pure(path: Path) -> None:
    """spec, verdict and report have no effects: nothing that reaches the network, a process or the clock."""
    assert not EFFECTS & set(imports(path)), path
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    names = {func.id for func in calls if isinstance(func, ast.Name)}
    attributes = {ast.unparse(func) for func in calls if isinstance(func, ast.Attribute)}
    assert not names & {"open", "print", "input"}, path
    assert not attributes & {"time.time", "datetime.now", "os.getenv", "os.environ.get"}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_functions_stay_readable(path: Path) -> None:
    """No module over 250 lines of text, no function over 60."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, path
    long = [f"{name}: {lines}" for name, lines in functions(path) if lines > 60]
    assert not long, f"{path}: {long}"


def test_the_typical_function_is_short() -> None:
    """Median at most 10 lines, 95th percentile at most 35."""
    lengths = [lines for path in MODULES for _, lines in functions(path)]
    assert statistics.median(lengths) <= 10
    assert statistics.quantiles(lengths, n=20)[-1] <= 35


def test_no_drawer_for_odds_and_ends() -> None:
    """No module is named for being a collection of leftovers."""
    assert not [path for path in MODULES if path.stem in {"utils", "util", "helpers", "misc", "common"}]


def test_every_package_is_shipped() -> None:
    """Every folder with Python modules is listed in pyproject.toml, which names packages one by one."""
    listed = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for init in PACKAGE.rglob("__init__.py"):
        package = ".".join(init.parent.relative_to(ROOT).parts)
        assert f'"{package}"' in listed, f"{package} is missing in [tool.setuptools] packages"
