"""The embedded generator against servers that people run: nginx, haproxy, Envoy, gRPC, and Fortio's echo servers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from smp_check.spec.configuration import Protocol

HELLO = 'location / { return 200 "hello\\n"; }'


def nginx_log(path: Path) -> list[str]:
    return path.read_text().splitlines()


def fine(sample: Any, sent: int) -> None:
    assert sample.counts.errors == {}, sample.faults
    assert sample.counts.ok == sample.counts.sent == sent


def tls(certificates: Any, more: str = "") -> str:
    return f"ssl_certificate {certificates.cert}; ssl_certificate_key {certificates.key}; {more} {HELLO}"


@pytest.mark.parametrize("rate", [200.0, None])
def test_nginx_counts_what_we_count(nginx: Any, measure: Any, tmp_path: Path, rate: float | None) -> None:
    """The server's own log agrees with every count of ours: requests, bytes, connections."""
    log = tmp_path / "access.log"
    body = f"access_log {log} combined; {HELLO}"
    sample = measure(nginx(body=body).url, rate=rate, seconds=0.5, connections=3)
    assert sample.counts.errors == {}
    lines = nginx_log(log)
    lead_in = len(lines) - sample.counts.sent
    assert sample.counts.sent == sample.counts.ok
    if rate:
        assert (sample.counts.sent, lead_in) == (100, 20)
    else:
        assert lead_in >= 0


def test_nginx_that_closes_connections_after_some_requests(nginx: Any, measure: Any) -> None:
    sample = measure(nginx(body=f"keepalive_requests 7; {HELLO}").url, rate=400.0)
    fine(sample, 200)
    assert sample.counts.connections_opened == pytest.approx(200 / 7, abs=4)


@pytest.mark.parametrize(("method", "failing"), [("GET", False), ("POST", True)])
def test_nginx_that_closes_idle_connections(nginx: Any, measure: Any, method: str, failing: bool) -> None:
    """Its timeout of 300 ms falls upon the very moments at which requests are due, every 50 ms."""
    url = nginx(body=f"keepalive_timeout 300ms; {HELLO}").url
    sample = measure(url, rate=20.0, connections=8, seconds=3.0, options=("--method", method))
    assert sample.counts.sent == 60
    if failing:
        assert set(sample.counts.errors) <= {"reset"}
    else:
        fine(sample, 60)


def test_a_big_chunked_answer(nginx: Any, measure: Any, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"0123456789" * 100_000)
    sample = measure(nginx(body=f"gzip on; gzip_types *; gzip_min_length 1; root {tmp_path};").url + "big", rate=20.0)
    fine(sample, 10)
    assert sample.counts.bytes_received > 10_000_000
    zipped = measure(
        nginx(body=f"gzip on; gzip_types *; root {tmp_path};").url + "big",
        rate=20.0,
        headers={"Accept-Encoding": "gzip"},
    )
    fine(zipped, 10)
    assert zipped.counts.bytes_received < 1_000_000


@pytest.mark.parametrize("http", ["1.1", "2"])
def test_tls(nginx: Any, measure: Any, certificates: Any, free: Any, http: str) -> None:
    port = free()
    nginx(body=f"listen 127.0.0.1:{port} ssl http2; {tls(certificates)}")
    url = f"https://127.0.0.1:{port}/"
    fine(measure(url, ca_file=certificates.ca, options=("--http", http)), 50)
    fine(measure(f"https://localhost:{port}/", ca_file=certificates.ca, options=("--http", http)), 50)
    refused = measure(url, options=("--http", http))
    assert set(refused.counts.errors) == {"tls"}
    assert "certificate" in refused.faults["tls"]
    fine(measure(url, options=("--http", http, "--insecure")), 50)


def test_a_name_for_tls(nginx: Any, measure: Any, certificates: Any, free: Any) -> None:
    port = free()
    nginx(body=f"listen 127.0.0.2:{port} ssl; {tls(certificates)}")
    url = f"https://127.0.0.2:{port}/"
    assert "tls" in measure(url, ca_file=certificates.ca).faults
    fine(measure(url, ca_file=certificates.ca, options=("--server-name", "shop.test")), 50)


def test_client_certificates(nginx: Any, measure: Any, certificates: Any, free: Any) -> None:
    port = free()
    verify = f"ssl_client_certificate {certificates.ca}; ssl_verify_client on;"
    nginx(body=f"listen 127.0.0.1:{port} ssl; {tls(certificates, verify)}")
    url = f"https://127.0.0.1:{port}/"
    assert measure(url, ca_file=certificates.ca).counts.status == {"400": 50}
    fine(measure(url, ca_file=certificates.ca, options=("--cert", certificates.client)), 50)


@pytest.mark.parametrize("streams", ["1", "8"])
def test_http2_by_prior_knowledge(nginx: Any, measure: Any, free: Any, tmp_path: Path, streams: str) -> None:
    """nginx says goodbye after 30 requests each time; none may get lost over that."""
    port, log = free(), tmp_path / "access.log"
    nginx(body=f"listen 127.0.0.1:{port} http2; access_log {log}; keepalive_requests 30; {HELLO}")
    sample = measure(f"http://127.0.0.1:{port}/p", rate=400.0, options=("--http", "2", "--streams", streams))
    fine(sample, 200)
    assert sample.counts.connections_opened >= 4
    lines = nginx_log(log)
    assert len(lines) == 240
    assert all('"GET /p HTTP/2.0" 200' in line for line in lines)


def test_http2_bodies_larger_than_the_window(nginx: Any, measure: Any, free: Any, tmp_path: Path) -> None:
    port = free()
    (tmp_path / "big").write_bytes(b"x" * 500_000)
    sink = nginx(body=f"client_max_body_size 9m; {HELLO}")
    place = f"client_max_body_size 9m; location /up {{ proxy_pass http://127.0.0.1:{sink.port}/; }}"
    nginx(body=f"listen 127.0.0.1:{port} http2; root {tmp_path}; {place}")
    http2 = ("--http", "2")
    down = measure(f"http://127.0.0.1:{port}/big", rate=20.0, options=http2)
    fine(down, 10)
    assert down.counts.bytes_received > 5_000_000
    fine(measure(f"http://127.0.0.1:{port}/up", rate=10.0, method="POST", body=b"y" * 300_000, options=http2), 5)


def test_http2_to_a_server_that_has_none(nginx: Any, measure: Any) -> None:
    sample = measure(nginx(body=HELLO).url, options=("--http", "2"))
    assert sample.counts.ok == 0
    assert "HTTP/2" in next(iter(sample.faults.values()))


HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:{port}
  bind 127.0.0.1:{h2} proto h2
  default_backend b
backend b
  server s 127.0.0.1:{upstream}
"""


def test_haproxy(nginx: Any, measure: Any, service: Any, free: Any, real: Any, tmp_path: Path) -> None:
    port, h2 = free(), free()
    configuration = tmp_path / "haproxy.cfg"
    configuration.write_text(HAPROXY.format(port=port, h2=h2, upstream=nginx(body=HELLO).port))
    service(real("haproxy"), "-db", "-f", str(configuration), port=port)
    fine(measure(f"http://127.0.0.1:{port}/"), 50)
    fine(measure(f"http://127.0.0.1:{h2}/", options=("--http", "2", "--streams", "4")), 50)


ENVOY = """
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          codec_type: AUTO
          stat_prefix: in
          route_config:
            virtual_hosts:
            - {{name: all, domains: ["*"], routes: [{{match: {{prefix: "/"}}, route: {{cluster: up}}}}]}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
  - name: up
    connect_timeout: 2s
    load_assignment:
      cluster_name: up
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {upstream}}}}}}}
"""


def test_envoy(nginx: Any, measure: Any, service: Any, free: Any, real: Any, tmp_path: Path) -> None:
    port = free()
    configuration = tmp_path / "envoy.yaml"
    configuration.write_text(ENVOY.format(port=port, upstream=nginx(body=HELLO).port))
    options = ("--concurrency", "1", "--use-dynamic-base-id", "--log-level", "error")
    service(real("envoy"), "-c", str(configuration), *options, port=port)
    fine(measure(f"http://127.0.0.1:{port}/"), 50)
    fine(measure(f"http://127.0.0.1:{port}/", options=("--http", "2", "--streams", "4")), 50)


class Services:
    """A gRPC server with a health service and a method of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.status = "SERVING"
        self.calls: list[tuple[bytes, dict[str, str]]] = []


@pytest.fixture
def grpc_server(certificates: Any) -> Iterator[Services]:
    import grpc
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc

    server = grpc.server(ThreadPoolExecutor(4))
    services = Services(server.add_insecure_port("127.0.0.1:0"))
    check = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(check, server)
    check.set("", health_pb2.HealthCheckResponse.SERVING)

    def reverse(request: bytes, context: Any) -> bytes:
        services.calls.append((request, dict(context.invocation_metadata())))
        if request == b"\x08\x00":
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no more: 100 %")
        return request[::-1]

    method = grpc.unary_unary_rpc_method_handler(reverse)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Cart", {"Reverse": method}),))
    services.down = lambda: check.set("", health_pb2.HealthCheckResponse.NOT_SERVING)  # type: ignore[attr-defined]
    server.start()
    yield services
    server.stop(0).wait()


@pytest.mark.parametrize("streams", ["1", "10"])
def test_grpc_health(grpc_server: Any, measure: Any, streams: str) -> None:
    sample = measure(f"127.0.0.1:{grpc_server.port}", protocol=Protocol.GRPC, options=("--streams", streams))
    fine(sample, 50)
    assert sample.counts.status == {"200": 50}
    grpc_server.down()
    down = measure(f"grpc://127.0.0.1:{grpc_server.port}", protocol=Protocol.GRPC)
    assert down.counts.errors == {"status": 50}
    assert "SERVING" in down.faults["status"]


def test_any_grpc_method(grpc_server: Any, measure: Any) -> None:
    url, options = f"http://127.0.0.1:{grpc_server.port}", ("--grpc-method", "shop.Cart/Reverse")
    headers = {"X-Tenant": "blue"}
    fine(measure(url, protocol=Protocol.GRPC, headers=headers, options=(*options, "--payload-hex", "0a0161")), 50)
    request, metadata = grpc_server.calls[-1]
    assert request == b"\n\x01a"
    assert metadata["x-tenant"] == "blue"
    refused = measure(url, protocol=Protocol.GRPC, options=(*options, "--payload-hex", "0800"))
    assert refused.counts.errors == {"status": 50}
    assert refused.faults["status"].endswith("gRPC status RESOURCE_EXHAUSTED: no more: 100 %")
    missing = measure(url, protocol=Protocol.GRPC, options=("--grpc-method", "shop.Cart/None"))
    assert "UNIMPLEMENTED" in missing.faults["status"]


def test_grpc_to_a_web_server(nginx: Any, measure: Any, free: Any) -> None:
    port = free()
    nginx(body=f"listen 127.0.0.1:{port} http2; {HELLO}")
    sample = measure(f"127.0.0.1:{port}", protocol=Protocol.GRPC)
    assert sample.counts.errors == {"status": 50}
    assert "is it a gRPC server" in sample.faults["status"]


@pytest.fixture
def fortio(real: Any, service: Any, free: Any) -> dict[str, int]:
    ports = {name: free() for name in ("http", "grpc", "tcp", "udp")}
    places = [f"-{name}-port=127.0.0.1:{port}" for name, port in ports.items()]
    service(real("fortio"), "server", *places, "-redirect-port=disabled", port=ports["tcp"])
    return ports


def test_fortios_echo_servers(fortio: dict[str, int], measure: Any) -> None:
    fine(measure(f"http://127.0.0.1:{fortio['http']}/echo?delay=2ms"), 50)
    failing = measure(f"http://127.0.0.1:{fortio['http']}/echo?status=503:50", rate=200.0)
    assert 20 < failing.counts.errors["status"] < 80
    fine(measure(f"127.0.0.1:{fortio['grpc']}", protocol=Protocol.GRPC), 50)
    fine(measure(f"tcp://127.0.0.1:{fortio['tcp']}", protocol=Protocol.TCP), 50)
    fine(measure(f"127.0.0.1:{fortio['tcp']}", protocol=Protocol.TCP, body=b"x" * 100_000, rate=20.0), 10)
    fine(measure(f"udp://127.0.0.1:{fortio['udp']}", protocol=Protocol.UDP), 50)


def test_echo_servers_that_are_none(nginx: Any, measure: Any, free: Any) -> None:
    web = measure(f"tcp://127.0.0.1:{nginx(body=HELLO).port}", protocol=Protocol.TCP, body=b"GET / HTTP/1.0\r\n\r\n")
    assert web.counts.ok == 0
    assert "echo server" in web.faults["protocol"]
    nobody = measure(f"udp://127.0.0.1:{free()}", protocol=Protocol.UDP)
    assert set(nobody.counts.errors) == {"connect"}
    assert "refused" in nobody.faults["connect"]


def test_asyncios_own_loop(nginx: Any, measure: Any, certificates: Any, free: Any, monkeypatch: Any) -> None:
    """Where there is no uvloop, everything works as well, if slower."""
    monkeypatch.setenv("SMP_CHECK_LOOP", "asyncio")
    port = free()
    nginx(body=f"listen 127.0.0.1:{port} ssl http2; {tls(certificates)}")
    fine(measure(nginx(body=HELLO).url, rate=200.0), 100)
    assert measure(nginx(body=HELLO).url, rate=None).counts.errors == {}
    for http in ("1.1", "2"):
        fine(measure(f"https://127.0.0.1:{port}/", options=("--http", http, "--insecure")), 50)
