"""Kubernetes' way of writing numbers: ``250m``, ``1Gi``, ``12345678n``.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]?|[KMGTPE]i)")
_DECIMAL = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY = {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", start=1)}


def quantity(text: object) -> float | None:
    """The number, or ``None`` when it is none."""
    match = _QUANTITY.fullmatch(str(text).strip())
    if match is None:
        return None
    return float(match[1]) * {**_DECIMAL, **_BINARY}[match[2]]
