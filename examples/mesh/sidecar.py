"""Static Envoy configuration for one proxy of the bed: what a control plane would have sent it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certificates import identity

_TYPE = "type.googleapis.com/envoy."
_HTTP = f"{_TYPE}extensions.filters.http"

LUA = """
function envoy_on_request(handle)
  local sum = 0
  for round = 1, 40 do
    for name, value in pairs(handle:headers()) do
      for place = 1, #value do sum = (sum * 31 + string.byte(value, place)) % 4294967296 end
    end
  end
  handle:headers():add("x-header-sum", tostring(sum))
end
"""


@dataclass(frozen=True)
class Sidecar:
    """One Envoy: listens on a port, sends on to another."""

    name: str
    port: int
    upstream: int
    admin: int
    accepts_mtls: bool = False
    sends_mtls_to: str | None = None
    """Name of the sidecar that it sends to, where it does so by mTLS."""
    accepts_from: str | None = None
    lua: bool = False
    fault: bool = False
    access_log: Path | None = None
    max_requests: int | None = None

    def bootstrap(self, certificates: Path) -> dict[str, Any]:
        """Envoy's whole configuration."""
        return {
            "node": {"id": self.name, "cluster": "mesh-bed"},
            "admin": {"address": _address(self.admin)},
            "static_resources": {
                "listeners": [self._listener(certificates)],
                "clusters": [self._cluster(certificates)],
            },
        }

    def _listener(self, certificates: Path) -> dict[str, Any]:
        chain: dict[str, Any] = {"filters": [self._connection_manager()]}
        if self.accepts_mtls:
            context = {
                "@type": f"{_TYPE}extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "require_client_certificate": True,
                "common_tls_context": self._tls(certificates, self.accepts_from),
            }
            chain["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": context}
        return {"name": self.name, "address": _address(self.port), "filter_chains": [chain]}

    def _connection_manager(self) -> dict[str, Any]:
        route = {"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "15s"}}
        typed: dict[str, Any] = {
            "@type": f"{_TYPE}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": self.name,
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
            "http_filters": [*self._extra_filters(), _filter("router", "router.v3.Router")],
        }
        if self.access_log is not None:
            typed["access_log"] = [_access_log(self.access_log)]
        return {"name": "envoy.filters.network.http_connection_manager", "typed_config": typed}

    def _extra_filters(self) -> list[dict[str, Any]]:
        filters = []
        if self.lua:
            filters.append(_filter("lua", "lua.v3.Lua", default_source_code={"inline_string": LUA}))
        if self.fault:
            delay = {"fixed_delay": "0.010s", "percentage": {"numerator": 20}}
            abort = {"http_status": 503, "percentage": {"numerator": 50, "denominator": "TEN_THOUSAND"}}
            filters.append(_filter("fault", "fault.v3.HTTPFault", delay=delay, abort=abort))
        return filters

    def _cluster(self, certificates: Path) -> dict[str, Any]:
        endpoint = {"endpoint": {"address": _address(self.upstream)}}
        cluster: dict[str, Any] = {
            "name": "upstream",
            "type": "STATIC",
            "connect_timeout": "1s",
            "load_assignment": {"cluster_name": "upstream", "endpoints": [{"lb_endpoints": [endpoint]}]},
        }
        if self.max_requests is not None:
            limits = {"max_connections": self.max_requests, "max_pending_requests": self.max_requests}
            cluster["circuit_breakers"] = {"thresholds": [limits | {"max_requests": self.max_requests}]}
        if self.sends_mtls_to is not None:
            context = {
                "@type": f"{_TYPE}extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "common_tls_context": self._tls(certificates, self.sends_mtls_to),
            }
            cluster["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": context}
        return cluster

    def _tls(self, certificates: Path, peer: str | None) -> dict[str, Any]:
        own = {
            "certificate_chain": {"filename": str(certificates / f"{self.name}.pem")},
            "private_key": {"filename": str(certificates / f"{self.name}.key")},
        }
        name = {"san_type": "URI", "matcher": {"exact": identity(peer or "")}}
        trusted = {"trusted_ca": {"filename": str(certificates / "ca.pem")}, "match_typed_subject_alt_names": [name]}
        return {"tls_certificates": [own], "validation_context": trusted}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _filter(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{_HTTP}.{kind}", **fields}}


def _access_log(path: Path) -> dict[str, Any]:
    fields = {
        "start_time": "%START_TIME%",
        "method": "%REQ(:METHOD)%",
        "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
        "protocol": "%PROTOCOL%",
        "response_code": "%RESPONSE_CODE%",
        "response_flags": "%RESPONSE_FLAGS%",
        "bytes_received": "%BYTES_RECEIVED%",
        "bytes_sent": "%BYTES_SENT%",
        "duration": "%DURATION%",
        "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
        "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
        "user_agent": "%REQ(USER-AGENT)%",
        "request_id": "%REQ(X-REQUEST-ID)%",
        "authority": "%REQ(:AUTHORITY)%",
        "upstream_host": "%UPSTREAM_HOST%",
        "upstream_cluster": "%UPSTREAM_CLUSTER%",
        "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
        "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
        "downstream_peer_uri_san": "%DOWNSTREAM_PEER_URI_SAN%",
        "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
        "route_name": "%ROUTE_NAME%",
    }
    kind = f"{_TYPE}extensions.access_loggers.file.v3.FileAccessLog"
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {"@type": kind, "path": str(path), "log_format": {"json_format": fields}},
    }
