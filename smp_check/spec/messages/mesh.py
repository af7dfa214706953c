"""The mesh configuration: which mesh, how it is set up, and what its components use."""

from smp_check.spec.messages.model import (
    IDENTITY,
    VERSION,
    Enumeration,
    Field,
    Message,
    choice,
    count,
    flag,
    labels,
    part,
    text,
)

MESH_TYPE = Enumeration(
    name="ServiceMesh.Type",
    values=(
        "INVALID_MESH",
        "APP_MESH",
        "CONSUL",
        "ISTIO",
        "KUMA",
        "LINKERD",
        "TRAEFIK_MESH",
        "OCTARINE",
        "NETWORK_SERVICE_MESH",
        "TANZU",
        "OPEN_SERVICE_MESH",
        "NGINX_SERVICE_MESH",
        "CILIUM_SERVICE_MESH",
    ),
)
APPLICATION_PROTOCOL = Enumeration(
    name="ApplicationMetadata.ApplicationProtocol", values=("PROTOCOL_INVALID", "PROTOCOL_HTTP", "PROTOCOL_HTTPS")
)

SERVICE_MESH = Message(
    name="ServiceMesh",
    description="Which service mesh, and which version of it.",
    fields=(
        choice("type", 1, MESH_TYPE.name, "The mesh."),
        text("version", 2, "Version of the mesh."),
        labels(3),
        labels(4, "annotations", "Free annotations."),
    ),
)


def _component(name: str, description: str, *more: Field) -> Message:
    """A component of the mesh: instances, CPU, memory and load, all instances together."""
    shared = (
        count("count", 1, "Instances."),
        count("cpu_mcores", 2, "CPU in use by all instances, in thousandths of a core."),
        count("mem_mb", 3, "Memory in use by all instances, in MB."),
    )
    return Message(name=f"ServiceMeshConfig.{name}", description=description, fields=(*shared, *more))


RPS = count("rps", 4, "Requests per second through all instances.")
BPS = count("bps", 5, "Bytes per second through all instances.")

INGRESS_GATEWAY = _component("IngressGateway", "The proxies through which traffic enters the mesh.", RPS, BPS)
EGRESS_GATEWAY = _component("EgressGateway", "The proxies through which traffic leaves the mesh.", RPS, BPS)
SIDECAR = _component("Sidecar", "All sidecar proxies together, ingress and egress gateways left out.", RPS, BPS)
MESH_TELEMETRY = _component("MeshTelemetry", "The telemetry component of the mesh.", RPS)
MESH_POLICY = _component(
    "MeshPolicy",
    "The policy component of the mesh.",
    RPS,
    count("cache_hit_rate", 5, "Share of checks answered from the cache, in percent."),
)
MESH_CONTROL_PLANE = _component(
    "MeshControlPlane",
    "The control plane of the mesh, and how much it has to look after.",
    count("endpoints", 4, "Endpoints."),
    count("services", 5, "Services."),
    count("sidecars", 6, "Sidecar proxies."),
    count("virtual_services", 7, "Virtual services."),
    count("destination_rules", 8, "Destination rules."),
    count("lds_latency_ms", 9, "Milliseconds until a listener change has reached 90 % of the proxies."),
    count("cds_latency_ms", 10, "Milliseconds until a cluster change has reached 90 % of the proxies."),
)

APPLICATION_METADATA = Message(
    name="ApplicationMetadata",
    description="The application that runs on the mesh.",
    fields=(
        text("application_name", 1, "Name of the application."),
        text("application_version", 2, "Version of the application."),
        text("helmchart_name", 3, "Helm chart that installed it."),
        text("helmchart_version", 4, "Version of the Helm chart."),
        text("cnabspec_version", 5, "Version of the CNAB specification of its bundle."),
        text("compose_version", 6, "Version of its compose file."),
        text("cluster_name", 7, "Cluster that it runs on."),
        text("k8s_version_supported", 8, "Kubernetes versions that it supports."),
        choice("application_protocol", 9, APPLICATION_PROTOCOL.name, "Protocol that it speaks."),
    ),
)

SERVICE_MESH_CONFIG = Message(
    name="ServiceMeshConfig",
    description="SMP's mesh configuration: which mesh, how it is set up, and what its components use.",
    fields=(
        VERSION,
        IDENTITY,
        labels(3),
        part("ingress_gateway", 4, INGRESS_GATEWAY.name, "The ingress gateways."),
        part("sidecar", 5, SIDECAR.name, "The sidecar proxies."),
        part("mesh_telemetry", 6, MESH_TELEMETRY.name, "The telemetry component."),
        part("mesh_policy", 7, MESH_POLICY.name, "The policy component."),
        part("mesh_control_plane", 8, MESH_CONTROL_PLANE.name, "The control plane."),
        flag("mesh_policy_enabled", 9, "Whether policy checks are on."),
        flag("mesh_telemetry_enabled", 10, "Whether telemetry is on."),
        flag("mtls_enabled", 11, "Whether mutual TLS is on between the proxies."),
        count("proxy_concurrency", 12, "Worker threads of each proxy."),
        text("mesh_build", 13, "Build of the mesh."),
        text("proxy_build", 14, "Build of the proxy."),
        text("exp_group_uuid", 15, "UUID of the group of experiments."),
        text("exp_uuid", 16, "UUID of the experiment."),
        text("profile", 17, "Installation profile of the mesh."),
        part("mesh_type", 18, SERVICE_MESH.name, "Which mesh this is."),
        part("application_metadata", 19, APPLICATION_METADATA.name, "The application that runs on the mesh."),
    ),
)

MESSAGES = (
    SERVICE_MESH_CONFIG,
    SERVICE_MESH,
    INGRESS_GATEWAY,
    EGRESS_GATEWAY,
    SIDECAR,
    MESH_TELEMETRY,
    MESH_POLICY,
    MESH_CONTROL_PLANE,
    APPLICATION_METADATA,
)
