"""The machine, its noise and the code's origin: captured where they can be known, absent where they cannot."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.capture import machine
from smp_check.capture.environment import capture_environment
from smp_check.capture.machine import machine_fingerprint
from smp_check.capture.noise import NoiseMeter
from smp_check.capture.provenance import capture_provenance
from smp_check.spec.configuration import Client, Configuration

if TYPE_CHECKING:
    from collections.abc import Callable


def configuration(environment: dict[str, Any] | None = None) -> Configuration:
    return Configuration(name="t", duration=1, clients=(Client(name="client-1"),), environment=environment or {})


def test_this_machine_has_a_fingerprint() -> None:
    found = machine_fingerprint({})
    assert set(found) == {"cpu", "cores", "architecture", "os", "runner"}
    assert found["runner"] == "local"
    assert float(found["cores"]) > 0
    assert machine_fingerprint({}) == found, "the same machine twice is the same"


def test_hosted_runners_go_by_their_image() -> None:
    environ = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted", "ImageOS": "ubuntu24"}
    found = machine_fingerprint(environ)
    assert (found["os"], found["runner"]) == ("ubuntu24", "github-hosted")
    assert machine_fingerprint({"CI": "true"})["runner"] == "ci"


CPUINFO = {
    "processor\t: 0\nmodel name\t: Intel(R)  Xeon(R) CPU @ 2.20GHz\n": "Intel(R) Xeon(R) CPU @ 2.20GHz",
    "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n": "implementer 0x41 part 0xd0c",
    "Model\t\t: Raspberry Pi 4\n": "Raspberry Pi 4",
}


@pytest.mark.parametrize(("text", "expected"), CPUINFO.items())
def test_cpu_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    assert machine.cpu_model() == expected


@pytest.mark.parametrize(("text", "cores"), [("50000 100000", "0.5"), ("max 100000", None), ("junk", None)])
def test_a_container_quota_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, cores: str | None
) -> None:
    monkeypatch.setattr(machine, "CGROUP_CPU_MAX", tmp_path / "missing")
    whole = machine.usable_cores()
    (tmp_path / "cpu.max").write_text(text)
    monkeypatch.setattr(machine, "CGROUP_CPU_MAX", tmp_path / "cpu.max")
    assert machine.usable_cores() == (cores or whole)


def test_the_environment_is_this_host() -> None:
    found = capture_environment(configuration(), {})
    [node] = found["nodes"]
    assert node["cores"] >= 1
    assert node["mem_mb"] > 100
    assert found["labels"]["smp-check/cpu"]


def test_what_the_user_declared_wins() -> None:
    declared = {"nodes": [{"type": "m5", "cores": 4}], "labels": {"smp-check/cpu": "mine", "team": "x"}}
    found = capture_environment(configuration({**declared, "kubernetes_version": "v1.30"}), {})
    assert found["nodes"] == declared["nodes"]
    assert (found["labels"]["smp-check/cpu"], found["labels"]["team"]) == ("mine", "x")
    assert found["kubernetes_version"] == "v1.30"


def _spin(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass


def test_noise_sees_a_busy_machine() -> None:
    """Spinning processes on every core show as busy CPUs and a filled run queue."""
    spinners = [
        multiprocessing.get_context("fork").Process(target=_spin, args=(2.0,)) for _ in range(os.cpu_count() or 1)
    ]
    for spinner in spinners:
        spinner.start()
    time.sleep(0.2)
    meter = NoiseMeter()
    for _ in range(8):
        time.sleep(0.1)
        meter.look()
    noise = meter.read()
    for spinner in spinners:
        spinner.join()
    assert noise.cpu_busy is not None
    assert noise.cpu_busy > 0.7
    assert noise.run_queue is not None
    assert noise.run_queue > 0.5
    assert noise.cpu_steal is not None
    assert 0 <= noise.cpu_steal <= 1


def test_no_time_no_shares() -> None:
    noise = NoiseMeter().read()
    assert noise.cpu_busy is None or 0 <= noise.cpu_busy <= 1


@pytest.fixture
def repository(tmp_path: Path, real: Callable[[str], str]) -> Path:
    git = real("git")
    folder = tmp_path / "repo"
    folder.mkdir()
    commands = [
        ["init", "-q", "-b", "main"],
        ["remote", "add", "origin", "https://user:secret@example.com/acme/shop.git"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first"],
    ]
    for command in commands:
        subprocess.run([git, "-C", str(folder), *command], check=True)
    return folder


def head(folder: Path) -> str:
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_checkout(repository: Path) -> None:
    found = capture_provenance(repository, {})
    assert found.commit == head(repository)
    assert (found.branch, found.repository, found.dirty) == ("main", "acme/shop", False)
    assert "secret" not in str(found)


def test_changes_make_it_dirty(repository: Path) -> None:
    (repository / "a").write_text("1")
    subprocess.run(["git", "-C", str(repository), "add", "a"], check=True)
    assert capture_provenance(repository, {}).dirty is True


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("https://github.com/acme/shop", "acme/shop"),
        ("ssh://git@host:22/acme/shop.git", "acme/shop"),
        ("https://gitlab.example/group/sub/shop.git/", "sub/shop"),
        ("/srv/git/shop.git", None),
    ],
)
def test_remotes(repository: Path, url: str, name: str | None) -> None:
    subprocess.run(["git", "-C", str(repository), "remote", "set-url", "origin", url], check=True)
    assert capture_provenance(repository, {}).repository == name


def test_no_repository(tmp_path: Path) -> None:
    found = capture_provenance(tmp_path, {})
    assert (found.commit, found.branch, found.dirty) == (None, None, None)


def test_no_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert capture_provenance(tmp_path, {"GITHUB_SHA": "a" * 40}).commit == "a" * 40


def test_a_pull_request_job(repository: Path, tmp_path: Path) -> None:
    """The job checks out a merge commit; the run belongs to the request's own head."""
    event = {"pull_request": {"number": 7, "head": {"sha": "b" * 40}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    environ = {
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_SHA": head(repository),
        "GITHUB_HEAD_REF": "faster",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": "42",
        "GITHUB_RUN_ATTEMPT": "2",
    }
    found = capture_provenance(repository, environ)
    assert (found.commit, found.pull_request, found.branch) == ("b" * 40, 7, "faster")
    assert found.workflow_run == "https://github.com/acme/shop/actions/runs/42/attempts/2"
    elsewhere = capture_provenance(repository, environ | {"GITHUB_SHA": "c" * 40})
    assert elsewhere.commit == head(repository), "the workflow checked something else out: that is what was measured"


@pytest.mark.parametrize(
    "event", ["", "[]", "{", '{"pull_request": 1}', '{"pull_request": {"head": 1, "number": "x"}}']
)
def test_strange_events(repository: Path, tmp_path: Path, event: str) -> None:
    (tmp_path / "event.json").write_text(event)
    found = capture_provenance(repository, {"GITHUB_EVENT_PATH": str(tmp_path / "event.json")})
    assert found.commit == head(repository)
    assert found.pull_request is None
