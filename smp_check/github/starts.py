"""How a repository's service is started: found out from the files that its authors wrote for other purposes.

Each function looks for one kind of project and answers with commands, or ``None``. Nothing is run.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PORT = "${SMP_CHECK_PORT}"
COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
NOT_HTTP = frozenset({22, 25, 53, 1433, 1521, 2181, 2379, 3306, 4222, 5432, 5672, 6379, 9042, 9092, 11211, 27017})
"""Ports of data stores and queues, which publish theirs as well."""
_SOURCES = {".js", ".ts", ".mjs", ".cjs", ".go", ".py", ".rs"}
_SKIPPED = {"node_modules", "vendor", "target", "dist", "build", "venv", "test", "tests", "docs", "examples"}
_MOST_FILES = 400
_MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How to bring the service up."""

    why: str
    """What was found, for people."""
    setup: str | None
    """Command for ``check.setup``; ``None`` where the workflow has to start the service."""
    url: str
    prepare: tuple[str, ...] = ()
    """Commands that come before, once: installing and building."""
    teardown: str | None = None


def find_start(folder: Path) -> Start | None:
    """The first kind of project that is recognised; in a repository of several, the one nearest to the top."""
    here = _start_in(folder)
    if here is not None:
        return here
    below = [(place, found) for place in _folders(folder) if (found := _start_in(place)) is not None]
    return _moved(folder, below) if below else None


def _start_in(folder: Path) -> Start | None:
    finders: tuple[Callable[[Path], Start | None], ...] = (_compose, _dockerfile, _node, _go, _rust, _python, _java)
    return next((found for finder in finders if (found := finder(folder)) is not None), None)


def _moved(folder: Path, below: list[tuple[Path, Start]]) -> Start:
    """The first of several services, with its commands run in its own folder; the others are named."""
    names = [place.relative_to(folder).as_posix() for place, _ in below]
    found, enter = below[0][1], f"cd {shlex.quote(names[0])} && "
    more = f" (also in {', '.join(names[1:5])}: give --start and --url for another)" if names[1:] else ""
    return replace(
        found,
        why=f"in {names[0]}: {found.why}{more}",
        setup=found.setup and enter + found.setup,
        teardown=found.teardown and enter + found.teardown,
        prepare=tuple(f"({enter}{command})" for command in found.prepare),
    )


def _folders(folder: Path) -> Iterator[Path]:
    """Folders up to three levels down in which a project may live, nearest first."""
    level = [folder]
    for _ in range(3):
        level = [p for here in level for p in sorted(here.iterdir()) if p.is_dir() and _own(p) and not p.is_symlink()]
        yield from level[:_MOST_FILES]


def _compose(folder: Path) -> Start | None:
    import yaml

    for name in COMPOSE:
        try:
            document = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            continue
        services = document.get("services") if isinstance(document, dict) else None
        ports = [(key, port) for key, each in _items(services) for port in _published(each)]
        built = {key for key, each in _items(services) if isinstance(each, dict) and each.get("build")}
        wanted = sorted((pair for pair in ports if pair[1] not in NOT_HTTP), key=lambda pair: pair[0] not in built)
        if wanted:
            service, port = wanted[0]
            return Start(
                why=f"{name} publishes port {port} of the service {service}",
                setup="docker compose up --detach --wait --quiet-pull",
                teardown="docker compose down",
                url=f"http://127.0.0.1:{port}/",
                prepare=("docker compose build --quiet",) if built else (),
            )
    return None


def _items(value: Any) -> list[tuple[str, Any]]:
    return [(str(key), each) for key, each in value.items()] if isinstance(value, Mapping) else []


def _published(service: Any) -> Iterator[int]:
    """Host ports: ``8080:80``, ``127.0.0.1:8080:80``, ``${PORT:-8080}:80`` or ``{published: 8080}``."""
    ports = service.get("ports") if isinstance(service, dict) else None
    for entry in ports if isinstance(ports, list) else []:
        text = str(entry.get("published", "")) if isinstance(entry, dict) else str(entry)
        text = re.sub(r"\$\{\w+:?-(\d+)\}", r"\1", text).partition("/")[0]
        parts = text.split(":")
        host = parts[0] if isinstance(entry, dict) else parts[-2] if len(parts) > 1 else ""
        if host.isdecimal():
            yield int(host)


def _dockerfile(folder: Path) -> Start | None:
    text = text_of(folder / "Dockerfile")
    ports = [int(port) for port in re.findall(r"(?im)^\s*EXPOSE\s+(\d+)", text)]
    if not ports:
        return None
    run = f"docker run --rm --name smp-check-$SMP_CHECK_PORT -p 127.0.0.1:$SMP_CHECK_PORT:{ports[0]} smp-check-subject"
    return Start(
        why=f"the Dockerfile exposes port {ports[0]}",
        setup=run,
        teardown="docker rm --force smp-check-$SMP_CHECK_PORT",
        url=f"http://127.0.0.1:{PORT}/",
        prepare=("docker build --quiet --tag smp-check-subject .",),
    )


def _node(folder: Path) -> Start | None:
    try:
        package = json.loads(text_of(folder / "package.json") or "null")
    except ValueError:
        return None
    scripts = package.get("scripts") if isinstance(package, dict) else None
    if not isinstance(scripts, dict) or "start" not in scripts:
        return None
    locked = (folder / "package-lock.json").is_file()
    prepare = ["npm ci" if locked else "npm install", *(["npm run build"] if "build" in scripts else [])]
    return _on_port(folder, "package.json has a start script", "npm start", tuple(prepare), "process.env.PORT", 3000)


def _go(folder: Path) -> Start | None:
    if not (folder / "go.mod").is_file():
        return None
    mains = [path for path in sources(folder, {".go"}) if re.search(r"(?m)^package main\b", text_of(path))]
    serving = [path for path in mains if "ListenAndServe" in text_of(path) or ".Run(" in text_of(path)] or mains
    if not serving:
        return None
    where = serving[0].parent.relative_to(folder).as_posix()
    package = "." if where == "." else f"./{where}"
    build = (f"go build -o .smp-check/service {shlex.quote(package)}",)
    return _on_port(folder, f"go.mod, with a program in {package}", ".smp-check/service", build, 'Getenv("PORT")', 8080)


def _rust(folder: Path) -> Start | None:
    name = re.search(r'(?ms)^\[package\].*?^name\s*=\s*"([^"]+)"', text_of(folder / "Cargo.toml"))
    if name is None or not (folder / "src/main.rs").is_file():
        return None
    run = shlex.quote(f"target/release/{name[1]}")
    return _on_port(folder, "Cargo.toml, with a program", run, ("cargo build --release --quiet",), '"PORT"', 8080)


def _python(folder: Path) -> Start | None:
    install = [f"pip install -r {name}" for name in ("requirements.txt",) if (folder / name).is_file()]
    if not install and (folder / "pyproject.toml").is_file():
        install = ["pip install ."]
    if (folder / "manage.py").is_file():
        run = "python manage.py runserver --noreload 127.0.0.1:$SMP_CHECK_PORT"
        return Start(why="manage.py: Django", setup=run, url=f"http://127.0.0.1:{PORT}/", prepare=tuple(install))
    for path in sources(folder, {".py"}):
        made = re.search(r"(?m)^(\w+)(?::\s*\w+)?\s*=\s*(FastAPI|Starlette|Flask)\(", text_of(path))
        if made is None:
            continue
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        run = f"uvicorn {module}:{made[1]} --host 127.0.0.1 --port $SMP_CHECK_PORT"
        if made[2] == "Flask":
            run = f"flask --app {module}:{made[1]} run --port $SMP_CHECK_PORT"
        why = f"{path.relative_to(folder).as_posix()}: {made[2]}"
        return Start(why=why, setup=run, url=f"http://127.0.0.1:{PORT}/", prepare=tuple(install))
    return None


def _java(folder: Path) -> Start | None:
    for name, build, jar in (
        (
            "pom.xml",
            "./mvnw -q -DskipTests package" if (folder / "mvnw").is_file() else "mvn -q -DskipTests package",
            "target",
        ),
        ("build.gradle", "./gradlew -q bootJar", "build/libs"),
        ("build.gradle.kts", "./gradlew -q bootJar", "build/libs"),
    ):
        if "springframework.boot" in text_of(folder / name):
            run = f"java -jar {jar}/*.jar --server.port=$SMP_CHECK_PORT"
            return Start(why=f"{name}: Spring Boot", setup=run, url=f"http://127.0.0.1:{PORT}/", prepare=(build,))
    return None


def _on_port(folder: Path, why: str, run: str, prepare: tuple[str, ...], variable: str, usual: int) -> Start:
    """Start on the port that is handed over where the sources read it from PORT, else on the one that they name."""
    texts = [text_of(path) for path in sources(folder, _SOURCES)]
    if any(variable in text for text in texts):
        return Start(
            why=f"{why}; it listens on $PORT",
            setup=f"PORT=$SMP_CHECK_PORT {run}",
            url=f"http://127.0.0.1:{PORT}/",
            prepare=prepare,
        )
    found = (re.search(r"listen\w*\(\s*[\"'`]?[\w.]*:?(\d{4,5})\b", text, re.IGNORECASE) for text in texts)
    port = next((int(match[1]) for match in found if match), usual)
    return Start(why=f"{why}; port {port}", setup=run, url=f"http://127.0.0.1:{port}/", prepare=prepare)


def sources(folder: Path, endings: set[str]) -> list[Path]:
    """Files with these endings, nearest to the top first, not in hidden or generated folders; a bounded number."""
    found: list[Path] = []
    todo = [folder]
    while todo and len(found) < _MOST_FILES:
        here = todo.pop(0)
        entries = sorted(here.iterdir()) if here.is_dir() else []
        found += [path for path in entries if path.suffix in endings and path.is_file()]
        todo += [p for p in entries if p.is_dir() and _own(p) and not p.is_symlink()]
    return found[:_MOST_FILES]


def _own(path: Path) -> bool:
    return path.name not in _SKIPPED and not path.name.startswith(".")


def text_of(path: Path) -> str:
    """A file's text; nothing for one that is missing, unreadable or very large."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
