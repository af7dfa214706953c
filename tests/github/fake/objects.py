"""Git's objects in memory, with git's own hashes; they can be written out for `git fsck`."""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Entry = tuple[str, str]
"""mode, sha"""
FILE, FOLDER = "100644", "40000"


@dataclass
class Commit:
    tree: str
    parents: list[str]
    message: str
    raw: bytes


@dataclass
class Objects:
    raw: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    trees: dict[str, dict[str, Entry]] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    def _store(self, kind: str, content: bytes) -> str:
        sha = hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()
        self.raw[sha] = (kind, content)
        return sha

    def blob(self, content: bytes) -> str:
        return self._store("blob", content)

    def tree(self, entries: dict[str, Entry]) -> str:
        ordered = sorted(entries.items(), key=lambda e: e[0] + ("/" if e[1][0] == FOLDER else ""))
        content = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(sha) for name, (mode, sha) in ordered)
        sha = self._store("tree", content)
        self.trees[sha] = dict(ordered)
        return sha

    def commit(self, tree: str, parents: list[str], message: str, moment: int) -> str:
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        person = f"github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com> {moment} +0000"
        text = "\n".join([*lines, f"author {person}", f"committer {person}", "", message])
        sha = self._store("commit", text.encode())
        self.commits[sha] = Commit(tree, list(parents), message, text.encode())
        return sha

    def changed(self, base: str | None, path: str, entry: Entry | None) -> str:
        """A tree with one path set or removed."""
        entries = dict(self.trees[base]) if base else {}
        name, _, rest = path.partition("/")
        if rest:
            below = entries.get(name)
            sub = self.changed(below[1] if below and below[0] == FOLDER else None, rest, entry)
            if self.trees[sub]:
                entries[name] = (FOLDER, sub)
            else:
                entries.pop(name, None)
        elif entry is None:
            entries.pop(name, None)
        else:
            entries[name] = entry
        return self.tree(entries)

    def files(self, tree: str, prefix: str = "") -> dict[str, str]:
        found: dict[str, str] = {}
        for name, (mode, sha) in self.trees[tree].items():
            if mode == FOLDER:
                found |= self.files(sha, f"{prefix}{name}/")
            else:
                found[f"{prefix}{name}"] = sha
        return found

    def ancestors(self, commit: str) -> list[str]:
        """The commit and all before it, nearest first."""
        found, todo = [], [commit]
        while todo:
            sha = todo.pop(0)
            if sha not in found and sha in self.commits:
                found.append(sha)
                todo += self.commits[sha].parents
        return found

    def write_out(self, folder: Path, refs: dict[str, str]) -> None:
        """A bare repository on disk that real git can check."""
        subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
        for sha, (kind, content) in self.raw.items():
            path = folder / "objects" / sha[:2] / sha[2:]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(f"{kind} {len(content)}\0".encode() + content))
        for name, sha in refs.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{sha}\n")
