"""The mesh bed: real Envoy sidecars with mTLS. Each variant is what it says, and what it hurts is found."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from smp_check.subject.ports import free_port, listens
from smp_check.subject.process import Start, running
from smp_check.subject.ready import Readiness

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BED = EXAMPLES / "mesh/bed.py"
VARIANTS = ("direct", "mesh", "plain", "lua", "access-log", "circuit-breaker", "hop", "fault")
SERVED = r"^http.(outbound|gateway|inbound).downstream_rq_2xx"


@pytest.fixture(autouse=True)
def _tools(real: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    real("envoy")
    real("openssl")


@contextmanager
def bed(variant: str, folder: Path) -> Iterator[int]:
    port = free_port()
    start = Start(
        command=f"exec {sys.executable} {BED} run {variant}",
        role="head",
        port=port,
        folder=folder,
        log=folder / "log",
        ready=Readiness(addresses=(("127.0.0.1", port),), seconds=30),
    )
    with running(start, pytest.fail):
        yield port


def ask(port: int, path: str = "/") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as fault:
        with fault:
            return fault.code, ""


def stats(admin: int, pattern: str) -> dict[str, int]:
    found = json.loads(ask(admin, f"/stats?format=json&filter={pattern}")[1])["stats"]
    return {each["name"]: each["value"] for each in found if "value" in each}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_answers(tmp_path: Path, variant: str) -> None:
    with bed(variant, tmp_path) as port:
        codes = [ask(port)[0] for _ in range(3)]
        if variant != "fault":
            assert len(ask(port, "/all")[1]) > 30_000 > 10 * len(ask(port)[1]) > 0
        assert set(codes) <= {200, 503}
        assert 200 in codes
        proxies = {"direct": 0, "hop": 3}.get(variant, 2)
        admins = [port + 5 + place for place in range(3) if listens("127.0.0.1", port + 5 + place)]
        assert len(admins) == proxies
        served = [sum(stats(admin, SERVED).values()) for admin in admins]
        assert all(count >= codes.count(200) for count in served)
        if variant not in {"direct", "plain"}:
            assert sum(stats(admins[-1], "ssl.handshake").values()) >= 1
    assert not any(listens("127.0.0.1", port + place) for place in range(8))


def test_the_inbound_sidecar_wants_a_certificate(tmp_path: Path) -> None:
    """Mutual TLS: who has no certificate of the mesh is refused by the inbound sidecar."""

    def call(port: int) -> bytes:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw) as wrapped:
            wrapped.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return wrapped.recv(1)

    with bed("mesh", tmp_path) as port:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            call(port + 1)
        assert sum(stats(port + 6, "fail_verify_no_cert").values()) == 1


def test_one_command_up_and_one_down() -> None:
    port = free_port()
    command = [sys.executable, str(BED)]
    up = subprocess.run([*command, "up", "mesh", "--port", str(port)], capture_output=True, text=True)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        assert f"http://127.0.0.1:{port}/" in up.stdout
        assert ask(port)[0] == 200
    finally:
        subprocess.run([*command, "down"], check=True)
    assert not listens("127.0.0.1", port)
    listed = subprocess.run([*command, "list"], capture_output=True, text=True).stdout
    assert all(variant in listed for variant in VARIANTS)


def shortened(tool: Any, name: str, **gates: Any) -> Path:
    """An example with rounds as short as a test allows, judging what the test is about."""
    text = (EXAMPLES / "mesh" / name).read_text(encoding="utf-8")
    configuration = yaml.safe_load(text.replace("python examples/mesh/bed.py", f"{sys.executable} {BED}"))
    configuration["test"]["duration"] = "4s"
    configuration["test"]["clients"][0]["rps"] = 400  # what a busy machine still manages
    unjudged = dict.fromkeys(("p50", "p90", "p99", "qps", "cpu_per_request"))
    configuration["check"] |= {"round": "250ms", "warmup": "200ms", "gates": unjudged | gates}
    path: Path = tool.write(name.replace(".yaml", ".json"), configuration)
    return path


def verdicts(tool: Any) -> dict[str, str]:
    comparison = json.loads((tool.folder / ".smp-check/last/comparison.json").read_text())
    return {m["metric"]: m["verdict"] for m in comparison["metrics"] if m["gating"]}


@pytest.mark.parametrize(
    ("variant", "gates", "hurt"),
    [
        ("hop", {"sidecar_cpu_per_krps": {"tolerance": "15%"}}, {"sidecar_cpu_per_krps"}),
        ("circuit-breaker", {}, {"error_rate"}),
        ("fault", {"mean": {"tolerance": "50%"}}, {"mean"}),
    ],
)
def test_what_a_variant_hurts_is_called(tool: Any, variant: str, gates: dict[str, Any], hurt: set[str]) -> None:
    config = shortened(tool, "variants.yaml", **gates)
    finished = tool("ab", config, "--head-start", f"exec {sys.executable} {BED} run {variant}", "--launches", "1")
    assert finished.code == 1, finished.out + finished.err
    called = {name for name, verdict in verdicts(tool).items() if verdict == "regressed"}
    assert hurt <= called, finished.out
    run = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
    assert all(r["resources"]["sidecar"]["cpu_seconds"] > 0 for r in run["details"]["rounds"])


def test_the_same_mesh_twice_is_not_called_regressed(tool: Any) -> None:
    config = shortened(tool, "variants.yaml", sidecar_cpu_per_krps={"tolerance": "15%"}, p50={"tolerance": "25%"})
    finished = tool("ab", config, "--base-start", f"exec {sys.executable} {BED} run mesh", "--launches", "1")
    assert finished.code in {0, 3}, finished.out + finished.err
    assert "regressed" not in verdicts(tool).values(), finished.out


def test_the_overhead_agrees_between_generators(tool: Any, real: Any, tmp_path: Path) -> None:
    """What the two sidecars add to the median, by the embedded generator and by Fortio, at two URLs of one bed."""
    real("fortio")
    config = shortened(tool, "overhead.yaml", p50={"tolerance": "10%", "report_only": True})
    added = []
    with bed("mesh", tmp_path) as port:
        text = config.read_text(encoding="utf-8")
        for place in range(8):
            text = text.replace(f"${{SMP_CHECK_PORT{f'+{place}' if place else ''}}}", str(port + place))
        configuration = json.loads(text)
        del configuration["check"]["setup"]
        for generator in ("embedded", "fortio"):
            base = f"http://127.0.0.1:{port + 4}/"
            path = tool.write("urls.json", configuration)
            finished = tool("ab", path, "--base-url", base, "--load-generator", generator)
            assert finished.code in {0, 3}, finished.out + finished.err
            comparison = json.loads((tool.folder / ".smp-check/last/comparison.json").read_text())
            p50 = next(m for m in comparison["metrics"] if m["metric"] == "p50")
            assert p50["change"] > 0.5, "two sidecars cost something"
            added.append([p50["base"] * end for end in p50["interval"]])
            run = json.loads((tool.folder / ".smp-check/last/run.json").read_text())
            assert run["mesh"]["mtls_enabled"] is True
            assert run["mesh"]["sidecar"]["count"] == 2
    (low, high), (other_low, other_high) = added
    assert max(low, other_low) <= min(high, other_high), added
