"""The HTTP side: tokens, permissions, pages, faults on demand, and every exchange held against the description."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.github.fake.description import API, Operation, description
from tests.github.fake.handlers import HANDLERS, NEEDS, Call, refused
from tests.github.fake.state import Identity, Repository

LIST_KEYS = {"/actions/runs/{run_id}/artifacts": "artifacts", "/commits/{ref}/check-runs": "check_runs"}

_CODE = re.compile(r"\{repo\}/(git|commits|contents|compare)\b")
"""Paths that show what is in a repository: in a private one not for everybody."""


@dataclass
class Fault:
    """What goes wrong with requests whose "METHOD path" matches: before or after they were carried out."""

    pattern: str
    how: str
    """``502``, ``502-after``, ``drop``, ``drop-after``, ``retry-after``, ``secondary``, ``primary``."""
    times: int = 1
    chance: float = 1.0


@dataclass
class Exchange:
    method: str
    path: str
    status: int
    authorised: bool
    at: float = field(default_factory=time.time)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is its own affair."""


@dataclass
class FakeGitHub:
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: dict[str, Identity] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    stale_reads: float = 0.0
    """Share of reads that show the state before the last change."""
    prefix: str = ""
    """``/api/v3`` on an Enterprise Server, whose GraphQL is at ``/api/graphql``."""
    viewer_allowed: bool = True
    delay: float = 0.0
    lock: Any = field(default_factory=threading.RLock)

    def __enter__(self) -> FakeGitHub:
        self._servers = [_Server(("127.0.0.1", 0), _handler(self, kind)) for kind in ("api", "storage")]
        self._threads = [threading.Thread(target=s.serve_forever, args=(0.02,), daemon=True) for s in self._servers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def storage_url(self) -> str:
        return f"http://localhost:{self._servers[1].server_port}"

    def repository(self, full_name: str = "mesh/shop") -> Repository:
        made = Repository(full_name, id=100 + len(self.repositories))
        self.repositories[full_name] = made
        return made

    def token(self, name: str, *, login: str = "github-actions[bot]", **permissions: str) -> str:
        self.tokens[name] = Identity(login, permissions)
        return name

    def fail(self, pattern: str, how: str, times: int = 1, chance: float = 1.0) -> None:
        self.faults.append(Fault(pattern, how, times, chance))

    def environment(self, token: str = "") -> dict[str, str]:
        """What the runner would set to lead a step here."""
        graphql = f"{self.url}{self.prefix.removesuffix('/v3')}/graphql"
        api = f"{self.url}{self.prefix}"
        found = {"GITHUB_API_URL": api, "GITHUB_GRAPHQL_URL": graphql, "GITHUB_SERVER_URL": self.url}
        return found | ({"SMP_TOKEN": token} if token else {})

    def calls(self, method: str, pattern: str = "") -> int:
        return sum(e.method == method and re.search(pattern, e.path) is not None for e in self.exchanges)

    def due(self, method: str, path: str) -> str | None:
        with self.lock:
            for fault in self.faults:
                if fault.times and re.search(fault.pattern, f"{method} {path}") and random.random() < fault.chance:
                    fault.times -= 1
                    return fault.how
        return None


class Handler(BaseHTTPRequestHandler):
    fake: FakeGitHub
    kind: str
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.kind == "storage":
            self._archive()
            return
        parts = urlsplit(self.path)
        how = self.fake.due(self.command, parts.path)
        answer = None if (how and not how.endswith("after")) or how == "retry-after" else self._answer(parts, body)
        status, headers, content = answer or (0, {}, b"")
        if how and how.startswith("drop"):
            self.close_connection = True
            self.connection.close()
            return
        if how:
            status, headers, content = _fault(how)
        authorised = "Authorization" in self.headers
        self.fake.exchanges.append(Exchange(self.command, parts.path, status, authorised))
        self._send(status, headers, content)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _archive(self) -> None:
        number = int(self.path.rpartition("/")[2])
        archives = [r.archives[number] for r in self.fake.repositories.values() if number in r.archives]
        self.fake.exchanges.append(Exchange("GET", f"storage {self.path}", 200, "Authorization" in self.headers))
        self._send(200, {"Content-Type": "application/zip"}, archives[0])

    def _answer(self, parts: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.fake.delay:
            threading.Event().wait(random.uniform(0.5, 1.5) * self.fake.delay)
        with self.fake.lock:
            if token not in self.fake.tokens and token:
                return _plain(*refused(401, "Bad credentials"))
            identity = self.fake.tokens.get(token, Identity("nobody"))
            if parts.path == f"{self.fake.prefix.removesuffix('/v3')}/graphql":
                return _plain(*_graphql(self.fake, identity, body))
            if not parts.path.startswith(f"{self.fake.prefix}/"):
                self.fake.violations.append(f"{parts.path} is not below {self.fake.prefix}")
                return _plain(*refused(404, "Not Found"))
            query = dict(parse_qsl(parts.query))
            return self._operation(parts.path.removeprefix(self.fake.prefix), query, body, identity)

    def _operation(
        self, path: str, query: dict[str, str], body: bytes, identity: Identity
    ) -> tuple[int, dict[str, str], bytes]:
        operation = description().operation(self.command, path)
        if operation is None:
            self.fake.violations.append(f"{self.command} {path}: no such operation")
            return _plain(*refused(404, "Not Found"))
        status, value, headers = self._carry_out(operation, query, body, identity)
        if status < 300:
            value = description().complete(operation, status, value)
        content = b"" if value is None else json.dumps(value).encode()
        headers |= {"Content-Type": "application/json", "X-GitHub-Request-Id": "FAKE:1"}
        answer = (status, headers, content)
        self.fake.violations += description().check(operation, query, dict(self.headers), body, answer)
        return answer

    def _carry_out(
        self, operation: Operation, query: dict[str, str], body: bytes, identity: Identity
    ) -> tuple[int, Any, dict[str, str]]:
        parameters = dict(operation.parameters)
        repository = self.fake.repositories.get(f"{parameters.pop('owner')}/{parameters.pop('repo')}")
        if repository is None:
            return *refused(404, "Not Found"), {}
        needs = NEEDS[operation.method, operation.template]
        if repository.private and not needs and _CODE.search(operation.template):
            needs = (("contents", "read"),)
        if needs and not any(identity.may(*need) for need in needs):
            accepted = "; ".join(f"{name}={level}" for name, level in needs)
            return (
                *refused(403, "Resource not accessible by integration"),
                {"X-Accepted-GitHub-Permissions": accepted},
            )
        stale = self.command == "GET" and random.random() < self.fake.stale_reads
        value = json.loads(body) if body else None
        call = Call(repository, identity, parameters, query, value, self.fake.url, stale)
        status, answered = HANDLERS[operation.method, operation.template](call)
        if status == 302:
            return status, None, {"Location": f"{self.fake.storage_url}/{parameters['artifact_id']}"}
        return status, *_page(operation, query, status, answered, f"{self.fake.url}{urlsplit(self.path).path}")


def _handler(fake: FakeGitHub, kind: str) -> type[Handler]:
    return type("BoundHandler", (Handler,), {"fake": fake, "kind": kind})


def _page(operation: Operation, query: dict[str, str], status: int, value: Any, url: str) -> tuple[Any, dict[str, str]]:
    key = next((key for end, key in LIST_KEYS.items() if operation.template.endswith(end)), None)
    items = value[key] if key and status == 200 else value
    if not isinstance(items, list):
        return value, {}
    size = min(int(query.get("per_page", 30)), 100)
    page = int(query.get("page", 1))
    shown = items[(page - 1) * size : page * size]
    headers = {}
    if page * size < len(items):
        following = urlencode({**query, "page": page + 1})
        headers["Link"] = f'<{url}?{following}>; rel="next", <{url}?page=1>; rel="first"'
    return ({**value, key: shown} if key else shown), headers


def _plain(status: int, value: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _fault(how: str) -> tuple[int, dict[str, str], bytes]:
    limited = refused(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
    faults: dict[str, tuple[int, Any, dict[str, str]]] = {
        "retry-after": (*limited, {"Retry-After": "7"}),
        "secondary": (*limited, {}),
        "primary": (
            *refused(403, "API rate limit exceeded"),
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"},
        ),
    }
    status, value, headers = faults.get(how, (502, {"message": "Server Error"}, {}))
    return status, headers | {"Content-Type": "application/json"}, json.dumps(value).encode()


@lru_cache(maxsize=1)
def _schema() -> Any:
    from graphql import build_schema

    return build_schema((API / "schema.graphql").read_text(encoding="utf-8"))


def _graphql(fake: FakeGitHub, identity: Identity, body: bytes) -> tuple[int, Any]:
    from graphql import graphql_sync

    asked = json.loads(body)

    class Root:
        @staticmethod
        def viewer(_info: Any) -> Any:
            if not fake.viewer_allowed:
                raise ValueError("Resource not accessible by integration")
            return {"login": identity.login}

        @staticmethod
        def repository(_info: Any, owner: str, name: str, **_: Any) -> Any:
            found = fake.repositories.get(f"{owner}/{name}")
            return None if found is None else {"object": lambda _info, oid=None: _blob(found, oid)}

    result = graphql_sync(_schema(), asked["query"], Root(), variable_values=asked.get("variables"))
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [{"type": "FORBIDDEN", "message": str(e.message)} for e in result.errors]
    unexpected = [e for e in result.errors or () if e.path is None]
    fake.violations += [f"GraphQL: {error.message}" for error in unexpected]
    return 200, answer


def _blob(repository: Repository, oid: str | None) -> Any:
    kind, content = repository.objects.raw.get(oid or "", ("none", b""))
    if kind != "blob":
        return None
    binary = b"\0" in content
    long = len(content) > 512_000
    text = None if binary else content.decode()[: 512_000 if long else None]
    return {
        "__typename": "Blob",
        "oid": oid,
        "text": text,
        "byteSize": len(content),
        "isBinary": binary,
        "isTruncated": long,
    }
