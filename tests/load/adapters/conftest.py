"""A real nginx whose log is the judge of what a generator says, and one round of a real generator."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smp_check.load.port import Load, Sample
from smp_check.load.registry import generator_for
from tests.conftest import free_port, require

BODY = """
  access_log {log};
  listen 127.0.0.1:{tls_port} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  location /bad {{ return 503 "no\\n"; }}
  location /wanted {{
    if ($http_x_test != "a b") {{ return 421; }}
    if ($request_method != POST) {{ return 405; }}
    if ($content_length != 9) {{ return 411; }}
    if ($content_type != "application/json") {{ return 415; }}
    return 200 "yes\\n";
  }}
  location / {{ return 200 "hello\\n"; }}
"""
OPTIONAL = {"oha"}
"""Takes long to build, so it is no part of `make tools`: tested where it is."""


@dataclass(frozen=True)
class Judge:
    """An nginx and its access log."""

    url: str
    tls_url: str
    ca: str
    log: Path

    def seen(self) -> Counter[str]:
        """Requests by path since this was asked last."""
        time.sleep(0.1)
        paths = [line.split('"')[1].split()[1] for line in self.log.read_text().splitlines()]
        with self.log.open("r+") as file:
            file.truncate(0)
        return Counter(paths)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = [require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "2", *files, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-addext", "basicConstraints=critical,CA:FALSE"], check=True, capture_output=True)
    return folder


@pytest.fixture
def judge(nginx: Any, tmp_path: Path, certificate: Path) -> Judge:
    log, port = tmp_path / "access.log", free_port()
    service = nginx(body=BODY.format(log=log, folder=certificate, tls_port=port))
    return Judge(url=service.url, tls_url=f"https://127.0.0.1:{port}/", ca=str(certificate / "cert.pem"), log=log)


@pytest.fixture
def generator(real: Callable[[str], str]) -> Callable[[str], Any]:
    """A generator whose program is here."""

    def get(name: str) -> Any:
        if name in OPTIONAL and shutil.which(name) is None:
            real("fortio")  # puts .tools/bin on PATH
            if shutil.which(name) is None:
                pytest.skip(f"{name} is missing: cargo install {name} --root .tools/cargo")
        real(name)
        return generator_for(name)

    return get


@pytest.fixture
def measured(generator: Callable[[str], Any]) -> Callable[..., Sample]:
    """One round of a real generator."""

    def measure(name: str, load: Load, seconds: float = 1.0) -> Sample:
        made = generator(name)
        assert made.objection(load) is None
        with made.session(load) as session:
            sample: Sample = session.measure(seconds, lambda tick: None)
            return sample

    return measure
