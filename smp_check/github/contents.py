"""Files of the repository at a commit that can be trusted, without a checkout."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from smp_check.github.client import GitHub


def file_at(github: GitHub, repository: str, path: str, commit: str) -> bytes | None:
    """A file's bytes at a commit; ``None`` when there is no such file. Raises ``GitHubError``."""
    address = f"repos/{repository}/contents/{quote(path.strip('/'), safe='/')}"
    found = github.find(address, f"read {path}", params={"ref": commit})
    if found is None or not isinstance(found.value, dict) or found.value.get("encoding") != "base64":
        return None
    return base64.b64decode(found.value["content"])
