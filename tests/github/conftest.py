"""A fake GitHub on loopback; at its end every exchange must have been one that GitHub's description allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.github.fake import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        yield running
    assert running.violations == []
