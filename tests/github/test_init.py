"""`smp-check init` on repositories of many kinds: what it finds out, and that GitHub's linters have nothing to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PINNED = "--action=smp-check/smp-check@1111111111111111111111111111111111111111"
COMPOSE = """
services:
  db: {image: postgres, ports: ["5432:5432"]}
  cache: {image: redis, ports: ["6379"]}
  web: {build: ., ports: ["127.0.0.1:${WEB_PORT:-8088}:80/tcp"]}
"""
NODE = {"name": "x", "scripts": {"start": "node server.js", "build": "tsc"}}
KINDS: dict[str, tuple[dict[str, str], str, str]] = {
    "compose": (
        {"compose.yaml": COMPOSE, "Dockerfile": "EXPOSE 80"},
        "http://127.0.0.1:8088/",
        "docker compose up",
    ),
    "compose, long form": (
        {"docker-compose.yml": "services: {web: {image: x, ports: [{target: 80, published: 8081}]}}"},
        "http://127.0.0.1:8081/",
        "docker compose up",
    ),
    "dockerfile": (
        {"Dockerfile": "FROM x\nEXPOSE 9000\n"},
        "http://127.0.0.1:${SMP_CHECK_PORT}/",
        "SMP_CHECK_PORT:9000",
    ),
    "node": (
        {"package.json": json.dumps(NODE), "server.js": "app.listen(process.env.PORT || 3000)"},
        "http://127.0.0.1:${SMP_CHECK_PORT}/",
        "PORT=$SMP_CHECK_PORT npm start",
    ),
    "node, fixed port": (
        {"package.json": json.dumps(NODE), "src/server.js": "server.listen(4567)"},
        "http://127.0.0.1:4567/",
        "npm start",
    ),
    "go": (
        {"go.mod": "module x", "cmd/shop/main.go": 'package main\nfunc main() { http.ListenAndServe(":8085", nil) }'},
        "http://127.0.0.1:8085/",
        ".smp-check/service",
    ),
    "rust": (
        {"Cargo.toml": '[package]\nname = "shop"\n', "src/main.rs": 'let p = env::var("PORT");'},
        "http://127.0.0.1:${SMP_CHECK_PORT}/",
        "target/release/shop",
    ),
    "fastapi": (
        {"requirements.txt": "fastapi", "shop/main.py": "app = FastAPI()\n"},
        "http://127.0.0.1:${SMP_CHECK_PORT}/",
        "uvicorn shop.main:app",
    ),
    "flask": ({"web.py": "site = Flask(__name__)\n"}, "http://127.0.0.1:${SMP_CHECK_PORT}/", "flask --app web:site"),
    "django": ({"manage.py": "", "requirements.txt": "django"}, "http://127.0.0.1:${SMP_CHECK_PORT}/", "manage.py"),
    "spring": (
        {"pom.xml": "<groupId>org.springframework.boot</groupId>"},
        "http://127.0.0.1:${SMP_CHECK_PORT}/",
        "java -jar",
    ),
    "nothing": ({"README.md": "hello"}, "http://127.0.0.1:8080/", ""),
}


def repository(tool: Any, contents: dict[str, str]) -> Path:
    """A repository of a given kind, whose default branch is `trunk`."""
    folder: Path = tool.folder / "my shop"
    for name, text in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "-q", "-b", "trunk", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", "git@github.com:mesh/shop.git"], check=True)
    return folder


def lint(folder: Path) -> None:
    """GitHub's schema, actionlint and zizmor at its strictest, on what we wrote."""
    workflows = sorted((folder / ".github/workflows").glob("performance*.yml"))
    bins = Path(sys.executable).parent
    schema = [bins / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows]
    zizmor = [bins / "zizmor", "--offline", "--no-progress", "--persona", "pedantic", *workflows]
    for command in (schema, [bins / "actionlint", *workflows], zizmor):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_repository(tool: Any, kind: str) -> None:
    """A configuration that is conformant, workflows that pass the linters, and nothing else."""
    contents, url, setup = KINDS[kind]
    folder = repository(tool, contents)
    done = tool("init", folder, PINNED)
    assert done.code == 0, done.err
    configuration = yaml.safe_load((folder / "smp-check.yaml").read_text())
    assert configuration["test"]["name"] == "shop"
    assert configuration["test"]["clients"][0]["endpoint_urls"] == [url]
    assert setup in configuration["check"].get("setup", "")
    assert tool("validate", folder / "smp-check.yaml").code == 0
    lint(folder)
    workflow = yaml.safe_load((folder / ".github/workflows/performance.yml").read_text())
    assert workflow["permissions"] == {}
    assert workflow[True]["push"]["branches"] == ["trunk"]
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert rights["pull-request"] == {"contents": "read", "pull-requests": "write"}
    assert rights["baseline"] == {"contents": "write"}
    assert ("could not be found out" in done.err) is (kind == "nothing")


def test_an_smp_file_that_is_there_is_used_as_it_is(tool: Any) -> None:
    """A Meshery file below .github moves in unchanged."""
    example = (Path(__file__).resolve().parents[2] / "examples/meshery-performance-test.yaml").read_text()
    folder = repository(tool, {".github/load-test.yaml": example, "Dockerfile": "EXPOSE 80"})
    assert tool("init", folder, PINNED).code == 0
    assert not (folder / "smp-check.yaml").exists()
    assert 'config: ".github/load-test.yaml"' in (folder / ".github/workflows/performance.yml").read_text()
    assert 'config: ".github/load-test.yaml"' in (folder / ".github/workflows/performance-forks.yml").read_text()
    lint(folder)


MONOREPO = {
    "package.json": json.dumps({"private": True, "workspaces": ["packages/*"]}),
    "packages/api shop/package.json": json.dumps(NODE),
    "packages/api shop/server.js": "app.listen(process.env.PORT)",
    "packages/web/Dockerfile": "EXPOSE 80",
    "examples/toy/Dockerfile": "EXPOSE 1234",
    "README.md": "two services",
}


def test_a_repository_of_several_services(tool: Any) -> None:
    """The first is taken, in its own folder; the others are named; the commands really run there."""
    folder = repository(tool, MONOREPO)
    done = tool("init", folder, PINNED)
    assert done.code == 0, done.err
    assert "also in packages/web" in done.err
    assert "toy" not in done.err
    configuration = yaml.safe_load((folder / "smp-check.yaml").read_text())
    assert configuration["check"]["setup"] == "cd 'packages/api shop' && PORT=$SMP_CHECK_PORT npm start"
    assert tool("validate", folder / "smp-check.yaml").code == 0
    lint(folder)
    workflow = yaml.safe_load((folder / ".github/workflows/performance.yml").read_text())
    [build] = [step["run"] for step in workflow["jobs"]["baseline"]["steps"] if "run" in step]
    assert build.splitlines() == [
        "(cd 'packages/api shop' && npm install)",
        "(cd 'packages/api shop' && npm run build)",
    ]
    script = build.replace("npm install", "pwd").replace("npm run build", "pwd")
    here = subprocess.run(["bash", "-e", "-c", script], cwd=folder, capture_output=True, text=True)
    assert here.stdout.count("api shop\n") == 2


def test_workflows_that_are_there_are_left_alone(tool: Any) -> None:
    """Another workflow of the same name would start the one for forks, too: ours takes another name then."""
    theirs = "name: 'Performance'  # lighthouse\non: push\n"
    folder = repository(tool, {".github/workflows/lighthouse.yaml": theirs, "Dockerfile": "EXPOSE 80"})
    assert tool("init", folder, PINNED).code == 0
    made = yaml.safe_load((folder / ".github/workflows/performance.yml").read_text())
    forks = yaml.safe_load((folder / ".github/workflows/performance-forks.yml").read_text())
    assert made["name"] == "Performance (smp-check)"
    assert forks[True]["workflow_run"]["workflows"] == [made["name"]]
    assert (folder / ".github/workflows/lighthouse.yaml").read_text() == theirs
    lint(folder)


def test_what_the_user_says_wins(tool: Any) -> None:
    """--url and --start stand in for what was found; --no-forks leaves the second workflow out."""
    folder = repository(tool, KINDS["node"][0])
    start = "./serve '--port' \"$SMP_CHECK_PORT\""
    assert tool("init", folder, PINNED, "--start", start, "--no-forks").code == 0
    configuration = yaml.safe_load((folder / "smp-check.yaml").read_text())
    assert configuration["check"]["setup"] == start
    assert configuration["test"]["clients"][0]["endpoint_urls"] == ["http://127.0.0.1:${SMP_CHECK_PORT}/"]
    assert not (folder / ".github/workflows/performance-forks.yml").exists()
    lint(folder)


def test_nothing_is_overwritten_unasked(tool: Any) -> None:
    """A second time it refuses, writes nothing, and says how."""
    folder = repository(tool, KINDS["go"][0])
    assert tool("init", folder, PINNED).code == 0
    mine = folder / ".github/workflows/performance.yml"
    mine.write_text("mine")
    again = tool("init", folder, PINNED)
    assert again.code == 2
    assert "--force" in again.err
    assert mine.read_text() == "mine"
    assert tool("init", folder, PINNED, "--force").code == 0
    assert mine.read_text() != "mine"


def test_dry_run_writes_nothing(tool: Any) -> None:
    """All files go to stdout."""
    folder = repository(tool, KINDS["rust"][0])
    done = tool("init", folder, PINNED, "--dry-run")
    assert "target/release/shop" in done.out
    assert not (folder / ".github").exists()


def test_hostile_names_stay_text(tool: Any) -> None:
    """A name with quotes, colons and expressions is data in the files that are written."""
    folder = repository(tool, {"package.json": json.dumps(NODE)})
    nasty = 'a"b ${{ github.token }} #'
    subprocess.run(["git", "-C", str(folder), "checkout", "-q", "--orphan", "x'y"], check=True)
    subprocess.run(
        ["git", "-C", str(folder), "remote", "set-url", "origin", f"git@github.com:mesh/{nasty}.git"], check=True
    )
    assert tool("init", folder, PINNED).code == 0
    assert yaml.safe_load((folder / "smp-check.yaml").read_text())["test"]["name"] == nasty
    assert "github.token" not in (folder / ".github/workflows/performance.yml").read_text()
    lint(folder)


def test_a_mesh_is_recognised(tool: Any) -> None:
    """From the annotation that asks for the sidecar."""
    manifest = "metadata: {annotations: {linkerd.io/inject: enabled}}"
    folder = repository(tool, {"deploy/app.yaml": manifest, "Dockerfile": "EXPOSE 80"})
    assert tool("init", folder, PINNED).code == 0
    assert yaml.safe_load((folder / "smp-check.yaml").read_text())["mesh"] == {"mesh_type": {"type": "LINKERD"}}
