"""A fake GitHub on loopback; at its end every exchange must have been one that GitHub's description allows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.load.embedded.target import BuiltinTarget
from tests.github.fake import FakeGitHub
from tests.github.jobs import CONFIGURATION, ActionsJob

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        yield running
    assert running.violations == []


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Real run documents of a quick and of a slow service."""
    from tests.conftest import Tool

    tool = Tool(tmp_path_factory.mktemp("runs"))
    config = tool.write("c.yaml", CONFIGURATION.replace("check:", "check:\n  round: 500ms\n  warmup: 200ms"))
    found = {}
    for name, delay in (("quick", "none"), ("slow", "constant:8ms")):
        with BuiltinTarget(delay=delay) as target:
            done = tool("run", config, "--endpoint-url", target.url, "--reference", "none", "-o", f"{name}.json")
        assert done.code == 0, done.err
        found[name] = json.loads((tool.folder / f"{name}.json").read_text())
    for name in ("quick", "slow"):
        tool("compare", "quick.json", f"{name}.json", "-c", config, "-o", f"{name}-compared.json")
        found[f"{name}-compared"] = json.loads((tool.folder / f"{name}-compared.json").read_text())
    return found


@pytest.fixture
def job(fake: Any, tool: Any) -> ActionsJob:
    shop = fake.repository()
    shop.add_pull(7, base="a" * 40, head="b" * 40)
    fake.token("writer", contents="write", pull_requests="write", actions="read", checks="write")
    fake.token("reader", contents="read")
    return ActionsJob(tool.folder, fake, tool.environment)
