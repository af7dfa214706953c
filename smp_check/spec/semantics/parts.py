"""Checks of the mesh and the environment, and of what every part has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from smp_check.spec.placeholders import any_port
from smp_check.spec.rules import breach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from smp_check.spec.findings import Finding

SMP_VERSION = "v0.0.1"
LONGEST_URL = 8192
"""Servers take no longer request line by default."""


def check_version(part: Mapping[str, Any], at: str = "") -> Iterable[Finding]:
    """The version of the format."""
    version = part.get("smp_version")
    if not version or version == SMP_VERSION:
        return ()
    return (breach("SMP213", f"{at}/smp_version", f"{version[:40]!r} is no version of SMP", f"write {SMP_VERSION}"),)


def check_mesh(mesh: Mapping[str, Any], at: str = "") -> Iterator[Finding]:
    """A ``ServiceMeshConfig``."""
    yield from check_version(mesh, at)
    yield from check_service_mesh(mesh.get("mesh_type", {}), f"{at}/mesh_type")
    protocol = mesh.get("application_metadata", {}).get("application_protocol")
    if protocol == "PROTOCOL_INVALID":
        where = f"{at}/application_metadata/application_protocol"
        yield breach("SMP201", where, "PROTOCOL_INVALID says nothing", "choose a protocol, or leave it out")


def check_service_mesh(mesh: Mapping[str, Any], at: str = "") -> Iterator[Finding]:
    """A ``ServiceMesh``."""
    if mesh.get("type") == "INVALID_MESH":
        yield breach("SMP201", f"{at}/type", "INVALID_MESH says nothing", "name the mesh, or leave it out")


def check_environment(environment: Mapping[str, Any], at: str = "") -> Iterator[Finding]:
    """An ``EnvironmentConfig``."""
    yield from check_version(environment, at)
    url = environment.get("traffic_metadata", {}).get("prometheus_url")
    if url:
        yield from check_http_url(url, f"{at}/traffic_metadata/prometheus_url")


def check_http_url(url: str, at: str) -> Iterator[Finding]:
    """A URL that is asked over HTTP."""
    fault = url_fault(url, ("http", "https"))
    if fault:
        yield breach("SMP202", at, fault, "write http://host:port/")


def url_fault(url: str, schemes: tuple[str, ...]) -> str | None:
    """What is wrong with a URL that must have one of these schemes, or ``None``."""
    shown = repr(url if len(url) <= 60 else url[:57] + "...")
    if len(url) > LONGEST_URL:
        return f"{shown} is longer than {LONGEST_URL:,} characters"
    if any(character.isspace() or ord(character) < 32 for character in url):
        return f"{shown} has blanks in it"
    try:
        parts = urlsplit(any_port(url))
        host, _ = parts.hostname, parts.port
    except ValueError as fault:
        return f"{shown} is no URL: {fault}"
    if "://" not in url:
        return f"{shown} has no scheme such as {schemes[0]}://"
    if parts.scheme not in schemes:
        return f"{shown}: the scheme {parts.scheme} is none of {', '.join(schemes)}"
    return None if host else f"{shown} names no host"
