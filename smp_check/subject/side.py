"""One side of a measurement: a configuration whose endpoints take load now, started for it where it says how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from smp_check.capture.listeners import by_port
from smp_check.capture.port import WORKLOAD
from smp_check.capture.sampler import LostError
from smp_check.errors import InputError
from smp_check.spec.configuration import Watched
from smp_check.subject import tree
from smp_check.subject.placeholders import mentions_port, placed, with_port
from smp_check.subject.ports import free_port
from smp_check.subject.process import NOTHING, Running, Start, running
from smp_check.subject.ready import address, readiness

if TYPE_CHECKING:
    import psutil

    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import Role

OnWarning = Callable[[str], None]

_HERE = frozenset({"127.0.0.1", "localhost", "::1"})
_CLIENTS = ("docker", "docker-compose", "kubectl", "nerdctl", "ssh")
"""Commands that only wait for what somebody else's daemon runs: their CPU time says nothing of the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A system under test that takes load."""

    configuration: Configuration
    """Endpoints with their port, ``observe`` with the processes that were started."""
    url: str | None = None
    """Where the load goes instead of the configuration's endpoints, if it does."""
    running: Running | None = None
    """``None`` for a system that somebody else started."""

    def death(self) -> str | None:
        """How the system ended, with the end of its log, if it has failed by now."""
        return None if self.running is None else self.running.death()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a side is started."""

    folder: Path
    logs: Path
    """Folder for its log, made when needed."""
    environment: Mapping[str, str]


@contextmanager
def started(
    configuration: Configuration,
    place: Place,
    on_warning: OnWarning,
    *,
    command: str | None = None,
    role: Role = "head",
    launch: int = 0,
    urls: Sequence[str] | None = None,
) -> Iterator[Side]:
    """Start one side with ``command`` (default: ``check.setup``), and stop it when the context is left.

    Without a command the endpoints are taken as they are, once ``check.ready_url`` answers if there is one.
    ``urls`` is where the load will go, and what has to accept connections, if not the configuration's endpoints.
    Raises ``MeasurementError`` if it does not come up, ``InputError`` if it cannot be started at all.
    """
    check = configuration.check
    command = command or check.setup
    urls = urls or [url for client in configuration.clients for url in client.endpoint_urls]
    if command is None:
        _refuse_placeholders(urls)
        if not check.ready_url and not check.teardown:
            yield Side(configuration=configuration)
            return
    port = free_port()
    here = placed(configuration, port)
    reached = [with_port(url, port) for url in urls]
    start = Start(
        command=command or NOTHING,
        role=role,
        port=port,
        folder=place.folder,
        log=_log(place.logs, role, launch),
        ready=readiness(here.check.ready_url, reached, seconds=check.ready_timeout),
        teardown=check.teardown,
        environment=place.environment,
        launch=launch,
    )
    with running(start, on_warning) as system:
        yield Side(configuration=observing(here, system) if command else here, running=system)


def observing(configuration: Configuration, system: Running) -> Configuration:
    """Watch the processes that were started: those named among them only, the rest as the workload.

    Two sides on one machine have processes of the same name, and each is to see its own.
    """
    processes = system.processes()
    observe: dict[str, tuple[Watched, ...]] = {}
    claimed: list[psutil.Process] = []
    for component, watched in configuration.check.observe.items():
        own = [_own(each, processes) for each in watched]
        claimed += [process for found in own for process in found]
        observe[component] = tuple(
            one
            for each, found in zip(watched, own, strict=True)
            for one in (_pids(found) if each.name and found else (each,))
        )
    waiting = [process for name in _CLIENTS for process in tree.named(processes, name)]
    workload = () if waiting else _pids(tree.apart_from(processes, claimed))
    if not workload and not claimed:
        workload = _listening(configuration)
    if WORKLOAD not in observe and workload:
        observe[WORKLOAD] = workload
    return replace(configuration, check=replace(configuration.check, observe=observe))


def _listening(configuration: Configuration) -> tuple[Watched, ...]:
    """Who listens at the endpoints, where that can be seen: another program's daemon may have started it."""
    found = {}
    for client in configuration.clients:
        for host, port in map(address, client.endpoint_urls):
            if host in _HERE:
                with suppress(LostError):
                    by_port(port)()
                    found[port] = Watched(port=port)
    return tuple(found.values())


def _own(watched: Watched, processes: Sequence[psutil.Process]) -> Sequence[psutil.Process]:
    """Those of the processes that are meant: by name, or by the port on which one listens."""
    if watched.name:
        return tree.named(processes, watched.name)
    port = watched.port or (address(watched.envoy_admin)[1] if watched.envoy_admin else None)
    if port is None:
        return ()
    with suppress(LostError):
        listening = {process.pid for process in by_port(port)()}
        return [process for process in processes if process.pid in listening]
    return ()


def _pids(processes: Sequence[psutil.Process]) -> tuple[Watched, ...]:
    return tuple(Watched(pid=process.pid) for process in tree.tops(processes))


def _refuse_placeholders(urls: Sequence[str]) -> None:
    for url in urls:
        if mentions_port(url):
            raise InputError(
                f"{url} names the port of a system that smp-check starts, and nothing says how",
                hint="give check.setup, the command that starts it, or another URL",
            )


def _log(folder: Path, role: Role, launch: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{role}-*.log") if launch == 0 else ():
        old.unlink()  # an earlier run's, which may have had more launches
    return folder / f"{role}-{launch + 1}.log"
