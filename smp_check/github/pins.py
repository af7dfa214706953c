"""The actions that generated workflows use, each pinned to a commit."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from smp_check import __version__
from smp_check.github.checkout import git

OWN = "smp-check/smp-check"
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2"


def own_action(given: str | None) -> str:
    """This action as a step names it: what the user gave, else pinned to the commit that is installed.

    A package installed from an index does not know its commit; the release's tag is named then.
    """
    if given:
        return given
    commit = installed_commit()
    return f"{OWN}@{commit} # v{__version__}" if commit else f"{OWN}@v{__version__}"


def installed_commit() -> str | None:
    """The commit that this package was installed from, as pip recorded it (PEP 610), or as its clone says."""
    texts = (each.read_text("direct_url.json") for each in metadata.distributions(name="smp-check"))
    recorded = json.loads(next((text for text in texts if text), "{}"))
    commit = (recorded.get("vcs_info") or {}).get("commit_id")
    if commit:
        return str(commit)
    url = urlsplit(str(recorded.get("url", "")))
    return git(Path(unquote(url.path)), "rev-parse", "HEAD") if url.scheme == "file" else None
