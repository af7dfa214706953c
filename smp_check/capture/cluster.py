"""A Kubernetes cluster as far as a benchmark needs to know it, read through ``kubectl``."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smp_check.capture.quantity import quantity
from smp_check.capture.sampler import LostError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smp_check.spec.configuration import Kubernetes

SECONDS = 10.0
OnWarning = Callable[[str], None]
Ask = Callable[..., Mapping[str, Any]]
"""Runs one kubectl command that prints JSON. Raises ``LostError``."""
ISTIO_KINDS = {
    "virtual_services": "virtualservices.networking.istio.io",
    "destination_rules": "destinationrules.networking.istio.io",
    "peer_authentications": "peerauthentications.security.istio.io",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a running pod; native sidecars (init containers that go on running) are among them."""

    name: str
    image: str
    arguments: tuple[str, ...] = ()
    cores: float | None = None
    """In use just now, from the metrics API."""
    memory: float | None = None
    """Bytes in use just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One running pod."""

    name: str
    namespace: str
    owner: str
    """The workload that it belongs to: its Deployment, StatefulSet, DaemonSet, Job..., or itself."""
    marks: Mapping[str, str]
    """Labels and annotations."""
    containers: tuple[Container, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What was read."""

    version: str | None = None
    name: str | None = None
    nodes: tuple[Mapping[str, Any], ...] = ()
    """SMP node messages."""
    pods: tuple[Pod, ...] = ()
    services: int | None = None
    balancers: tuple[tuple[str, str], ...] = ()
    """Services with an external address: name, and address or host name."""
    istio: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Istio's own objects, by the keys of ``ISTIO_KINDS``; only those that could be read."""


def kubectl(kubernetes: Kubernetes) -> Ask:
    """A way to ask the cluster of that context."""

    def ask(*arguments: str) -> Mapping[str, Any]:
        path = shutil.which("kubectl")
        if path is None:
            raise LostError("kubectl is not on PATH")
        context = ["--context", kubernetes.context] if kubernetes.context else []
        command = [path, *context, f"--request-timeout={SECONDS:.0f}s", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS * 2, check=False)
        except (OSError, subprocess.SubprocessError) as fault:
            raise LostError(f"kubectl {' '.join(arguments)} failed: {fault}") from fault
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise LostError(f"kubectl {' '.join(arguments)}: {said[-1]}")
        try:
            value = json.loads(done.stdout)
        except ValueError as fault:
            raise LostError(f"kubectl {' '.join(arguments)} printed no JSON") from fault
        return value if isinstance(value, dict) else {}

    return ask


def read_cluster(ask: Ask, on_warning: OnWarning) -> Cluster:
    """Everything that can be read; what cannot be is left out, with a warning where it matters. Never raises."""

    def try_ask(*arguments: str, missed: str | None = None) -> Mapping[str, Any]:
        try:
            return ask(*arguments)
        except LostError as fault:
            if missed is not None:
                on_warning(f"{missed} cannot be captured: {fault}")
            return {}

    version = try_ask("version", "-o", "json", missed="the cluster")
    server = version.get("serverVersion")
    if not isinstance(server, Mapping):
        return Cluster()  # nobody answers: one warning is enough
    usage = _usage(try_ask("get", "--raw", "/apis/metrics.k8s.io/v1beta1/pods"))
    services = try_ask("get", "services", "-A", "-o", "json")
    nodes = try_ask("get", "nodes", "-o", "json", missed="the cluster's nodes")
    pods = try_ask("get", "pods", "-A", "-o", "json", missed="the cluster's pods")
    istio = {key: try_ask("get", kind, "-A", "-o", "json") for key, kind in ISTIO_KINDS.items()}
    view = try_ask("config", "view", "--minify", "-o", "json")
    return Cluster(
        version=str(server.get("gitVersion") or "") or None,
        name=next((str(each["name"]) for each in _items(view, "clusters") if each.get("name")), None),
        nodes=tuple(_node(each) for each in _items(nodes)),
        pods=tuple(_pods(_items(pods), usage)),
        services=len(_items(services)) if "items" in services else None,
        balancers=tuple(_balancers(_items(services))),
        istio={key: _items(answer) for key, answer in istio.items() if "items" in answer},
    )


def _items(answer: Mapping[str, Any], key: str = "items") -> list[Mapping[str, Any]]:
    items = answer.get(key)
    return [each for each in items if isinstance(each, Mapping)] if isinstance(items, list) else []


def _node(node: Mapping[str, Any]) -> dict[str, Any]:
    """Instance type (or architecture and system), cores, memory in MB."""
    labels = node.get("metadata", {}).get("labels") or {}
    status = node.get("status", {})
    capacity, info = status.get("capacity") or {}, status.get("nodeInfo") or {}
    system = f"{info.get('operatingSystem', '')} {info.get('architecture', '')}".strip()
    made: dict[str, Any] = {"type": labels.get("node.kubernetes.io/instance-type") or system}
    cores, memory = quantity(capacity.get("cpu")), quantity(capacity.get("memory"))
    if cores is not None:
        made["cores"] = int(cores)
    if memory is not None:
        made["mem_mb"] = round(memory / 1e6)
    return made


def _balancers(services: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for service in services:
        addresses = _items(service.get("status", {}).get("loadBalancer") or {}, "ingress")
        address = next((each.get("ip") or each.get("hostname") for each in addresses), None)
        if address:
            yield str(service.get("metadata", {}).get("name", "")), str(address)


Usages = Mapping[tuple[str, str, str], tuple[float | None, float | None]]


def _usage(answer: Mapping[str, Any]) -> Usages:
    """(namespace, pod, container) -> (cores, bytes), from the metrics API where the cluster serves it."""
    found = {}
    for pod in _items(answer):
        metadata = pod.get("metadata", {})
        for container in _items(pod, "containers"):
            used = container.get("usage") or {}
            place = (str(metadata.get("namespace")), str(metadata.get("name")), str(container.get("name")))
            found[place] = (quantity(used.get("cpu")), quantity(used.get("memory")))
    return found


def _pods(items: Sequence[Mapping[str, Any]], usage: Usages) -> Iterator[Pod]:
    for item in items:
        if item.get("status", {}).get("phase") != "Running":
            continue
        metadata, spec = item.get("metadata", {}), item.get("spec", {})
        place = (str(metadata.get("namespace", "")), str(metadata.get("name", "")))
        lasting = [each for each in _items(spec, "initContainers") if each.get("restartPolicy") == "Always"]
        containers = (_container(each, place, usage) for each in (*_items(spec, "containers"), *lasting))
        yield Pod(
            namespace=place[0],
            name=place[1],
            owner=_owner(metadata),
            marks={**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})},
            containers=tuple(containers),
        )


def _container(item: Mapping[str, Any], place: tuple[str, str], usage: Usages) -> Container:
    name = str(item.get("name", ""))
    cores, memory = usage.get((*place, name), (None, None))
    arguments = [*(item.get("command") or []), *(item.get("args") or [])]
    return Container(
        name=name,
        image=str(item.get("image", "")),
        arguments=tuple(str(each) for each in arguments),
        cores=cores,
        memory=memory,
    )


def _owner(metadata: Mapping[str, Any]) -> str:
    """The owner's name; a ReplicaSet's without the hash that its Deployment gave it."""
    owner = next(iter(_items(metadata, "ownerReferences")), None)
    if owner is None:
        return str(metadata.get("name", ""))
    name, template = str(owner.get("name", "")), str((metadata.get("labels") or {}).get("pod-template-hash", ""))
    return name.removesuffix(f"-{template}") if template and owner.get("kind") == "ReplicaSet" else name
