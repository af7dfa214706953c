"""One HTTP/1.1 connection without a network: however answers are cut into reads, whatever garbage comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smp_check.load.embedded.http1 import Http1Connection, ok_table
from smp_check.load.embedded.lane import Lane

GOOD = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1;x=y\r\ne\r\n0\r\nT: railer\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + b"x" * 300,
)
BAD = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"


class Transport:
    """Notes what is written, and calls back when it is closed, as transports do."""

    def __init__(self) -> None:
        self.written = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += 1

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    close = abort


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


class Bench:
    """A lane in a closed loop with one connection; ``size`` 0 keeps it from dialing another."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        dialer: Any = SimpleNamespace(origin="h:1")
        self.lane = Lane(loop, dialer, [b"GET"], None, 0)
        self.lane.until = float("inf")
        self.connection = Http1Connection(self.lane, ok_table(((200, 399),)))
        self.transport = Transport()
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]

    def feed(self, data: bytes) -> None:
        if not self.transport.closed:
            self.connection.data_received(data)

    def end(self) -> None:
        self.connection.connection_lost(None)
        self.lane.close()


@pytest.fixture
def bench(loop: asyncio.AbstractEventLoop) -> Any:
    return lambda: Bench(loop)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    starts = [0, *ends[:-1]]
    return [data[start:end] for start, end in zip(starts, ends, strict=True) if end > start]


@given(st.lists(st.sampled_from((*GOOD, BAD)), min_size=1, max_size=12), st.lists(st.integers(0, 400), max_size=6))
def test_answers_are_counted_however_they_are_cut(answers: list[bytes], places: list[int]) -> None:
    loop = asyncio.new_event_loop()
    try:
        made = Bench(loop)
        assert made.transport.written == 1
        for number, answer in enumerate(answers):
            for part in cut(answer, places):
                made.feed(part)
            assert made.lane.tally.finished == number + 1
        tally = made.lane.tally
        assert tally.errors.get("status", 0) == answers.count(BAD)
        assert tally.ok == len(answers) - answers.count(BAD)
        assert sum(tally.service) == tally.ok
        assert sum(tally.split) == sum(tally.first) <= tally.ok
        assert made.transport.written == len(answers) + 1
        assert made.connection.received == sum(map(len, answers))
        assert made.lane.pending == 1
        made.end()
    finally:
        loop.close()


@given(st.lists(st.binary(max_size=60) | st.sampled_from((*GOOD, BAD)), max_size=8))
def test_garbage_is_survived_and_every_request_ends_once(chunks: list[bytes]) -> None:
    loop = asyncio.new_event_loop()
    try:
        made = Bench(loop)
        for chunk in chunks:
            if chunk:
                made.feed(chunk)
        made.end()
        assert made.lane.tally.finished == made.transport.written
        assert made.lane.pending == 0
        assert sum(made.lane.tally.service) == made.lane.tally.ok
    finally:
        loop.close()


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\n"])
def test_an_answer_may_end_with_its_connection(bench: Any, head: bytes) -> None:
    made = bench()
    made.feed(head + b"until the end")
    assert made.lane.tally.finished == 0
    made.end()
    assert (made.lane.tally.ok, made.lane.tally.failed) == (1, 0)


def test_a_cut_off_answer_is_no_success(bench: Any) -> None:
    made = bench()
    made.feed(GOOD[0][:-2])
    made.end()
    assert made.lane.tally.errors == {"reset": 1}


def test_a_connection_to_be_closed_gets_no_further_request(bench: Any) -> None:
    made = bench()
    made.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert made.transport.closed
    assert made.transport.written == 1
    made.end()
    assert (made.lane.tally.ok, made.lane.tally.failed) == (1, 0)


def test_what_comes_unasked_closes_the_connection(bench: Any) -> None:
    made = bench()
    made.lane.until = 0.0  # the round is over
    made.feed(GOOD[0])
    assert made.lane.pending == 0
    made.feed(GOOD[0])
    assert made.transport.closed
    made.end()
    assert (made.lane.tally.ok, made.lane.tally.failed) == (1, 0)
