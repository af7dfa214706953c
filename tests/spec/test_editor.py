"""In an editor: the language server behind VS Code's and others' YAML support, with our published schema.

Needs `yaml-language-server` (npm); without it the tests are skipped, and fail when CI=true.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = """\
# yaml-language-server: $schema={schema}
test:
  name: shop
  duration: 20s
  clients:
    - load_generator: embedded
      protocol: PROTOCOL_HTPT
      rps: 100
      en
check:
  gates:
    p99: {{max: 25ms}}
"""


class Editor:
    """A client of the language server, as an editor is."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.uri = (folder / "smp-check.yaml").as_uri()
        self.number = 0
        self.diagnostics: list[dict[str, Any]] | None = None
        self.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        self.tell("initialized", {})

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def read(self) -> dict[str, Any]:
        """One message of the server; its own questions are answered with nothing."""
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            many = len(message["params"]["items"]) if message["method"] == "workspace/configuration" else 0
            self.send({"id": message["id"], "result": [{}] * many if many else None})
        return message

    def ask(self, method: str, params: Any) -> Any:
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while (message := self.read()).get("id") != self.number or "method" in message:
            pass
        return message["result"]

    def open(self, text: str) -> list[dict[str, Any]]:
        """Open the file; what the server has to say about it."""
        document = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        while self.diagnostics is None:
            self.read()
        return self.diagnostics

    def at(self, method: str, line: int, column: int) -> Any:
        place = {"line": line - 1, "character": column - 1}
        return self.ask(method, {"textDocument": {"uri": self.uri}, "position": place})


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    command = [require("yaml-language-server"), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Editor(process, tmp_path)
        process.kill()


def test_an_editor_checks_explains_and_completes(editor: Editor) -> None:
    schema = (ROOT / "smp_check/spec/schemas/configuration.json").as_uri()
    found = editor.open(TEXT.format(schema=schema))
    lines = {each["range"]["start"]["line"] + 1: each["message"] for each in found}
    assert "PROTOCOL_HTTP" in lines[7]
    assert set(lines) <= {7, 8, 9, 10}, lines

    hover = json.dumps(editor.at("textDocument/hover", 4, 5))
    assert "Go duration" in hover
    assert "Objective" in json.dumps(editor.at("textDocument/hover", 12, 12))

    completed = editor.at("textDocument/completion", 9, 9)
    items = completed["items"] if isinstance(completed, dict) else completed
    labels = {item["label"] for item in items}
    assert "endpoint_urls" in labels
    assert "endpointUrls" not in labels, "the other spelling is understood, and not offered"
