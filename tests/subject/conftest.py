"""A small web service as users write them, and how to start it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.subject.process import Running, Start, running
from smp_check.subject.ready import Readiness

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

SERVICE = """\
import http.server, os, sys

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = os.environ["SMP_CHECK_ROLE"].encode()
        self.send_response(503 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

print("listening", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["SMP_CHECK_PORT"])), Answer).serve_forever()
"""


@dataclass
class Starter:
    """Starts commands in a folder that holds ``service.py``; collects what was warned of."""

    folder: Path
    port: int
    warnings: list[str]

    def start(self, command: str, *, seconds: float = 10, url: str | None = None, **more: Any) -> Start:
        addresses = () if url else (("127.0.0.1", self.port),)
        return Start(
            command=command.replace("PYTHON", sys.executable),
            role="head",
            port=self.port,
            folder=self.folder,
            log=self.folder / "head.log",
            ready=Readiness(url=url, addresses=addresses, seconds=seconds),
            environment=dict(os.environ),
            **more,
        )

    def __call__(self, command: str, **more: Any) -> AbstractContextManager[Running]:
        return running(self.start(command, **more), self.warnings.append)


@pytest.fixture
def starter(tmp_path: Path) -> Starter:
    from smp_check.subject.ports import free_port

    (tmp_path / "service.py").write_text(SERVICE, encoding="utf-8")
    return Starter(tmp_path, free_port(), [])
