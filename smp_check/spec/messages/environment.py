"""The environment: the cluster, its nodes, the workload and how traffic reaches it."""

from smp_check.spec.messages.model import IDENTITY, VERSION, Message, count, labels, large, part, text

NODE = Message(
    name="EnvironmentConfig.Node",
    description="One node of the cluster, or the machine that everything runs on.",
    fields=(
        text("type", 1, "Machine type, for example m5.xlarge, or the CPU model."),
        count("cores", 2, "CPU cores."),
        large("mem_mb", 3, "Memory, in MB."),
    ),
)

INDIVIDUAL_WORKLOAD = Message(
    name="EnvironmentConfig.IndividualWorkload",
    description="One service of the workload, all its replicas together.",
    fields=(
        text("name", 1, "Name of the service."),
        count("count", 2, "Replicas."),
        count("cpu_mcores", 3, "CPU in use, in thousandths of a core."),
        count("mem_mb", 4, "Memory in use, in MB."),
    ),
)

TRAFFIC_METADATA = Message(
    name="TrafficMetadata",
    description="How traffic reaches the workload.",
    fields=(
        text("load_balance_name", 1, "Name of the load balancer."),
        text("load_balance_ip", 2, "Address of the load balancer."),
        text("host_endpoint", 3, "Host and port that receive the traffic."),
        text("prometheus_url", 4, "Base URL of the Prometheus server that watches the workload.", "url"),
        text("http_headers", 5, "Header fields that the traffic carries."),
        text("user_agent", 6, "User agent of the traffic."),
        text("ping_health_endpoint", 7, "Endpoint that tells whether the workload is well."),
    ),
)

ENVIRONMENT_CONFIG = Message(
    name="EnvironmentConfig",
    description="SMP's environment: where the test ran, and the workload that was under test.",
    fields=(
        VERSION,
        IDENTITY,
        labels(3),
        text("kubernetes_version", 4, "Version of Kubernetes; empty where there is none."),
        part("nodes", 5, NODE.name, "Nodes of the cluster.", repeated=True),
        part("individual_workloads", 6, INDIVIDUAL_WORKLOAD.name, "Services of the workload.", repeated=True),
        part("traffic_metadata", 7, TRAFFIC_METADATA.name, "How traffic reaches the workload."),
    ),
)

MESSAGES = (ENVIRONMENT_CONFIG, NODE, INDIVIDUAL_WORKLOAD, TRAFFIC_METADATA)
