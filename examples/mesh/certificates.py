"""The mesh's own authority and a certificate for each sidecar, as a control plane would issue them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

DAYS = "2"
TRUST_DOMAIN = "mesh.example"


def issue(folder: Path, workloads: tuple[str, ...]) -> None:
    """Write ca.pem and, for each workload, NAME.pem and NAME.key (P-256, SPIFFE identity)."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", f"/O={TRUST_DOMAIN}"]
    _openssl(folder, "req", "-x509", *key, *subject, "-days", DAYS, "-keyout", "ca.key", "-out", "ca.pem")
    for name in workloads:
        (folder / f"{name}.ext").write_text(f"subjectAltName=URI:{identity(name)}\n", encoding="utf-8")
        _openssl(folder, "req", *key, *subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", DAYS, "-extfile", f"{name}.ext"]
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.pem")


def identity(name: str) -> str:
    """The SPIFFE name of a workload."""
    return f"spiffe://{TRUST_DOMAIN}/{name}"


def _openssl(folder: Path, *arguments: str) -> None:
    binary = shutil.which("openssl")
    if binary is None:
        raise SystemExit("openssl is missing: install it (apt-get install openssl, brew install openssl)")
    finished = subprocess.run([binary, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"openssl {arguments[0]}: {finished.stderr.strip()}")
