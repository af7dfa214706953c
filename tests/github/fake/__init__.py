"""A GitHub on loopback with the real one's semantics, checked against GitHub's own description of its API."""

from __future__ import annotations

from tests.github.fake.server import FakeGitHub
from tests.github.fake.state import Identity, Repository

__all__ = ["FakeGitHub", "Identity", "Repository"]
