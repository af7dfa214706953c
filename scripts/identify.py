"""Prints a name for this installation: the same requirements, source and interpreter give the same name."""

import hashlib
import pathlib
import sys

action = pathlib.Path(sys.argv[1])
digest = hashlib.sha256(sys.version.encode() + sys.executable.encode())
for folder in ("requirements", "smp_check", "templates"):
    for path in sorted((action / folder).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(action)).encode() + path.read_bytes())
sys.stdout.write(digest.hexdigest()[:12])
