"""From a configuration to a side that takes load: ports put in, and each side watching its own processes."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from smp_check.errors import InputError
from smp_check.spec.configuration import CheckOptions, Client, Configuration, Watched
from smp_check.subject.pair import Recipe, one_system, two_systems
from smp_check.subject.placeholders import placed, uses_port, with_port
from smp_check.subject.side import Place, started

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

URL = "http://127.0.0.1:${SMP_CHECK_PORT}/"
CHAIN = """
import os, subprocess, sys, time
helper = subprocess.Popen(["sleep", "60"])
worker = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60 & wait"])
time.sleep(0.5)  # until the shell has started its own
exec(open("service.py").read())
"""


def configuration(url: str = URL, **check: Any) -> Configuration:
    clients = (Client(name="client-1", endpoint_urls=(url,)),)
    return Configuration(name="t", duration=1, clients=clients, check=CheckOptions(**check))


@pytest.fixture
def place(starter: Any, tmp_path: Path) -> Place:
    (tmp_path / "chain.py").write_text(CHAIN)
    return Place(folder=tmp_path, logs=tmp_path / "logs", environment=dict(os.environ))


def commands(observe: Mapping[str, tuple[Watched, ...]], component: str) -> list[str]:
    return [" ".join(psutil.Process(each.pid or 0).cmdline()[-2:]) for each in observe[component]]


def test_the_port_is_put_in_everywhere() -> None:
    given = configuration(
        ready_url="http://127.0.0.1:${SMP_CHECK_PORT+1}/ready",
        observe={"sidecar": (Watched(envoy_admin="http://127.0.0.1:${SMP_CHECK_PORT+2}"), Watched(name="envoy"))},
    )
    there = placed(given, 21_000)
    assert there.clients[0].endpoint_urls == ("http://127.0.0.1:21000/",)
    assert there.check.ready_url == "http://127.0.0.1:21001/ready"
    assert there.check.observe["sidecar"][0].envoy_admin == "http://127.0.0.1:21002"


def test_a_port_that_is_not_kept_free() -> None:
    assert with_port("tcp://h:${SMP_CHECK_PORT+7}", 10) == "tcp://h:17"
    with pytest.raises(InputError, match="kept free"):
        with_port("tcp://h:${SMP_CHECK_PORT+8}", 10)


@pytest.mark.parametrize("text", ["$SMP_CHECK_PORT", "${SMP_CHECK_PORT", "${SMP_CHECK_PORT + 1}", "${OTHER}"])
def test_other_forms_are_no_placeholders(text: str) -> None:
    assert with_port(text, 10) == text
    assert not uses_port(configuration(f"http://127.0.0.1:{text}/"))


def test_the_processes_that_were_started_are_watched(place: Place) -> None:
    """By default the whole tree is the workload, its top alone: who is watched is watched with all children."""
    with started(configuration(setup=f"{sys.executable} chain.py"), place, print) as side:
        (workload,) = side.configuration.check.observe["workload"]
        assert workload.pid
        below = psutil.Process(workload.pid).children(recursive=True)
        assert len(below) >= 4
        assert side.death() is None


def test_a_component_by_name_is_its_own_only(place: Place) -> None:
    """A stranger of the same name is not watched, and what is watched apart is no part of the workload."""
    stranger = psutil.Popen(["sleep", "60"])
    try:
        sidecar = {"sidecar": (Watched(name="sleep"),)}
        with started(configuration(setup=f"{sys.executable} chain.py", observe=sidecar), place, print) as side:
            observe = side.configuration.check.observe
            assert commands(observe, "sidecar") == ["sleep 60"] * 3
            assert stranger.pid not in {each.pid for each in observe["sidecar"]}
            assert "workload" not in observe, "the service is above what is watched: with its children it counts twice"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_component_by_port_is_no_part_of_the_workload(place: Place) -> None:
    """Here it is all there is: the service listens there, and the rest is above or below it."""
    here = {"sidecar": (Watched(envoy_admin="http://127.0.0.1:${SMP_CHECK_PORT}"),)}
    with started(configuration(setup=f"{sys.executable} chain.py", observe=here), place, print) as side:
        observe = side.configuration.check.observe
        assert observe["sidecar"][0].envoy_admin == side.configuration.clients[0].endpoint_urls[0].rstrip("/")
        assert "workload" not in observe


def test_a_name_that_nobody_has_is_left_to_be_warned_of(place: Place) -> None:
    check: dict[str, Any] = {"setup": f"{sys.executable} service.py", "observe": {"sidecar": (Watched(name="envoy"),)}}
    with started(configuration(**check), place, print) as side:
        assert side.configuration.check.observe["sidecar"] == (Watched(name="envoy"),)
        assert side.configuration.check.observe["workload"]


def test_nothing_says_how_to_start(place: Place) -> None:
    with pytest.raises(InputError, match="nothing says how"), started(configuration(), place, print):
        pytest.fail("not reached")


def test_a_daemon_of_somebody_else_is_found_by_its_port(place: Place) -> None:
    """As with containers: the command has none of its processes left, and something else listens at the endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = configuration(f"http://127.0.0.1:{server.getsockname()[1]}/", setup="true")
        with started(given, place, lambda _: None) as side:
            assert side.configuration.check.observe == {"workload": (Watched(port=server.getsockname()[1]),)}


def test_a_client_of_a_container_engine_is_not_the_service(place: Place) -> None:
    """`docker run` in the foreground only waits; what the container uses cannot be seen through it."""
    double = place.folder / "docker"
    double.symlink_to(shutil.which("sleep") or "")
    with started(configuration(setup=f"{sys.executable} service.py & exec {double} 60"), place, print) as side:
        (workload,) = side.configuration.check.observe["workload"]
        assert workload.pid is None
        assert workload.port


def test_only_waiting_and_tearing_down(place: Place) -> None:
    """Somebody else starts it; nothing of ours is there to be watched."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = configuration(f"http://127.0.0.1:{server.getsockname()[1]}/", teardown="touch gone")
        with started(given, place, pytest.fail) as side:
            assert side.configuration.check.observe == {}
    assert (place.folder / "gone").exists()


def test_a_system_that_somebody_else_started(place: Place) -> None:
    with started(configuration("http://127.0.0.1:9/"), place, print) as side:
        assert side.running is None
        assert side.configuration.check.observe == {}


def test_two_sides_at_once_with_a_log_each(place: Place) -> None:
    recipe = Recipe(command=f"{sys.executable} service.py", place=place)
    with two_systems(configuration(), recipe, recipe, 1, print) as (base, head):
        assert base.running is not None
        assert head.running is not None
        assert base.running.start.port != head.running.start.port
        assert base.configuration.clients != head.configuration.clients
    assert sorted(path.name for path in place.logs.iterdir()) == ["base-2.log", "head-2.log"]


def test_logs_of_an_earlier_run_do_not_stay(place: Place) -> None:
    place.logs.mkdir()
    for name in ("head-1.log", "head-9.log", "notes.txt"):
        (place.logs / name).write_text("old")
    with started(configuration(setup=f"{sys.executable} service.py"), place, print):
        assert sorted(path.name for path in place.logs.iterdir()) == ["head-1.log", "notes.txt"]


def test_two_sides_need_two_ports(place: Place) -> None:
    recipe = Recipe(command="true", place=place)
    fixed = configuration("http://127.0.0.1:8080/")
    with pytest.raises(InputError) as caught, two_systems(fixed, recipe, recipe, 0, print):
        pytest.fail("not reached")
    assert "${SMP_CHECK_PORT}" in str(caught.value.hint)


def test_one_system_by_two_urls(place: Place) -> None:
    given = configuration(setup=f"{sys.executable} service.py")
    with one_system(given, place, 0, print, base_url=URL + "direct") as (base, head):
        assert base.running is head.running
        assert base.running is not None
        assert base.url == f"http://127.0.0.1:{base.running.start.port}/direct"
        assert head.url is None
    unstarted = replace(given, check=replace(given.check, setup=None))
    with pytest.raises(InputError, match="nothing says how"), one_system(unstarted, place, 0, print, base_url=URL):
        pytest.fail("not reached")
