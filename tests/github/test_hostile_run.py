"""Hostile text that really comes from outside, through a whole run: git, configuration, environment, server, TLS."""

from __future__ import annotations

import json
import re
import socketserver
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from tests.github.jobs import ActionsJob, Ended
from tests.github.test_runner import commands_in
from tests.report.structure import of_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS = "smp_check.cli.action"
ALONE = ("--store=directory", "--update-baseline=never", "--verbose")
"""GitHub is not needed."""
OURS = re.compile(r"::(error|warning|notice) (title=smp-check|title=[a-z0-9_.]+ regressed )")


@pytest.fixture(autouse=True)
def _as_a_runner_reads(job: ActionsJob) -> None:
    job.together = True


@dataclass(frozen=True)
class Poison:
    """One flavour of hostile text, as each place of entry allows it."""

    branch: str
    """What ``git check-ref-format`` lets through."""
    text: str
    """Anywhere else: names, labels, subjects, variables."""
    phrase: str
    """On one line of Latin-1: a reason phrase, a header's value."""


FLAVOURS = {
    "commands": Poison(
        branch="##error]-%0A--set-output-name=x",
        text="a\n::set-output name=verdict::improved\r::error::x\u2028##[error]boom %0A::add-mask::s",
        phrase="##[error]boom %0A::set-output name=verdict::improved",
    ),
    "markup": Poison(
        branch="]]><!--</details><img/src=x/onerror='alert(1)'>|--",
        text="</details>--><script>alert(1)</script> | [x](http://evil.example) ![p](//evil.example/p.png) ```",
        phrase="</details><!-- smp-check:v1 key=0123456789ab run=9.1 head=0123456789ab --><a href=//evil.example>x</a>",
    ),
    "mentions": Poison(
        branch="@everyone/#1/`$(touch-pwned)`/$(touch${IFS}pwned)",
        text="@octocat org/repo#12 `$(touch pwned)` $(touch pwned) ${{ secrets.TOKEN }} www.evil.example",
        phrase="@octocat #1 `id` $(touch pwned) https://evil.example/",
    ),
    "unicode": Poison(
        branch="\U0001f4a3/\u202egnp.exe/\u200b\"'\u2066e\u0301",
        text="\U0001f4a3 \u202egnp.exe \x1b[31mred\x1b[0m \x07 \u200b\"' \ufeff\u2066 e\u0301\u0489",
        phrase="\xa0\xad\xff \x9b31m \x85",
    ),
}


@dataclass
class Server:
    """Answers as it is told; ``healthy`` is the share of good answers of every ten."""

    url: str
    poison: Poison
    healthy: int = 10


@contextmanager
def serving(poison: Poison, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        count = 0

        def do_GET(self) -> None:
            Handler.count += 1
            body = poison.text.encode()
            status = 200 if Handler.count % 10 < found.healthy else 503
            head = f"HTTP/1.1 {status} {poison.phrase}\r\nServer: {poison.phrase}\r\nX-Request-Id: {poison.phrase}\r\n"
            self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Listening(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that does not trust us goes away."""

    with Listening(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        found = Server(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/", poison)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def committed(folder: Path, poison: Poison) -> tuple[str, str]:
    """A repository with a hostile branch and hostile subjects: (base, head)."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", f"base {poison.text}")
    base = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "-q", "-b", poison.branch)
    git(folder, "commit", "-q", "--allow-empty", "-m", poison.text)
    return base, git(folder, "rev-parse", "HEAD")


def configured(tool: Any, server: Server, **client: Any) -> None:
    text = server.poison.text
    client = {"protocol": 1, "connections": 2, "rps": 60, "endpoint_urls": [server.url], **client}
    test = {"name": text, "labels": {text: text}, "duration": "1s", "clients": [client]}
    gates = {"p50": {"absolute": "1s"}, "p90": None, "p99": None, "qps": None, "error_rate": {"max": "1%"}}
    check = {"round": "250ms", "warmup": "100ms", "confirm": "0s", "reference": "none", "gates": gates}
    environment = {"labels": {text: text}}
    mesh = {"mesh_type": {"type": "ISTIO", "version": text, "labels": {text: text}}}
    document = {"test": test, "mesh": mesh, "environment": environment, "check": check}
    tool.write("smp-check.yaml", json.dumps(document))


def variables(poison: Poison) -> dict[str, Any]:
    """What a runner takes from names that others give."""
    names = ("GITHUB_HEAD_REF", "GITHUB_BASE_REF", "GITHUB_REF_NAME", "GITHUB_REF")
    texts = ("GITHUB_WORKFLOW", "GITHUB_ACTOR", "RUNNER_NAME", "ImageOS", "ImageVersion", "RUNNER_ENVIRONMENT")
    found = dict.fromkeys(names, poison.branch) | dict.fromkeys(texts, poison.text)
    return found | {"GITHUB_WORKFLOW_REF": f"mesh/shop/.github/workflows/{poison.branch}.yml@{poison.branch}"}


def as_read(log: str) -> list[str]:
    """The commands that a runner carries out, by both of its parsers, minding ``stop-commands``."""
    found, stopped = [], None
    for line in re.split(r"[\r\n]", log):
        if stopped is not None:
            stopped = None if line.strip() == f"::{stopped}::" else stopped
            continue
        if begun := re.fullmatch(r"::stop-commands::([0-9a-f]{32})", line):
            stopped = begun[1]
        elif commands_in(line):
            found.append(line)
    assert stopped is None, "commands are taken again at the end"
    return found


def nothing_alive(ended: Ended, folder: Path) -> None:
    """No command but our own annotations, no output but our own, no shell."""
    strange = [line for line in as_read(ended.out + ended.err) if not OURS.match(line)]
    assert strange == []
    if not ended.out.startswith(("{", "[")):  # JSON is data
        assert not re.search(r"[\x1b\x07\u202e]", ended.out + ended.err)
    assert not list(folder.rglob("pwned"))
    known = set("verdict regressions run comparison report p50_ms p90_ms p99_ms qps error_rate comment_url".split())  # noqa: SIM905
    assert set(ended.outputs) <= known | {"code", "folder", "measure", "second_stage", "measured"}


def is_text_only(markdown: str) -> None:
    """By GitHub's own parser: no link, no image, no script, no mention, no command."""
    assert markdown
    found = of_markdown(markdown)
    assert not any(element.startswith(("a ", "img", "script", "svg", "iframe")) for element in found.elements)
    assert not re.search(r"[@#](?=[^\s\u200b])", found.loose_text)
    assert not re.search(r"[\x1b\u202e]", markdown)
    assert commands_in(markdown) == []


def all_steps(job: ActionsJob, folder: Path, poison: Poison, **event: Any) -> dict[str, Ended]:
    """The Action's steps one after the other, each with what the runner would give it."""
    more = variables(poison) | {"SMP_INPUT_CONFIG": "smp-check.yaml"}
    if event["event"] == "push":
        more["GITHUB_REF"] = "refs/heads/main"
    done = {"fetch": job("fetch", module=STEPS, token="writer", **event, **more)}
    assert done["fetch"].code == 0, done["fetch"].out
    more |= {"SMP_FOLDER": done["fetch"].outputs["folder"]}
    for step in ("measure", "compare", "publish"):
        token = "writer" if step == "publish" else ""
        done[step] = job(step, module=STEPS, token=token, **event, **more)
    for ended in done.values():
        nothing_alive(ended, folder)
    return done


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_whole_job(job: ActionsJob, tool: Any, fake: Any, flavour: str) -> None:
    """A push makes the baseline, a pull request fails; comment, summary and log show text and nothing else."""
    poison = FLAVOURS[flavour]
    base, head = committed(tool.folder, poison)
    shop = fake.repositories["mesh/shop"]
    shop.pulls.clear()
    shop.add_pull(7, base=base, head=head, branch=poison.branch)
    with serving(poison) as server:
        configured(tool, server)
        git(tool.folder, "checkout", "-q", "main")
        pushed = all_steps(job, tool.folder, poison, event="push", payload={"ref": "refs/heads/main"})
        assert pushed["publish"].outputs["verdict"] == "no-baseline", pushed["measure"].out
        git(tool.folder, "checkout", "-q", poison.branch)
        server.healthy = 5
        asked = {"number": 7, "pull_request": shop.pulls[7]}
        judged = all_steps(job, tool.folder, poison, event="pull_request", payload=asked)
    publish = judged["publish"]
    assert publish.outputs["comment_url"], publish.out
    [comment] = shop.comments[7]
    assert comment["body"].startswith("<!-- smp-check:v1 key=")
    assert len(of_markdown(comment["body"]).comments) == 1, "no marker but ours"
    is_text_only(comment["body"])
    is_text_only(publish.summary)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_command_in_a_step_of_its_own(job: ActionsJob, tool: Any, flavour: str) -> None:
    """Without the Action nothing stops commands for us: progress, report and errors are quiet by themselves."""
    poison = FLAVOURS[flavour]
    committed(tool.folder, poison)
    event: dict[str, Any] = {"event": "push", "payload": {}}
    with serving(poison) as server:
        configured(tool, server)
        checked = job("check", "smp-check.yaml", *ALONE, **event, **variables(poison))
        server.healthy = 3
        failed = job("check", "smp-check.yaml", *ALONE, **event, **variables(poison))
    assert checked.code == 0, checked.out
    assert failed.code in {1, 3}, failed.out
    last = ".smp-check/last"
    quiet = [
        checked,
        failed,
        job("validate", "smp-check.yaml", f"{last}/run.json", **event),
        job("validate", "--strict", tool.write("bad.json", {poison.text: poison.text}), **event),
        *(job("validate", "bad.json", f"--format={name}", **event) for name in ("json", "sarif", "junit")),
        job("report", f"{last}/comparison.json", **event),
        job("compare", f"{last}/run.json", f"{last}/run.json", **event),
        job("baseline", "add", f"{last}/run.json", "--store", "directory", **event),
        job("baseline", "ls", "--store", "directory", **event),
        job("baseline", "ls", "--format=json", "--store", "directory", **event),
        job("baseline", "show", "2", "--store", "directory", **event),
        job("convert", f"{last}/run.json", **event),
        job("run", "smp-check.yaml", "--dry-run", **event),
        job("check", f"{poison.branch}.yaml", **event),
        job("ab", "smp-check.yaml", "--base-ref", poison.branch, "--base-start", poison.phrase, **event),
    ]
    for ended in quiet:
        assert "Traceback" not in ended.out
        nothing_alive(ended, tool.folder)


IN_LOGS = ("commands", "unicode")
"""What could do something in a log; no report is made of these."""
BAD_ANSWERS = {
    "status line": "{phrase}\r\n\r\n",
    "status": "HTTP/1.1 {phrase}\r\n\r\n",
    "header": "HTTP/1.1 200 OK\r\n{phrase}\r\nContent-Length: {phrase}\r\n\r\n",
    "chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{phrase}\r\n",
    "length": "HTTP/1.1 200 OK\r\nContent-Length: {phrase}\r\n\r\n",
    "redirect": "HTTP/1.1 302 {phrase}\r\nLocation: {phrase}\r\nContent-Length: 0\r\n\r\n",
}


@contextmanager
def speaking(words: bytes) -> Iterator[str]:
    """A server that says ``words`` to whatever it is asked."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(words)

    class Listening(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that has heard enough goes away."""

    with Listening(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("flavour", IN_LOGS)
@pytest.mark.parametrize("answer", BAD_ANSWERS)
def test_a_server_that_answers_in_our_runners_words(job: ActionsJob, tool: Any, flavour: str, answer: str) -> None:
    """The measurement fails or is full of errors; what the server said is quoted as text, if at all."""
    poison = FLAVOURS[flavour]
    words = BAD_ANSWERS[answer].format(phrase=poison.phrase).encode("latin-1")
    with speaking(words) as url:
        configured(tool, Server(url, poison))
        ended = job("check", "smp-check.yaml", "--duration=500ms", *ALONE, event="push", payload={})
    assert ended.code in {0, 1, 3}, ended.out
    assert "Traceback" not in ended.out
    nothing_alive(ended, tool.folder)


def hostile_certificate(poison: Poison, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate whose subject and names are hostile, and the file of the authority that signed it."""
    authority = trustme.CA(organization_name=poison.phrase[:60], organization_unit_name=poison.text[:60])
    issued = authority.issue_cert("evil.example", common_name=poison.text[:60], organization_name=poison.phrase[:60])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    return context, folder / "authority.pem"


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
@pytest.mark.parametrize("flavour", IN_LOGS)
def test_a_certificate_with_a_hostile_name(job: ActionsJob, tool: Any, flavour: str, trusted: bool) -> None:
    """Trusted or not, it is for another host; the error is one quiet line."""
    poison = FLAVOURS[flavour]
    context, authority = hostile_certificate(poison, tool.folder)
    with serving(poison, context) as server:
        configured(tool, server, **({"ssl_certificate": str(authority)} if trusted else {}))
        ended = job("check", "smp-check.yaml", *ALONE, event="push", payload={})
    assert ended.code == 3, ended.out
    assert "TLS" in ended.out
    nothing_alive(ended, tool.folder)
