"""From a load to bytes: URLs, weights, options and HTTP/1.1 messages."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp_check.errors import InputError
from smp_check.load.embedded.generator import EmbeddedGenerator
from smp_check.load.embedded.request import Origin, Target, divide, encode_http1, rotation, targets_of
from smp_check.load.embedded.settings import settings_of
from smp_check.load.port import Load
from smp_check.spec.configuration import Protocol


def load(*urls: str, **more: object) -> Load:
    return Load(client="c", urls=urls or ("http://h/",), **more)  # type: ignore[arg-type]


def target(url: str, protocol: Protocol = Protocol.HTTP) -> Target:
    planned = load(url, protocol=protocol)
    return targets_of(planned, settings_of(planned))[0]


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "path"),
    [
        ("http://example.test", "example.test", 80, "example.test", "/"),
        ("https://example.test/a?b=c#d", "example.test", 443, "example.test", "/a?b=c"),
        ("http://[::1]:8080/x", "::1", 8080, "[::1]:8080", "/x"),
        ("http://h:81/a b/ü", "h", 81, "h:81", "/a%20b/%C3%BC"),
        ("http://h/a%20b", "h", 80, "h", "/a%20b"),
        ("h:8080/x", "h", 8080, "h:8080", "/x"),
    ],
)
def test_urls(url: str, host: str, port: int, authority: str, path: str) -> None:
    found = target(url)
    assert (found.origin.host, found.origin.port, found.authority, found.path) == (host, port, authority, path)
    assert found.origin.secure == url.startswith("https")


@pytest.mark.parametrize(
    "url", ["ftp://h/", "http://", "http:///path", "http://h:99999/", "http://h:port/", "udp://h:1"]
)
def test_urls_that_cannot_be_driven(url: str) -> None:
    with pytest.raises(InputError, match=r"URL|host|cannot be reached"):
        target(url)


def test_tcp_needs_a_port() -> None:
    with pytest.raises(InputError, match="port"):
        target("tcp://h", Protocol.TCP)
    assert target("h:7", Protocol.TCP).origin == Origin(host="h", port=7, secure=False)
    assert target("udp://h:7", Protocol.UDP).origin.port == 7
    assert target("grpcs://h", Protocol.GRPC).origin == Origin(host="h", port=443, secure=True)


def test_a_request() -> None:
    made = encode_http1(target("http://h/p?q"), "GET", {"X-A": "1", "Cookie": "a=b"}, b"")
    assert made == b"GET /p?q HTTP/1.1\r\nHost: h\r\nUser-Agent: smp-check\r\nX-A: 1\r\nCookie: a=b\r\n\r\n"


def test_a_request_with_a_body() -> None:
    made = encode_http1(target("http://h/"), "POST", {"host": "other", "user-agent": "me"}, b"xyz")
    assert made == b"POST / HTTP/1.1\r\nhost: other\r\nuser-agent: me\r\nContent-Length: 3\r\n\r\nxyz"
    assert b"Content-Length: 0\r\n" in encode_http1(target("http://h/"), "PUT", {}, b"")
    assert b"Content-Length" not in encode_http1(target("http://h/"), "DELETE", {}, b"")


@pytest.mark.parametrize("headers", [{"a b": "c"}, {"": "c"}, {"a": "b\r\nc: d"}, {"a:": "b"}, {"ä": "b"}])
def test_headers_cannot_smuggle(headers: dict[str, str]) -> None:
    with pytest.raises(InputError):
        encode_http1(target("http://h/"), "GET", headers, b"")


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_turns_follow_weights_and_are_spread(weights: list[int]) -> None:
    origin = Origin(host="h", port=1, secure=False)
    targets = [Target(origin=origin, authority="h", path=f"/{i}", weight=w) for i, w in enumerate(weights)]
    order = rotation(targets)
    assert Counter(each.path for each in order) == {f"/{i}": w for i, w in enumerate(weights)}
    if len(weights) > 1 and len(set(weights)) == 1:
        assert len({each.path for each in order[: len(weights)]}) == len(weights)


@given(st.integers(1, 200), st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_connections_are_divided_to_the_last(total: int, weights: list[int]) -> None:
    shares = divide(total, weights)
    assert sum(shares) == max(total, len(weights))
    assert min(shares) >= 1
    for one, its in zip(weights, shares, strict=True):
        for other, theirs in zip(weights, shares, strict=True):
            assert one < other or its >= theirs - 1


def test_options() -> None:
    options = "--method put --timeout=250ms --insecure --weights 4,2 --ok-status 200-299,404 --http 2 --streams 8"
    settings = settings_of(load("http://h/a", "http://h/b", options=tuple(options.split())))
    assert (settings.method, settings.timeout, settings.insecure) == ("PUT", 0.25, True)
    assert settings.weights == (2, 1)
    assert settings.ok_statuses == ((200, 299), (404, 404))
    assert (settings.http, settings.streams) == ("2", 8)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--methd", "GET"), "--method"),
        (("--method",), "needs a value"),
        (("--method", "G T"), "G T"),
        (("--timeout", "5"), "unit"),
        (("--timeout", "0s"), "longer"),
        (("--weights", "1,x"), "'x'"),
        (("--ok-status", "20x"), "20x"),
        (("--http", "3"), "3"),
        (("--grpc-method", "Check"), "Check"),
        (("--payload-hex", "zz"), "zz"),
        (("-qps", "5"), "-qps"),
    ],
)
def test_bad_options_name_themselves(options: tuple[str, ...], says: str) -> None:
    with pytest.raises(InputError) as caught:
        settings_of(load(options=options))
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_weights_fit_the_urls() -> None:
    planned = load("http://h/a", "http://h/b", "http://h/c", options=("--weights", "1,2"))
    with pytest.raises(InputError, match="2 shares for 3"):
        targets_of(planned, settings_of(planned))


def test_certificates_are_looked_at_before_the_run(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("-----BEGIN CERTIFICATE-----\n")
    generator = EmbeddedGenerator()
    assert generator.objection(load("https://h/")) is None
    assert "empty.pem is of no use" in (generator.objection(load("https://h/", ca_file=str(empty))) or "")
    assert "nowhere.pem" in (generator.objection(load("https://h/", options=("--cert", "nowhere.pem"))) or "")


def test_connections_must_go_round() -> None:
    generator = EmbeddedGenerator()
    assert "3 hosts" in (generator.objection(load("http://a/", "http://b/", "http://c/", connections=2)) or "")
    assert "2 workers" in (generator.objection(load("http://a/", connections=1, workers=2)) or "")
    assert generator.objection(load("http://a/", "http://a/x", connections=1)) is None
