"""What an Envoy says about itself on its admin interface, and what it uses.

https://www.envoyproxy.io/docs/envoy/latest/operations/admin
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from smp_check.capture.address import is_loopback
from smp_check.capture.listeners import by_port
from smp_check.capture.processes import ProcessSampler
from smp_check.capture.sampler import LostError, Mean
from smp_check.spec.run import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT = (0.5, 1.0)
COUNTED = r"^server\.uptime$|^(http|tcp)\..*\.downstream_cx_(rx|tx)_bytes_total$"
"""Uptime, to notice a restart; bytes read from and written to the clients of all listeners (RE2 syntax)."""
OUR_OWN = "http.admin."
"""The admin interface's own counters: our questions and its answers."""
UPDATES = {
    "lds_latency_ms": "listener_manager.lds.update_duration",
    "cds_latency_ms": "cluster_manager.cds.update_duration",
}
"""Field of SMP's control plane -> Envoy's histogram of the milliseconds that an update took."""
CONNECTED = "control_plane.connected_state"


class EnvoyAdmin:
    """One Envoy's admin interface; every method raises ``LostError`` when it does not answer as it should."""

    def __init__(self, url: str) -> None:
        import requests

        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = not self.is_local  # a proxy of the environment is not for this machine

    @property
    def is_local(self) -> bool:
        """Whether the interface is on this machine's loopback."""
        return is_loopback(self.url)

    @property
    def port(self) -> int:
        """The port of the interface."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    def server_info(self) -> Mapping[str, Any]:
        """Version, state, uptime and command line."""
        return self._get("/server_info")

    def stats(self, pattern: str) -> dict[str, float]:
        """Counters and gauges whose name matches a regular expression."""
        answer = self._get("/stats", {"format": "json", "filter": pattern})
        entries = answer.get("stats", [])
        return {each["name"]: float(each["value"]) for each in entries if "value" in each and "name" in each}

    def updates(self) -> tuple[dict[str, float], bool]:
        """90th percentiles of ``UPDATES``, as far as there were any; and whether the control plane was lost.

        Envoys without a control plane have none of these statistics.
        """
        names = (*UPDATES.values(), CONNECTED)
        found = self._get("/stats", {"format": "json", "filter": f"^({'|'.join(names)})$".replace(".", r"\.")})
        entries = [each for each in found.get("stats", []) if isinstance(each, dict)]
        lost = any(each.get("name") == CONNECTED and each.get("value") == 0 for each in entries)
        drawn: Mapping[str, Any] = next(
            (each["histograms"] for each in entries if isinstance(each.get("histograms"), dict)), {}
        )
        told = {each.get("name"): _percentile(drawn, each, 90) for each in drawn.get("computed_quantiles", [])}
        latest = {field: told.get(name) for field, name in UPDATES.items()}
        return {field: value for field, value in latest.items() if value is not None}, lost

    def memory(self) -> float:
        """Bytes of physical memory in use, as its allocator sees them."""
        answer = self._get("/memory")
        try:
            return float(answer.get("total_physical_bytes") or answer["heap_size"])
        except (KeyError, TypeError, ValueError) as fault:
            raise LostError(f"{self.url}/memory tells no memory") from fault

    def configurations(self) -> list[Mapping[str, Any]]:
        """The parts of ``/config_dump``: bootstrap, listeners, clusters."""
        answer = self._get("/config_dump")
        return [each for each in answer.get("configs", []) if isinstance(each, dict)]

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        import requests

        try:
            answer = self._session.get(f"{self.url}{path}", params=query, timeout=TIMEOUT)
        except requests.Timeout as fault:
            raise LostError(f"{self.url} did not answer within {TIMEOUT[1]:g} s", final=True) from fault
        except requests.RequestException as fault:
            raise LostError(f"{self.url} does not answer ({type(fault).__name__})") from fault
        if answer.status_code != 200:
            raise LostError(f"{self.url}{path} answered {answer.status_code}")
        try:
            value = answer.json()
        except ValueError as fault:
            raise LostError(f"{self.url}{path} answered no JSON; is it an Envoy's admin interface?") from fault
        if not isinstance(value, dict):
            raise LostError(f"{self.url}{path} answered something else than an Envoy does")
        return value


class EnvoySampler:
    """Samples one Envoy: its process where that is on this machine, its memory from the admin interface elsewhere."""

    def __init__(self, url: str) -> None:
        self._admin = EnvoyAdmin(url)
        self._process = ProcessSampler(by_port(self._admin.port)) if self._admin.is_local else None
        self._begin: dict[str, float] = {}
        self._memory = Mean()

    def begin(self) -> None:
        """Read the counters."""
        self._begin = self._admin.stats(COUNTED)
        self._memory = Mean()
        if self._process is not None:
            self._process.begin()
        else:
            self._memory.add(self._admin.memory())

    def look(self) -> None:
        """Memory; a remote Envoy is asked at begin and end only."""
        if self._process is not None:
            self._process.look()

    def end(self, seconds: float) -> Usage:
        """CPU where it can be seen, memory, and bytes exchanged with clients since ``begin``."""
        now = self._admin.stats(COUNTED)
        if now.get("server.uptime", 0) < self._begin.get("server.uptime", 0):
            raise LostError(f"the Envoy at {self._admin.url} was restarted during a round")
        moved = _bytes(now) - _bytes(self._begin)
        if self._process is not None:
            used = self._process.end(seconds)
            cpu, memory, samples = used.cpu_seconds, used.memory, used.samples
        else:
            self._memory.add(self._admin.memory())
            cpu, memory, samples = None, self._memory.value, self._memory.count
        return Usage(cpu_seconds=cpu, memory=memory, instances=1, bytes_transferred=max(moved, 0.0), samples=samples)

    def close(self) -> None:
        """Close the connection."""
        self._admin.close()


def _percentile(drawn: Mapping[str, Any], histogram: Mapping[str, Any], wanted: float) -> float | None:
    """One percentile over the Envoy's whole life out of ``/stats?format=json``; ``None`` for an empty histogram."""
    try:
        value = histogram["values"][drawn["supported_quantiles"].index(wanted)]["cumulative"]
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    return None if value is None else float(value)


def _bytes(stats: Mapping[str, float]) -> float:
    counted = (value for name, value in stats.items() if name.endswith("_bytes_total") and not name.startswith(OUR_OWN))
    return sum(counted)


def build_of(info: Mapping[str, Any]) -> str | None:
    """Envoy's version from ``/server_info``: ``<commit>/<version>/<tree>/<build>/<crypto>`` -> ``1.40.0``."""
    parts = str(info.get("version", "")).split("/")
    return parts[1] if len(parts) > 1 else parts[0] or None


def concurrency_of(info: Mapping[str, Any]) -> int | None:
    """Worker threads, from the command line that ``/server_info`` repeats."""
    try:
        return int(info["command_line_options"]["concurrency"])
    except (KeyError, TypeError, ValueError):
        return None


def mutual_tls(configurations: list[Mapping[str, Any]]) -> bool | None:
    """Whether traffic is mutually authenticated: a listener that demands, or a cluster that shows, a certificate.

    ``None`` when the dump has neither listeners nor clusters.
    """
    listeners = [each for each in configurations if str(each.get("@type", "")).endswith("ListenersConfigDump")]
    clusters = [each for each in configurations if str(each.get("@type", "")).endswith("ClustersConfigDump")]
    if not listeners and not clusters:
        return None
    demands = any(part.get("require_client_certificate") is True for part in _mappings(listeners))
    shows = any(_shows_certificate(part) for part in _mappings(clusters))
    return demands or shows


def _shows_certificate(part: Mapping[str, Any]) -> bool:
    if not str(part.get("@type", "")).endswith("UpstreamTlsContext"):
        return False
    common = part.get("common_tls_context")
    return isinstance(common, dict) and any(name.startswith("tls_certificate") for name in common)


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every JSON object inside a value, however deep."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
