"""CPU and memory from a Prometheus server, where the processes themselves are out of sight.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from smp_check.capture.queries import AUTO, queries_for
from smp_check.capture.sampler import LostError, Mean
from smp_check.spec.run import Usage

if TYPE_CHECKING:
    from smp_check.spec.configuration import Watched

TIMEOUT = (1.0, 2.0)
INTERVAL = 1.0
"""Seconds between two questions: no server scrapes its targets more often."""
OPTIONAL = frozenset({"traffic"})
"""What a round can do without."""


class Prometheus:
    """One server."""

    def __init__(self, url: str) -> None:
        import requests

        self.url = url.rstrip("/")
        self._session = requests.Session()

    def value(self, query: str) -> float:
        """The value of a query now, summed over its series. Raises ``LostError`` when there is none."""
        import requests

        try:
            answer = self._session.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=TIMEOUT)
        except requests.Timeout as fault:
            raise LostError(f"Prometheus at {self.url} did not answer within {TIMEOUT[1]:g} s", final=True) from fault
        except requests.RequestException as fault:
            raise LostError(f"Prometheus at {self.url} does not answer ({type(fault).__name__})") from fault
        try:
            body = answer.json()
        except ValueError as fault:
            raise LostError(f"Prometheus at {self.url} answered {answer.status_code}, and no JSON") from fault
        if not isinstance(body, dict) or body.get("status") != "success":
            said = body.get("error", answer.status_code) if isinstance(body, dict) else answer.status_code
            raise LostError(f"Prometheus at {self.url} refused the query {query!r}: {said}")
        return _sum(body.get("data"), query)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _sum(data: Any, query: str) -> float:
    """Out of a vector (one value per series) or a scalar."""
    try:
        result = data["result"]
        texts = [result[1]] if data["resultType"] == "scalar" else [series["value"][1] for series in result]
        values = [float(text) for text in texts]
    except (KeyError, TypeError, ValueError, IndexError) as fault:
        raise LostError(f"Prometheus answered the query {query!r} with no vector of numbers") from fault
    if not values or not all(math.isfinite(value) for value in values):
        raise LostError(f"Prometheus knows no series for {query!r}")
    return sum(values)


class PrometheusSampler:
    """Samples one component by queries: CPU cores in use; memory, instances and traffic where there is one for them."""

    def __init__(self, server: Prometheus, watched: Watched, *, component: str, mesh: str) -> None:
        self._server = server
        self._mesh = f"in {mesh}" if mesh else "while mesh.mesh_type.type names no mesh"
        if watched.prometheus == AUTO:
            self._queries = queries_for(mesh, component)
        else:
            self._queries = {"cpu": watched.prometheus or "", "memory": watched.prometheus_memory or ""}
        self._means: dict[str, Mean] = {}
        self._asked = 0.0

    def begin(self) -> None:
        """Ask for the first time."""
        if not self._queries.get("cpu"):
            raise LostError(f"auto knows no query for it {self._mesh}; write one", final=True)
        self._means = {name: Mean() for name, query in self._queries.items() if query}
        self._ask()

    def look(self) -> None:
        """Ask again, once a second."""
        if time.monotonic() - self._asked >= INTERVAL:
            self._ask()

    def end(self, seconds: float) -> Usage:
        """Mean cores times seconds; mean memory."""
        self._ask()
        cores = self._means["cpu"].value
        instances = self._value("instances")
        traffic = self._value("traffic")
        return Usage(
            cpu_seconds=None if cores is None else cores * seconds,
            memory=self._value("memory"),
            instances=None if instances is None else round(instances),
            bytes_transferred=None if traffic is None else traffic * seconds,
            samples=self._means["cpu"].count,
        )

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _ask(self) -> None:
        self._asked = time.monotonic()
        for name, mean in list(self._means.items()):
            try:
                mean.add(self._server.value(self._queries[name]))
            except LostError as fault:
                if name not in OPTIONAL or fault.final:
                    raise
                del self._means[name]  # many servers leave the network's series out

    def _value(self, name: str) -> float | None:
        mean = self._means.get(name)
        return None if mean is None else mean.value
