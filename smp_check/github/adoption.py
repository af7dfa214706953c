"""What a repository needs to use smp-check: a configuration and workflows, from what its files say."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smp_check.github.checkout import branch, default_branch, git
from smp_check.github.pins import CHECKOUT, UPLOAD
from smp_check.github.starts import Start, find_start, sources, text_of

CONFIGURATION = "smp-check.yaml"
WORKFLOW = ".github/workflows/performance.yml"
FORKS = ".github/workflows/performance-forks.yml"
_MESHES = (
    ("sidecar.istio.io/inject", "ISTIO"),
    ("linkerd.io/inject", "LINKERD"),
    ("consul.hashicorp.com/connect", "CONSUL"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found out about a repository."""

    name: str
    default_branch: str
    start: Start | None
    configuration: str | None
    """An SMP test file that is there already."""
    mesh: str | None = None
    workflow: str = "Performance"
    """The workflow's name, which the one for forks goes by: none that another workflow has."""
    notes: tuple[str, ...] = ()
    """What was found and why it was taken, for people."""


def survey(folder: Path, usual: tuple[str, ...]) -> Survey:
    """Look at a repository; ``usual`` are the names that a configuration may have."""
    start, existing = find_start(folder), _existing(folder, usual)
    main = default_branch(folder) or branch(folder) or "main"
    notes = [f"default branch: {main}"]
    notes += [f"configuration: {existing}, which is left as it is"] if existing else []
    notes += [f"service: {start.why}"] if start and not existing else []
    mesh = _mesh(folder)
    notes += [f"mesh: {mesh.lower()}"] if mesh and not existing else []
    return Survey(
        name=_name(folder),
        default_branch=main,
        start=start,
        configuration=existing,
        mesh=mesh,
        workflow=_workflow_name(folder),
        notes=tuple(notes),
    )


def _name(folder: Path) -> str:
    """The repository's name at its origin, else the folder's."""
    origin = git(folder, "remote", "get-url", "origin") or str(folder.resolve())
    return re.sub(r"\.git$", "", re.split(r"[/:\\]", origin.rstrip("/"))[-1]) or "service"


def _existing(folder: Path, usual: tuple[str, ...]) -> str | None:
    """A configuration under a usual name, else any file below .github that is an SMP test."""
    named = next((name for name in usual if (folder / name).is_file()), None)
    if named:
        return named
    for path in sorted([*(folder / ".github").glob("*.y*ml"), *folder.glob("*.y*ml")]):
        text = text_of(path)
        if re.search(r"(?m)^test:", text) and re.search(r"(?m)^\s+clients:", text):
            return path.relative_to(folder).as_posix()
    return None


def _workflow_name(folder: Path) -> str:
    """``Performance``, or more where one of the repository's own workflows is called so."""
    others = [path for path in (folder / ".github/workflows").glob("*.y*ml") if path.name != Path(WORKFLOW).name]
    taken = any(re.search(r"(?mi)^name:\s*[\"']?performance[\"']?\s*(#|$)", text_of(path)) for path in others)
    return "Performance (smp-check)" if taken else "Performance"


def _mesh(folder: Path) -> str | None:
    """The mesh that manifests ask to be put into."""
    texts = (text_of(path) for path in sources(folder, {".yaml", ".yml"}))
    return next((mesh for text in texts for sign, mesh in _MESHES if sign in text), None)


def files(found: Survey, *, action: str, url: str | None, start: str | None, forks: bool) -> dict[str, str]:
    """The files to write: path -> text. ``url`` and ``start`` stand in for what was found."""
    values = {
        "name": found.name,
        "workflow": found.workflow,
        "branch": found.default_branch,
        "mesh": found.mesh,
        "start": _given(found.start, url, start),
        "config": found.configuration or CONFIGURATION,
        "action": action,
        "checkout": CHECKOUT,
        "upload": UPLOAD,
        "forks": forks,
        "prepared": found.configuration is not None,
    }
    made = {WORKFLOW: _filled("init-workflow.yml.j2", values)}
    if found.configuration is None:
        made[CONFIGURATION] = _filled("init-config.yaml.j2", values)
    if forks:
        made[FORKS] = _filled("init-forks.yml.j2", values)
    return made


def _given(found: Start | None, url: str | None, start: str | None) -> Start:
    """The user's word where there is one."""
    if start is not None:
        fallback = "http://127.0.0.1:${SMP_CHECK_PORT}/" if "SMP_CHECK_PORT" in start else "http://127.0.0.1:8080/"
        return Start(why="as you said", setup=start, url=url or fallback)
    if url is not None:
        return Start(why="as you said", setup=None, url=url)
    return found or Start(why="nothing was recognised", setup=None, url="http://127.0.0.1:8080/")


def _filled(template: str, values: dict[str, Any]) -> str:
    """A template of ours; its marks are square brackets, since workflows are full of braces."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701 - YAML, whose strings are quoted by the filter below
        loader=PackageLoader("smp_check.templates", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
    )
    environment.filters["quoted"] = lambda text: json.dumps(str(text), ensure_ascii=False)
    return environment.get_template(template).render(values)
