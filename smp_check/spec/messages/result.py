"""The result: when the test ran, its latencies and its rate."""

from smp_check.spec.messages.model import IDENTITY, VERSION, Field, Message, Type, count, labels, part, real, text

LATENCY = Message(
    name="PerformanceTestResult.Latency",
    description="Latencies in MILLISECONDS (0.055 s is 55).",
    fields=(
        real("min", 1, "Smallest latency, in milliseconds."),
        real("average", 2, "Mean latency, in milliseconds."),
        real("p50", 3, "Median latency, in milliseconds."),
        real("p90", 4, "Latency that 90 % of the requests stay within, in milliseconds."),
        real("p99", 5, "Latency that 99 % of the requests stay within, in milliseconds."),
        real("max", 6, "Largest latency, in milliseconds."),
    ),
)

CPU = Message(
    name="PerformanceTestResult.CPU",
    description="CPU use. Declared by the format, but no field of it holds this message.",
    fields=(
        count("cpu_mcores", 1, "CPU in use, in thousandths of a core."),
        real("user", 2, "Share of time in user mode, in percent."),
        real("nice", 3, "Share of time in user mode at low priority, in percent."),
        real("system", 4, "Share of time in the kernel, in percent."),
        real("idle", 5, "Share of time idle, in percent."),
        real("iowait", 6, "Share of time waiting for input or output, in percent."),
        real("hardware_interrupt", 7, "Share of time in hardware interrupts, in percent."),
        real("software_interrupt", 8, "Share of time in software interrupts, in percent."),
        real("steal", 9, "Share of time taken by the host of a virtual machine, in percent."),
    ),
)

MEMORY = Message(
    name="PerformanceTestResult.Memory",
    description="Memory use. Declared by the format, but no field of it holds this message.",
    fields=(
        real("mem_total_mb", 1, "Memory there is, in MB."),
        real("mem_free_mb", 2, "Memory free, in MB."),
        real("mem_used_mb", 3, "Memory in use, in MB."),
    ),
)

SWAP = Message(
    name="PerformanceTestResult.Swap",
    description="Swap use. Declared by the format, but no field of it holds this message.",
    fields=(
        real("swap_total_mb", 1, "Swap space there is, in MB."),
        real("swap_free_mb", 2, "Swap space free, in MB."),
        real("swap_used_mb", 3, "Swap space in use, in MB."),
    ),
)

PERFORMANCE_TEST_RESULT = Message(
    name="PerformanceTestResult",
    description="SMP's result of one performance test.",
    fields=(
        VERSION,
        IDENTITY,
        labels(3),
        Field(
            name="start_time",
            number=4,
            type=Type.TIMESTAMP,
            description="When the load began: RFC 3339, UTC, for example 2026-01-31T12:00:00Z.",
        ),
        Field(
            name="end_time",
            number=5,
            type=Type.TIMESTAMP,
            description="When the load ended: RFC 3339, UTC, for example 2026-01-31T12:00:30Z.",
        ),
        part("latencies_ms", 6, LATENCY.name, "Latencies of all requests, in MILLISECONDS (0.055 s is 55)."),
        real("actual_qps", 7, "Requests per second that were really made."),
        text("details_uri", 8, "Where more about this result is kept."),
        text("test_id", 9, "id of the test configuration that this is the result of."),
        text("mesh_config_id", 10, "id of the mesh configuration that was in place."),
        text("env_id", 11, "id of the environment that it ran in."),
    ),
)

MESSAGES = (PERFORMANCE_TEST_RESULT, LATENCY, CPU, MEMORY, SWAP)
