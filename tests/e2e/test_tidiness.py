"""What a run leaves behind in a user's repository: one folder, which git does not see."""

from __future__ import annotations

import subprocess
from typing import Any


def test_git_does_not_see_our_folder(tool: Any, nginx: Any) -> None:
    """After a whole check, `git status` in the user's repository shows nothing new."""
    subprocess.run(["git", "init", "-q", str(tool.folder)], check=True)
    options = ("--duration", "1s", "--rps", "50", "--reference", "none", "--test-name", "tidy")
    finished = tool("check", "--endpoint-url", nginx().url, *options)
    assert finished.code == 0, finished.err
    assert (tool.folder / ".smp-check/last/run.json").is_file()
    assert (tool.folder / ".smp-check/baselines").is_dir()
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=tool.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert status.stdout == ""
