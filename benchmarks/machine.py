"""The machine that the numbers were measured on, for the head of every section."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone

from smp_check.capture.machine import machine_fingerprint


def description() -> str:
    """One line: date, processor, cores, memory, system, interpreter, and how busy it was."""
    import psutil

    machine = machine_fingerprint(os.environ)
    memory = psutil.virtual_memory().total / 1e9
    load = ", ".join(f"{each:.1f}" for each in psutil.getloadavg())
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC; {machine.get('cpu', platform.processor())}, "
        f"{psutil.cpu_count()} cores, {memory:.0f} GB; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}; load average {load}"
    )
