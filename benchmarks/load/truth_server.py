"""An HTTP server that never sleeps: it spins on its core, so that each answer leaves within microseconds of its moment.

``/_delay/SPEC`` sets the distribution (see ``smp_check.load.embedded.delays``), ``/_truth/START/END`` tells what was
drawn for requests that came between two moments.
"""

from __future__ import annotations

import gc
import heapq
import itertools
import json
import random
import select
import socket
import sys
import time
from array import array

from smp_check.load.embedded.delays import parse_delay

BODY = b"known\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"


class Server:
    def __init__(self, port: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", port), backlog=2048)
        self.listener.setblocking(False)
        self.poll = select.epoll()
        self.poll.register(self.listener.fileno(), select.EPOLLIN)
        self.open: dict[int, socket.socket] = {}
        self.waiting: list[tuple[float, int, int]] = []
        self.chance = random.Random(7)
        self.set_delay("none")

    def set_delay(self, text: str) -> None:
        self.draw = parse_delay(text)
        self.start = time.time()
        self.came, self.drawn, self.late = array("d"), array("d"), array("d")

    def run(self) -> None:
        number = 0
        while True:
            for fd, _ in self.poll.poll(0):
                if fd == self.listener.fileno():
                    self.accept()
                    continue
                number += 1
                self.read(fd, number)
            now = time.time()
            while self.waiting and self.waiting[0][0] <= now:
                at, _, fd = heapq.heappop(self.waiting)
                self.late.append(now - at)
                self.send(fd, ANSWER % (len(BODY), BODY))
                now = time.time()

    def accept(self) -> None:
        try:
            while True:
                connection, _ = self.listener.accept()
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.open[connection.fileno()] = connection
                self.poll.register(connection.fileno(), select.EPOLLIN)
        except BlockingIOError:
            return

    def read(self, fd: int, number: int) -> None:
        try:
            data = self.open[fd].recv(65536)
        except OSError:
            data = b""
        if not data:
            self.poll.unregister(fd)
            self.open.pop(fd).close()
            return
        now = time.time()
        if data.startswith(b"GET /_"):
            self.control(fd, data.split(b" ")[1].decode().split("/"))
            return
        delay = self.draw(self.chance, now - self.start)
        self.came.append(now)
        self.drawn.append(delay)
        heapq.heappush(self.waiting, (now + delay, number, fd))

    def send(self, fd: int, data: bytes) -> None:
        connection = self.open.get(fd)
        if connection is not None:
            try:
                connection.sendall(data)
            except OSError:
                return

    def control(self, fd: int, words: list[str]) -> None:
        if words[1] == "_delay":
            self.set_delay("/".join(words[2:]).replace("percent", "%"))
            found: dict[str, object] = {"start": self.start}
        else:
            found = self.told(float(words[2]), float(words[3]))
        body = json.dumps(found).encode()
        self.open[fd].setblocking(True)
        self.send(fd, ANSWER % (len(body), body))
        self.open[fd].setblocking(False)

    def told(self, start: float, end: float) -> dict[str, object]:
        inside = [place for place, moment in enumerate(self.came) if start <= moment <= end]
        came = [self.came[place] for place in inside]
        return {
            "drawn": sorted(self.drawn[place] for place in inside),
            "gaps": sorted(b - a for a, b in itertools.pairwise(came)),
            "late": sorted(self.late),
            "start": self.start,
        }


if __name__ == "__main__":
    gc.disable()
    Server(int(sys.argv[1])).run()
