"""``ssl_certificate`` of an SMP client: PEM text or a path -> the path of a PEM file."""

from __future__ import annotations

import atexit
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from smp_check.errors import InputError


def ca_file(certificate: str, source: str) -> str | None:
    """The file of the authority to trust, or ``None``. A relative path counts from here, else from the configuration.

    Raises ``InputError`` when there is no such file.
    """
    if not certificate.strip():
        return None
    if "-----BEGIN" in certificate:
        return _temporary(certificate)
    candidates = (Path(certificate), Path(source).parent / certificate)
    for candidate in candidates:
        if candidate.is_file():
            return str(candidate.resolve())
    raise InputError(
        f"ssl_certificate: there is no file {certificate}", hint="give the path of a PEM file, or the PEM text itself"
    )


@lru_cache(maxsize=16)
def _temporary(pem: str) -> str:
    descriptor, name = tempfile.mkstemp(prefix="smp-check-ca-", suffix=".pem")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(pem)
    atexit.register(lambda: Path(name).unlink(missing_ok=True))
    return name
