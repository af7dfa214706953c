"""The one place that runs git for the store."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from smp_check.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SECONDS = 120.0
LOCAL_TO_A_REPOSITORY = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_QUARANTINE_PATH",
)
"""Set inside hooks and the like; they would point our commands at somebody else's repository."""


class GitFailedError(Exception):
    """Git ended with an error; ``text`` is all it said."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    @property
    def last_line(self) -> str:
        """The line that says most: git's own first "fatal" or "rejected", else the last."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        telling = (line for line in lines if line.startswith("fatal:") or "rejected]" in line)
        return next(telling, lines[-1] if lines else "git said nothing").removeprefix("fatal: ")


class Git:
    """Git, run at one folder with a clean environment and no questions asked."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        path = shutil.which("git")
        if path is None:
            raise StoreError(
                "baselines on a branch need git, which is not on PATH",
                hint="install git, or keep baselines in a directory: --store directory",
            )
        self._command = path
        self._folder = folder
        kept = {name: value for name, value in environ.items() if name not in LOCAL_TO_A_REPOSITORY}
        self._environment = kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}

    def at(self, folder: Path, settings: Sequence[tuple[str, str]]) -> Git:
        """The same git at a bare repository, with further settings; they travel where `ps` does not show them."""
        other = Git(self._environment, folder)
        settings = [*settings, ("gc.auto", "0")]
        count = int(self._environment.get("GIT_CONFIG_COUNT") or 0)
        other._environment["GIT_CONFIG_COUNT"] = str(count + len(settings))
        for number, (name, value) in enumerate(settings, start=count):
            other._environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        other._environment["GIT_DIR"] = str(folder)
        return other

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Stdout. Raises ``GitFailedError``, also when git takes longer than two minutes."""
        command = [self._command, *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=self._folder,
                env=self._environment,
                input=stdin,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as fault:
            raise GitFailedError(f"git {arguments[0]} took longer than {SECONDS:.0f} s") from fault
        except OSError as fault:
            raise GitFailedError(f"git cannot be run: {fault}") from fault
        if done.returncode != 0:
            text = done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace")
            raise GitFailedError(text or f"git {arguments[0]} ended with {done.returncode}")
        return done.stdout
