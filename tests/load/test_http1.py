"""HTTP/1.1 as servers really speak it, each answer scripted; every request is counted once and rightly."""

from __future__ import annotations

from typing import Any

import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSE = "close"
RESET = "reset"


def consistent(sample: Any) -> None:
    """What holds for every round: nothing is lost, nothing counted twice."""
    counts = sample.counts
    assert counts.sent == counts.ok + counts.failed
    assert sample.latency.count == counts.ok
    assert sum(counts.status.values()) == counts.ok + counts.errors.get("status", 0)
    assert sample.start < sample.end


@pytest.mark.parametrize(
    "answer",
    [
        [OK],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 0.002, b"12345", 0.002, b"67890"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0.002, b"3\r\nabc\r\n", b"0\r\n\r\n"],
        [b"HTTP/1.1 204 No Content\r\n\r\n"],
        [b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"],
        [b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 0.002, OK],
        [b"HTTP/1.1 100 Continue\r\n\r\n" + OK],
        [b"HT", 0.002, b"TP/1.1 200 OK\r\nContent-Le", 0.002, b"ngth: 2\r\n\r\no", 0.002, b"k"],
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", CLOSE],
        [b"HTTP/1.0 200 OK\r\n\r\nuntil the end", CLOSE],
        [b"HTTP/1.1 200 OK\r\n\r\n", 0.002, b"a body that only the end ends", CLOSE],
    ],
    ids=[
        "plain",
        "pieces",
        "chunked",
        "204",
        "304",
        "redirect",
        "early-hints",
        "continue",
        "split-header",
        "close",
        "http-1.0",
        "no-length",
    ],
)
def test_good_answers(scripted: Any, measure: Any, answer: list[Any]) -> None:
    server = scripted(lambda _request, _number: answer)
    sample = measure(server.url, rate=50.0)
    consistent(sample)
    assert sample.counts.errors == {}, sample.faults
    assert sample.counts.sent == 25


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        ([b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"], "status", "500"),
        ([b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"], "status", "404"),
        ([b"220 mail.example ESMTP\r\n"], "protocol", "HTTP/1.1"),
        ([b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"], "protocol", "HTTP/1.1"),
        ([CLOSE], "reset", "without an answer"),
        ([RESET], "reset", "without an answer"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", CLOSE], "reset", "before the answer was complete"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", CLOSE], "reset", "complete"),
        ([b"HTTP/1.1 200 OK\r\nContent-Le", CLOSE], "reset", "complete"),
    ],
    ids=["500", "404", "not-http", "upgrade", "close", "reset", "short-body", "short-chunk", "short-header"],
)
def test_bad_answers(scripted: Any, measure: Any, answer: list[Any], kind: str, says: str) -> None:
    server = scripted(lambda _request, _number: answer)
    sample = measure(server.url, rate=50.0)
    consistent(sample)
    assert set(sample.counts.errors) == {kind}
    assert sample.counts.ok == 0
    assert sample.counts.sent == 25
    assert says in sample.faults[kind]
    assert f"127.0.0.1:{server.port}" in sample.faults[kind]
    assert sample.latency.percentiles == {}


def test_every_second_request_fails(scripted: Any, measure: Any) -> None:
    """Connections are replaced; good and bad ones are told apart."""
    server = scripted(lambda _request, number: [OK] if number % 2 else [CLOSE])
    sample = measure(server.url, rate=60.0, connections=1)
    consistent(sample)
    assert sample.counts.sent == 30
    assert sample.counts.ok == pytest.approx(15, abs=1)
    assert sample.counts.connections_opened == pytest.approx(15, abs=2)


def test_ok_statuses_can_be_chosen(scripted: Any, measure: Any) -> None:
    server = scripted(lambda _request, _number: [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"])
    sample = measure(server.url, options=("--ok-status", "200-299,404"))
    assert sample.counts.errors == {}
    assert sample.counts.status == {"404": 50}


def test_a_timeout_is_counted_and_the_connection_replaced(scripted: Any, measure: Any) -> None:
    server = scripted(lambda _request, number: [0.6, OK] if number == 20 else [OK])
    sample = measure(server.url, rate=100.0, connections=2, options=("--timeout", "200ms"))
    consistent(sample)
    assert sample.counts.errors == {"timeout": 1}
    assert sample.counts.sent == 50
    assert sample.counts.connections_opened == 1
    assert sample.latency.max is not None
    assert sample.latency.max < 0.2


def test_answers_that_come_after_the_end_are_waited_for(scripted: Any, measure: Any) -> None:
    server = scripted(lambda _request, _number: [0.3, OK])
    sample = measure(server.url, rate=10.0, connections=8)
    consistent(sample)
    assert sample.counts.sent == sample.counts.ok == 5
    assert sample.latency.percentiles["p50"] == pytest.approx(0.3, abs=0.05)
    assert sample.achieved_rps == pytest.approx(10, rel=0.02)


def test_head_needs_no_body(scripted: Any, measure: Any) -> None:
    server = scripted(lambda _request, _number: [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
    sample = measure(server.url, options=("--method", "HEAD"))
    consistent(sample)
    assert sample.counts.ok == 50
    assert all(request.startswith(b"HEAD / HTTP/1.1\r\n") for request in server.requests)
    assert server.connections == 2


def test_the_request_arrives_as_planned(scripted: Any, measure: Any) -> None:
    server = scripted(lambda _request, _number: [OK])
    headers = {"X-Test": "yes", "Cookie": "a=b"}
    sample = measure(server.url + "p?q=1", method="POST", headers=headers, body=b'{"a": 1}')
    assert sample.counts.ok == 50
    request = server.requests[-1]
    assert request.startswith(b"POST /p?q=1 HTTP/1.1\r\n")
    for line in (b"X-Test: yes\r\n", b"Cookie: a=b\r\n", b"Content-Length: 8\r\n", b'\r\n\r\n{"a": 1}'):
        assert line in request
    assert sample.counts.bytes_sent == 50 * len(request)
    assert sample.counts.bytes_received == 50 * len(OK)


def test_the_first_byte_is_timed_apart(scripted: Any, measure: Any) -> None:
    answer = [0.02, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 0.1, b"ok"]
    sample = measure(scripted(lambda _request, _number: answer).url, rate=10.0, connections=4)
    assert sample.first_byte.percentiles["p50"] == pytest.approx(0.02, abs=0.015)
    assert sample.service_time.percentiles["p50"] == pytest.approx(0.12, abs=0.03)
    assert sample.first_byte.count == sample.service_time.count == 5


def test_a_second_answer_to_one_request_is_no_success(scripted: Any, measure: Any) -> None:
    sample = measure(scripted(lambda _request, _number: [OK + OK]).url, rate=50.0)
    consistent(sample)
    assert sample.counts.sent == 25


def test_a_stall_shows_in_response_times_of_all_who_had_to_wait(scripted: Any, measure: Any) -> None:
    """Coordinated omission: one request is slow, but those planned meanwhile waited too."""
    server = scripted(lambda _request, number: [0.3, OK] if number == 30 else [OK])
    sample = measure(server.url, rate=100.0, connections=1, seconds=1.0)
    consistent(sample)
    assert sample.counts.sent == 100
    waited = sample.latency.percentiles["p75"]
    assert waited > 0.02, "about 30 of 100 requests had to wait"
    assert sample.service_time.percentiles["p95"] < 0.05, "while only one was slow in itself"


def test_overload_is_admitted(scripted: Any, measure: Any) -> None:
    """One connection, 20 ms an answer, 200/s asked: at most 50/s can be sent, and that is what is said."""
    sample = measure(scripted(lambda _request, _number: [0.02, OK]).url, rate=200.0, connections=1, seconds=1.0)
    consistent(sample)
    assert 30 < sample.achieved_rps < 55
    assert "never sent" in sample.warnings[0]
    assert sample.latency.percentiles["p50"] > 0.2


def test_a_closed_loop_goes_as_fast_as_answers_come(scripted: Any, measure: Any) -> None:
    sample = measure(scripted(lambda _request, _number: [0.01, OK]).url, rate=None, connections=4, seconds=0.6)
    consistent(sample)
    assert sample.counts.sent > 60
    assert sample.latency == sample.service_time
    assert sample.schedule_lag is None


def test_several_hosts_and_weights(scripted: Any, measure: Any) -> None:
    one, two = (scripted(lambda _request, _number: [OK]) for _ in range(2))
    urls = (one.url + "a", one.url + "b", two.url + "c")
    sample = measure(urls, rate=100.0, connections=4, seconds=1.0, rounds=1, options=("--weights", "2,1,1"))
    consistent(sample)
    assert sample.counts.sent == 100
    assert len(one.requests) == pytest.approx(3 * len(two.requests), rel=0.1)


def test_several_workers_are_merged(scripted: Any, measure: Any) -> None:
    server = scripted(lambda _request, _number: [OK])
    sample = measure(server.url, rate=100.0, connections=4, workers=2)
    consistent(sample)
    assert sample.counts.sent == 50
    assert sample.connections == 4
    assert server.connections == 4


def test_poisson_arrivals(scripted: Any, measure: Any) -> None:
    sample = measure(scripted(lambda _request, _number: [OK]).url, rate=200.0, arrival="poisson", seconds=1.0)
    consistent(sample)
    assert 130 < sample.counts.sent < 270
    assert sample.counts.sent != 200


def test_connections_last_over_rounds(scripted: Any, measure: Any) -> None:
    server = scripted(lambda _request, _number: [OK])
    sample = measure(server.url, seconds=0.2, rounds=3)
    assert sample.counts.connections_opened == 0
    assert sample.connections == server.connections == 2


def test_a_server_that_closes_idle_connections_harms_nobody(scripted: Any, measure: Any) -> None:
    """Each connection is closed after its answer, without a word: only then is a new one opened."""
    server = scripted(lambda _request, _number: [OK, CLOSE])
    sample = measure(server.url, rate=40.0, connections=4, seconds=0.5)
    consistent(sample)
    assert sample.counts.ok >= 18, sample.counts
