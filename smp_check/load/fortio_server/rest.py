"""The REST API of one Fortio server (https://github.com/fortio/fortio, rapi/restHandler.go)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from smp_check.errors import MeasurementError
from smp_check.load.adapters.fields import Fields

CONNECT, ANSWER = 1.0, 2.0
"""Seconds to wait for a connection, and for the answer to a question."""
RUNNING = 2


class WorkerFaultError(MeasurementError):
    """A worker that cannot be reached, refuses, or answers nonsense; ``where`` names it."""


class Worker:
    """One Fortio server. Its methods may be called from several threads."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def name(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def version(self) -> str:
        """Fortio's version, from its front page. Raises ``WorkerFaultError``."""
        answer = self._get("")
        match = re.search(r"<title>[^<]*?\bv?(\d+\.\d+\.\d+[^\s<]*|dev)<", answer.content.decode("utf-8", "replace"))
        if match is None:
            raise WorkerFaultError(
                f"{self.url} is no Fortio server", hint="start one there: fortio server -http-port 0.0.0.0:8080"
            )
        return match[1]

    def run(self, words: Mapping[str, Any], *, limit: float) -> Mapping[str, Any]:
        """Make one run and wait for its result. Raises ``WorkerFaultError``, also for a run that did not start."""
        try:
            answer = requests.post(f"{self.url}rest/run", json=dict(words), timeout=(CONNECT, limit))
            value = answer.json()
        except (requests.RequestException, ValueError) as fault:
            raise WorkerFaultError(f"worker {self.name}: {_reason(fault)}") from fault
        if answer.status_code != requests.codes.ok or not isinstance(value, Mapping):
            fields = Fields(value)
            said = fields.text("exception") or fields.text("message") or f"status {answer.status_code}"
            raise WorkerFaultError(f"worker {self.name} refused the run: {said}")
        return value

    def running(self, label: str) -> tuple[int, ...]:
        """The ids of the runs with this label that go on now. Raises ``WorkerFaultError`` if it does not answer."""
        try:
            statuses = Fields(self._get("rest/status").json()).inner("Statuses")
        except ValueError as fault:
            raise WorkerFaultError(f"worker {self.name} answered with no JSON") from fault
        found = []
        for name in statuses:
            status = statuses.inner(name)
            if status.inner("RunnerOptions").text("Labels") == label:
                found.append(status.integer("RunID") or 0)
        return tuple(run for run in found if run)

    def stop(self, label: str) -> None:
        """Stop our runs there, and nobody else's; a worker that is gone needs no stopping."""
        try:
            for run in self.running(label):
                self._get(f"rest/stop?runid={run}&wait=true")
        except WorkerFaultError:
            return

    def _get(self, path: str) -> requests.Response:
        try:
            answer = requests.get(f"{self.url}{path}", timeout=(CONNECT, ANSWER))
            answer.raise_for_status()
        except requests.RequestException as fault:
            raise WorkerFaultError(
                f"worker {self.name}: {_reason(fault)}",
                hint=f"is a Fortio server running there? fortio server -http-port {self.name}",
            ) from fault
        return answer


def _reason(fault: Exception) -> str:
    """The last and plainest words of a chain of exceptions."""
    text = str(fault)
    for words, plain in (
        ("refused", "connection refused"),
        ("No route", "no route to it"),
        ("unreachable", "its network is unreachable"),
        ("timed out", "it does not answer"),
        ("resolve", "its name does not resolve"),
        ("RemoteDisconnected", "it closed the connection"),
        ("reset", "it reset the connection"),
    ):
        if words in text:
            return plain
    return text[:200]
