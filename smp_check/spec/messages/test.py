"""The test configuration: who sends which load where, and for how long."""

from smp_check.spec.messages.model import (
    IDENTITY,
    VERSION,
    Enumeration,
    Field,
    Message,
    Type,
    choice,
    count,
    flag,
    labels,
    large,
    part,
    text,
)

PROTOCOL = Enumeration(
    name="PerformanceTestConfig.Client.Protocol",
    values=("PROTOCOL_INVALID", "PROTOCOL_HTTP", "PROTOCOL_TCP", "PROTOCOL_UDP", "PROTOCOL_GRPC"),
)

CLIENT = Message(
    name="PerformanceTestConfig.Client",
    description="One load generator: what it sends, how fast, over how many connections, to which endpoints.",
    fields=(
        flag("internal", 1, "Whether the load generator runs inside the cluster under test."),
        text("load_generator", 2, "Which load generator sends: embedded (the default), fortio, wrk2, nighthawk..."),
        choice("protocol", 3, PROTOCOL.name, "Protocol of the requests."),
        count("connections", 4, "Connections held open at the same time."),
        large("rps", 5, "Requests per second, over all connections together; 0 is as fast as possible."),
        labels(6, "headers", "HTTP header fields to send, name to value."),
        labels(7, "cookies", "Cookies to send, name to value."),
        text("body", 8, "Body of each request."),
        text("content_type", 9, "Content type of the body, for example application/json."),
        Field(
            name="endpoint_urls",
            number=10,
            type=Type.STRING,
            repeated=True,
            format="url",
            description="URLs that receive the load; each gets its share.",
        ),
        text("ssl_certificate", 11, "PEM certificate of the authority to trust, or the path of a PEM file."),
        text("additional_options", 12, "Further options for the load generator, as its command line spells them."),
    ),
)

PERFORMANCE_TEST_CONFIG = Message(
    name="PerformanceTestConfig",
    description="SMP's test configuration: the load of one performance test.",
    fields=(
        VERSION,
        IDENTITY,
        text("name", 3, "Name of the test; baselines are kept under it."),
        labels(4),
        part("clients", 5, CLIENT.name, "The load generators of the test, all at work at once.", repeated=True),
        text("duration", 6, "How long the load lasts, as a Go duration: 30s, 1m30s, 500ms.", "go-duration"),
    ),
)

MESSAGES = (PERFORMANCE_TEST_CONFIG, CLIENT)
