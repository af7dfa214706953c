"""What kind of machine this is: the fields that must agree before two runs may be compared."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CPUINFO = Path("/proc/cpuinfo")
CGROUP_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def machine_fingerprint(environ: Mapping[str, str]) -> dict[str, str]:
    """CPU model, cores, architecture, operating system and runner, as far as they can be known.

    Kernel patch levels and exact memory sizes stay out: they change weekly on hosted runners and would cut
    every series short.
    """
    found = {
        "cpu": cpu_model(),
        "cores": usable_cores(),
        "architecture": platform.machine() or "unknown",
        "os": operating_system(environ),
        "runner": runner(environ),
    }
    return {name: value for name, value in found.items() if value}


def cpu_model() -> str:
    """The processor's marketing name, spaces tidied; the architecture where none is to be had."""
    name = _cpuinfo_model() or _sysctl_model() or platform.processor() or platform.machine()
    return re.sub(r"\s+", " ", name).strip()


def _cpuinfo_model() -> str:
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for field in ("model name", "Model", "Hardware", "cpu model"):
        match = re.search(rf"^{field}\s*:\s*(.+)$", text, re.MULTILINE)
        if match:
            return match[1]
    return _arm_part(text)


def _arm_part(text: str) -> str:
    """Arm kernels print numbers for names: implementer and part."""
    implementer = re.search(r"^CPU implementer\s*:\s*(\S+)", text, re.MULTILINE)
    part = re.search(r"^CPU part\s*:\s*(\S+)", text, re.MULTILINE)
    return f"implementer {implementer[1]} part {part[1]}" if implementer and part else ""


def _sysctl_model() -> str:
    if platform.system() != "Darwin":
        return ""
    import subprocess

    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def usable_cores() -> str:
    """Cores this process may use: its affinity, or less where the container has a CPU quota."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = float(len(affinity(0)) if affinity is not None else os.cpu_count() or 1)
    quota = _cgroup_quota()
    if quota is not None:
        cores = min(cores, quota)
    return f"{cores:g}"


def _cgroup_quota() -> float | None:
    """Cores allowed by cgroup v2 ``cpu.max`` ("<quota> <period>" in microseconds, or "max <period>")."""
    try:
        quota, period = CGROUP_CPU_MAX.read_text(encoding="ascii").split()
        return round(int(quota) / int(period), 2)
    except (OSError, ValueError):
        return None


def operating_system(environ: Mapping[str, str]) -> str:
    """Hosted runners by their image (``ubuntu24``), others by distribution and version."""
    if environ.get("ImageOS"):
        return environ["ImageOS"]
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return " ".join(part for part in (platform.system(), platform.release().split("-")[0]) if part)
    return " ".join(part for part in (release.get("ID", "linux"), release.get("VERSION_ID", "")) if part)


def runner(environ: Mapping[str, str]) -> str:
    """``github-hosted``, ``self-hosted``, another CI, or ``local``."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return environ.get("RUNNER_ENVIRONMENT") or "github-actions"
    for variable, name in (("GITLAB_CI", "gitlab"), ("JENKINS_URL", "jenkins"), ("CIRCLECI", "circleci")):
        if environ.get(variable):
            return name
    return "ci" if environ.get("CI") else "local"
