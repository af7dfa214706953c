"""Which commit, branch, pull request and workflow run a measurement belongs to: git and GitHub Actions."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smp_check.spec.run import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

GIT_SECONDS = 10.0


def capture_provenance(cwd: Path, environ: Mapping[str, str]) -> Provenance:
    """What can be known; the rest is ``None``. Never raises: a measurement is worth keeping without its commit."""
    event = _event(environ)
    pull = event.get("pull_request")
    pull = pull if isinstance(pull, dict) else {}
    head = pull.get("head") if isinstance(pull.get("head"), dict) else {}
    number = pull.get("number")
    return Provenance(
        commit=_commit(cwd, environ, head.get("sha") if head else None),
        branch=environ.get("GITHUB_HEAD_REF") or _ref_name(environ) or _branch(cwd),
        repository=environ.get("GITHUB_REPOSITORY") or _repository(_git(cwd, "remote", "get-url", "origin")),
        pull_request=number if isinstance(number, int) else None,
        workflow_run=_workflow_run(environ),
        event=environ.get("GITHUB_EVENT_NAME"),
        dirty=_dirty(cwd),
    )


def _commit(cwd: Path, environ: Mapping[str, str], pull_head: str | None) -> str | None:
    """What is checked out; for the merge commit that a pull request's job checks out, the request's own head."""
    here = _git(cwd, "rev-parse", "HEAD")
    if pull_head and here in (None, environ.get("GITHUB_SHA")):
        return pull_head
    return here or environ.get("GITHUB_SHA")


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}


def _ref_name(environ: Mapping[str, str]) -> str | None:
    return environ.get("GITHUB_REF_NAME") if environ.get("GITHUB_REF_TYPE") == "branch" else None


def _workflow_run(environ: Mapping[str, str]) -> str | None:
    """The run's page: server, repository, run and attempt."""
    parts = [environ.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    if not all(parts):
        return None
    attempt = environ.get("GITHUB_RUN_ATTEMPT")
    return f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" + (f"/attempts/{attempt}" if attempt else "")


def _branch(cwd: Path) -> str | None:
    name = _git(cwd, "rev-parse", "--abbrev-ref", "HEAD")
    return None if name == "HEAD" else name


def _dirty(cwd: Path) -> bool | None:
    status = _git(cwd, "status", "--porcelain", "--untracked-files=no")
    return None if status is None else status != ""


_ADDRESS = re.compile(r"(?:\w[\w+.-]*://[^/]+/|[^/:]+:)(?:.*/)?(?P<name>[^/:]+/[^/:]+?)(?:\.git)?/?")
"""A remote's address with a host, as a URL or as ``host:path``; its last two parts are owner and name."""


def _repository(url: str | None) -> str | None:
    """``owner/name`` out of a remote's address, without what may be secret in it."""
    match = _ADDRESS.fullmatch(url or "")
    return match["name"] if match else None


def _git(cwd: Path, *arguments: str) -> str | None:
    """What git says, or ``None`` when it is missing, slow, or knows of no repository here."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "--no-optional-locks", "-C", str(cwd), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=GIT_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
