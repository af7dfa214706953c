"""Which mesh a cluster has, and which pods and containers are its proxies, gateways and control plane: pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smp_check.capture.signatures import SIGNATURES, Signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.capture.cluster import Container, Pod


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """One mesh's containers."""

    signature: Signature
    sidecars: tuple[Container, ...] = ()
    gateways: tuple[Container, ...] = ()
    """Those through which traffic enters."""
    egress: tuple[Container, ...] = ()
    """Those through which it leaves."""
    control_plane: tuple[Pod, ...] = ()

    @property
    def mesh_build(self) -> str | None:
        """The control plane's version: the tag of its own image."""
        own = (
            container.image
            for pod in self.control_plane
            for container in pod.containers
            if self.signature.control_image.search(_repository(container.image))
        )
        return next((tag for tag in map(tag_of, own) if tag), None)

    @property
    def proxy_build(self) -> str | None:
        """The proxies' version."""
        return next((tag for tag in (tag_of(each.image) for each in (*self.sidecars, *self.gateways)) if tag), None)

    @property
    def concurrency(self) -> int | None:
        """Worker threads of the proxies, where their command line says so and they agree."""
        told = {number for each in self.sidecars if (number := _concurrency(each)) is not None}
        return told.pop() if len(told) == 1 else None


def detect(pods: Sequence[Pod], declared: str = "") -> Detected | None:
    """The mesh that the user declared, if it is there; else the first that is, those with proxies first."""
    found = [each for each in (_look_for(signature, pods) for signature in SIGNATURES) if each is not None]
    mine = [each for each in found if each.signature.mesh == declared]
    meshed = [each for each in found if each.sidecars or each.gateways]
    return next(iter([*mine, *meshed, *found]), None)


def _look_for(signature: Signature, pods: Sequence[Pod]) -> Detected | None:
    control = tuple(pod for pod in pods if _is_control_plane(signature, pod))
    sidecars, gateways, egress = [], [], []
    for pod in pods:
        proxies = [each for each in pod.containers if _is_proxy(signature, pod, each)]
        if _marked(pod, signature.gateway):
            gateways += proxies
        elif _marked(pod, signature.egress):
            egress += proxies
        elif pod not in control:
            sidecars += proxies
    has_proxies = bool(sidecars or gateways)
    if not control and not has_proxies:
        return None
    if signature.mesh == "CILIUM_SERVICE_MESH" and not has_proxies:
        return None  # the network plug-in alone is no mesh
    return Detected(
        signature=signature,
        sidecars=tuple(sidecars),
        gateways=tuple(gateways),
        egress=tuple(egress),
        control_plane=control,
    )


def _is_control_plane(signature: Signature, pod: Pod) -> bool:
    """By its labels, or by an image of its own, wherever that was mirrored to."""
    own = any(signature.control_image.search(_repository(each.image)) for each in pod.containers)
    return own or _marked(pod, signature.control_plane)


def _is_proxy(signature: Signature, pod: Pod, container: Container) -> bool:
    if not signature.sidecar.fullmatch(container.name):
        return False
    if signature.needs is not None and not signature.needs.search(_repository(container.image)):
        return False
    return signature.needs_label is None or _marked(pod, (signature.needs_label,))


def _marked(pod: Pod, selectors: Sequence[str]) -> bool:
    return any(all(_carries(pod, term) for term in selector.split(",")) for selector in selectors)


def _carries(pod: Pod, term: str) -> bool:
    key, equals, value = term.partition("=")
    return pod.marks.get(key) == value if equals else key in pod.marks


def _repository(image: str) -> str:
    """``registry:5000/istio/proxyv2:1.22@sha256:...`` -> ``registry:5000/istio/proxyv2``."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def tag_of(image: str) -> str | None:
    """The version in an image's tag, without a leading ``v``; ``None`` for ``latest`` and for digests alone."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    version = re.sub(r"^v(?=\d)", "", tag)
    return version if any(letter.isdigit() for letter in version) else None


def _concurrency(container: Container) -> int | None:
    """Envoy's ``--concurrency N``, or a launcher's like ``-envoy-concurrency=N``."""
    text = " ".join(container.arguments)
    match = re.search(r"-concurrency[ =](\d+)", text)
    return int(match[1]) if match and int(match[1]) > 0 else None
