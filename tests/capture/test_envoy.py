"""A real Envoy, watched and asked about itself; and what becomes of the metric when its admin port closes."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.capture.envoy import EnvoyAdmin, build_of, concurrency_of, mutual_tls
from smp_check.capture.mesh import capture_mesh
from smp_check.capture.sampler import LostError
from smp_check.capture.watch import watch
from smp_check.spec.configuration import Configuration, Watched
from smp_check.spec.conformance import check_value
from smp_check.spec.findings import Severity
from smp_check.spec.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HTTP = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
DOWNSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
UPSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
BODY = "x" * 1000


@dataclass(frozen=True)
class Envoy:
    url: str
    admin: str
    process: subprocess.Popen[bytes]


def address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def bootstrap(port: int, admin: int, listener_tls: dict[str, Any] | None, cluster_tls: dict[str, Any] | None) -> Any:
    """One listener that answers by itself, one cluster that nobody calls."""
    answer = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": BODY}}}
    manager = {
        "@type": HTTP,
        "stat_prefix": "inbound",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [answer]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
    }
    chain: dict[str, Any] = {"filters": [{"name": "http", "typed_config": manager}]}
    if listener_tls is not None:
        chain["transport_socket"] = {"name": "tls", "typed_config": {"@type": DOWNSTREAM} | listener_tls}
    cluster: dict[str, Any] = {"name": "next", "type": "STATIC", "load_assignment": {"cluster_name": "next"}}
    if cluster_tls is not None:
        cluster["transport_socket"] = {"name": "tls", "typed_config": {"@type": UPSTREAM} | cluster_tls}
    resources = {
        "listeners": [{"name": "in", "address": address(port), "filter_chains": [chain]}],
        "clusters": [cluster],
    }
    return {"admin": {"address": address(admin)}, "static_resources": resources}


@pytest.fixture
def envoy(tmp_path: Path, real: Callable[[str], str]) -> Iterator[Callable[..., Envoy]]:
    path = real("envoy")
    running: list[subprocess.Popen[bytes]] = []

    def start(listener_tls: Any = None, cluster_tls: Any = None, ports: tuple[int, int] | None = None) -> Envoy:
        port, admin = ports or (free_port(), free_port())
        config = tmp_path / f"envoy-{len(running)}.json"
        config.write_text(json.dumps(bootstrap(port, admin, listener_tls, cluster_tls)))
        options = ["--concurrency", "2", "--base-id", str(port), "--log-level", "error", "--disable-hot-restart"]
        with (tmp_path / f"envoy-{len(running)}.log").open("wb") as log:
            process = subprocess.Popen([path, "-c", str(config), *options], stdout=log, stderr=log)
        running.append(process)
        wait_ready(f"http://127.0.0.1:{admin}", process)
        return Envoy(f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{admin}", process)

    yield start
    for process in running:
        process.kill()
        process.wait()


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_ready(admin: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, "Envoy ended; its log is beside its configuration"
        try:
            with urllib.request.urlopen(f"{admin}/ready", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("Envoy did not become ready")


def fetch(url: str, times: int) -> None:
    for _ in range(times):
        with urllib.request.urlopen(url, timeout=5) as answer:
            answer.read()


def test_it_says_what_it_is(envoy: Callable[..., Envoy]) -> None:
    running = envoy()
    admin = EnvoyAdmin(running.admin)
    info = admin.server_info()
    build = build_of(info)
    assert build is not None
    assert build[0].isdigit()
    assert concurrency_of(info) == 2
    assert admin.memory() > 1e6
    assert mutual_tls(admin.configurations()) is False
    admin.close()


def certificate(folder: Path, openssl: str) -> dict[str, Any]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run(
        [*command, "-subj", "/CN=test", "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True
    )
    return {"certificate_chain": {"filename": str(cert)}, "private_key": {"filename": str(key)}}


def test_mutual_tls_is_seen_on_either_side(
    envoy: Callable[..., Envoy], tmp_path: Path, real: Callable[[str], str]
) -> None:
    pair = certificate(tmp_path, real("openssl"))
    trusted = {"validation_context": {"trusted_ca": pair["certificate_chain"]}}
    mine = {"tls_certificates": [pair]}
    demands = {"common_tls_context": mine | trusted, "require_client_certificate": True}
    one_sided = {"common_tls_context": mine}
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"listener_tls": demands}, True),
        ({"listener_tls": one_sided}, False),
        ({"cluster_tls": {"common_tls_context": mine | trusted}}, True),
        ({"cluster_tls": {"common_tls_context": trusted}}, False),
    ]
    for options, expected in cases:
        admin = EnvoyAdmin(envoy(**options).admin)
        assert mutual_tls(admin.configurations()) is expected, options
        admin.close()


def test_the_mesh_message_of_a_real_envoy(
    envoy: Callable[..., Envoy],
    tmp_path: Path,
    real: Callable[[str], str],
    observing: Callable[..., Configuration],
) -> None:
    """Build, worker threads and mTLS, in a message that conforms."""
    pair = certificate(tmp_path, real("openssl"))
    trusted = {"validation_context": {"trusted_ca": pair["certificate_chain"]}}
    tls = {"common_tls_context": {"tls_certificates": [pair]} | trusted, "require_client_certificate": True}
    running = envoy(listener_tls=tls)
    mesh = {"mesh_type": {"type": "CONSUL"}}
    found = capture_mesh(observing(sidecar=Watched(envoy_admin=running.admin), mesh=mesh), None, pytest.fail)
    assert found["proxy_build"][0].isdigit()
    assert found["proxy_concurrency"] == 2
    assert found["mtls_enabled"] is True
    assert "mesh_control_plane" not in found, "nobody updates it"
    assert found["mesh_type"] == {"type": "CONSUL"}
    assert [f.message for f in check_value(found, Kind.MESH) if f.severity is Severity.ERROR] == []


def test_updates_without_a_time(
    tmp_path: Path, real: Callable[[str], str], observing: Callable[..., Configuration]
) -> None:
    """An Envoy that gets listeners and clusters handed in files has statistics of updates without values."""
    port, admin = free_port(), free_port()
    static = bootstrap(port, admin, None, None)
    kinds = {"lds": ("listeners", "listener.v3.Listener"), "cds": ("clusters", "cluster.v3.Cluster")}
    for short, (plural, kind) in kinds.items():
        named = [{"@type": f"type.googleapis.com/envoy.config.{kind}"} | x for x in static["static_resources"][plural]]
        (tmp_path / f"{short}.json").write_text(json.dumps({"resources": named}))
    dynamic = {
        f"{short}_config": {
            "path_config_source": {"path": str(tmp_path / f"{short}.json")},
            "resource_api_version": "V3",
        }
        for short in kinds
    }
    config = tmp_path / "dynamic.json"
    node = {"id": "a", "cluster": "b"}
    config.write_text(json.dumps({"node": node, "admin": static["admin"], "dynamic_resources": dynamic}))
    options = ["--base-id", str(port), "--log-level", "error", "--concurrency", "1"]
    url = f"http://127.0.0.1:{admin}"
    process = subprocess.Popen([real("envoy"), "-c", str(config), *options])
    try:
        wait_ready(url, process)
        fetch(f"http://127.0.0.1:{port}/", 1)
        asked = EnvoyAdmin(url)
        assert asked.updates() == ({}, False), "of files it keeps no time: absent, not zero"
        asked.close()
        found = capture_mesh(observing(sidecar=Watched(envoy_admin=url)), None, pytest.fail)
    finally:
        process.kill()
        process.wait()
    assert "mesh_control_plane" not in found
    assert [f.message for f in check_value(found, Kind.MESH) if f.severity is Severity.ERROR] == []


def test_its_use_of_resources(envoy: Callable[..., Envoy], observing: Callable[..., Configuration]) -> None:
    """CPU, memory and bytes of a proxy that answers 200 requests of 1,000 bytes."""
    running = envoy()
    with watch(observing(sidecar=Watched(envoy_admin=running.admin))) as watcher:
        watcher.begin("head")
        fetch(running.url, 200)
        time.sleep(0.5)
        seen = watcher.end()
    assert seen.warnings == ()
    usage = seen.resources["sidecar"]
    assert usage.cpu_seconds is not None
    assert 0 < usage.cpu_seconds < 2
    assert usage.memory is not None
    assert 20e6 < usage.memory < 300e6
    assert usage.bytes_transferred is not None
    assert 200_000 < usage.bytes_transferred < 400_000


def test_an_admin_port_that_closes_and_comes_back(
    envoy: Callable[..., Envoy], observing: Callable[..., Configuration]
) -> None:
    ports = (free_port(), free_port())
    first = envoy(ports=ports)
    seen = []
    with watch(observing(sidecar=Watched(envoy_admin=first.admin))) as watcher:
        for number in range(4):
            watcher.begin("head")
            time.sleep(0.3)
            if number == 1:
                first.process.kill()
                first.process.wait()
            if number == 2:
                envoy(ports=ports)
            seen.append(watcher.end())
    assert [sorted(each.resources) for each in seen] == [["sidecar"], [], [], ["sidecar"]]
    assert [len(each.warnings) for each in seen] == [0, 1, 1, 0]


def test_a_restart_within_a_round_is_noticed(
    envoy: Callable[..., Envoy], observing: Callable[..., Configuration]
) -> None:
    ports = (free_port(), free_port())
    first = envoy(ports=ports)
    time.sleep(2)
    with watch(observing(sidecar=Watched(envoy_admin=first.admin))) as watcher:
        watcher.begin("head")
        first.process.kill()
        first.process.wait()
        envoy(ports=ports)
        seen = watcher.end()
    assert seen.resources == {}
    assert len(seen.warnings) == 1


@pytest.mark.parametrize(
    "answer", [(500, b"no"), (200, b"<html>"), (200, []), (200, {"stats": 3}), (403, b""), (200, {"stats": [1]})]
)
def test_strange_answers_are_losses(answers: Any, observing: Callable[..., Configuration], answer: Any) -> None:
    answers.routes["/stats"] = answer
    with watch(observing(sidecar=Watched(envoy_admin=answers.url))) as watcher:
        watcher.begin("head")
        seen = watcher.end()
    assert seen.resources == {}
    assert len(seen.warnings) == 1


def test_an_admin_that_hangs_is_asked_once(answers: Any, observing: Callable[..., Configuration]) -> None:
    answers.routes["/stats"] = (None, b"")
    with watch(observing(sidecar=Watched(envoy_admin=answers.url))) as watcher:
        for _ in range(5):
            watcher.begin("head")
            seen = watcher.end()
    assert len(answers.asked) == 1
    assert seen.resources == {}
    assert seen.warnings == ()


def test_memory_in_both_spellings(answers: Any) -> None:
    admin = EnvoyAdmin(answers.url)
    answers.routes["/memory"] = (200, {"allocated": "1", "heap_size": "7340032", "total_physical_bytes": "9437184"})
    assert admin.memory() == 9437184
    answers.routes["/memory"] = (200, {"allocated": "1", "heap_size": "7340032"})
    assert admin.memory() == 7340032
    answers.routes["/memory"] = (200, {"allocated": "1"})
    with pytest.raises(LostError):
        admin.memory()
    admin.close()


@pytest.mark.parametrize(
    ("info", "build", "workers"),
    [
        ({"version": "9e55/1.40.0/Clean/RELEASE/BoringSSL", "command_line_options": {"concurrency": 4}}, "1.40.0", 4),
        ({"version": "odd"}, "odd", None),
        ({}, None, None),
        ({"command_line_options": None}, None, None),
    ],
)
def test_server_info(info: dict[str, Any], build: str | None, workers: int | None) -> None:
    assert build_of(info) == build
    assert concurrency_of(info) == workers
