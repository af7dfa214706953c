"""The real world behind the pipeline's ports: generators, the built-in target, capture, clock, stores."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from smp_check.capture.cluster import Cluster
    from smp_check.cli.console import Console
    from smp_check.pipeline import Bench
    from smp_check.pipeline.bench import Reference
    from smp_check.spec.configuration import BaselineOptions, Configuration, Kubernetes
    from smp_check.store.branch import BranchBackend
    from smp_check.store.port import BaselineStore
    from smp_check.subject.side import Place


def real_bench(console: Console | None = None, logs: Path | None = None) -> Bench:
    """Ports bound to this machine, its environment and its clock; what is started writes its log into ``logs``."""
    from smp_check.capture.environment import capture_environment
    from smp_check.capture.machine import machine_fingerprint
    from smp_check.capture.mesh import capture_mesh
    from smp_check.capture.provenance import capture_provenance
    from smp_check.capture.watch import watch
    from smp_check.cli.console import Console
    from smp_check.load.registry import generator_for
    from smp_check.pipeline import Bench
    from smp_check.subject.side import started

    warn = (console or Console()).warn
    cluster = cluster_once(warn)
    return Bench(
        generator=generator_for,
        reference=reference_target,
        watch=watch,
        environment=lambda configuration: capture_environment(configuration, os.environ, cluster(configuration)),
        mesh=lambda configuration: capture_mesh(configuration, cluster(configuration), warn),
        machine=lambda: machine_fingerprint(os.environ),
        provenance=lambda: capture_provenance(Path.cwd(), os.environ),
        now=now,
        new_id=lambda: str(uuid.uuid4()),
        subject=lambda configuration: started(configuration, place(logs), warn),
    )


def cluster_once(warn: Callable[[str], None]) -> Callable[[Configuration], Cluster | None]:
    """Reads the cluster that the configuration names, the first time it is asked for."""
    from smp_check.capture.cluster import kubectl, read_cluster

    known: dict[Kubernetes, Cluster] = {}

    def cluster(configuration: Configuration) -> Cluster | None:
        where = configuration.check.kubernetes
        if where is None:
            return None
        if where not in known:
            known[where] = read_cluster(kubectl(where), warn)
        return known[where]

    return cluster


def place(logs: Path | None = None, folder: Path | None = None) -> Place:
    """Where a system under test is started: in this folder, with this environment."""
    from smp_check.cli.options import OUTPUT_DIRECTORY
    from smp_check.subject.side import Place

    return Place(folder=folder or Path.cwd(), logs=logs or OUTPUT_DIRECTORY / "logs", environment=dict(os.environ))


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(timezone.utc)


@contextmanager
def reference_target(choice: str | None) -> Iterator[Reference | None]:
    """The reference workload; the built-in target runs as long as the context."""
    from smp_check.pipeline.bench import Reference

    if choice != "builtin":
        yield None if choice is None else Reference(url=choice)
        return
    from smp_check.load.embedded.target import BuiltinTarget

    with BuiltinTarget() as target:
        yield Reference(url=target.url, pid=target.pid)


def store_for(
    options: BaselineOptions | None, console: Console, *, store: str | None = None, branch: str | None = None
) -> BaselineStore:
    """Open the baseline store: the command line's, else the configuration's, else what the surroundings suggest."""
    from smp_check.spec.configuration import BaselineOptions
    from smp_check.store.open import open_store

    options = options or BaselineOptions()
    return open_store(
        store or options.store,
        branch=branch or options.branch,
        cwd=Path.cwd(),
        environ=os.environ,
        on_warning=console.warn,
        branch_backend=_through_github,
    )


def _through_github(branch: str) -> BranchBackend | None:
    """GitHub's API for a branch of the workflow's repository, where there is a token; plain git elsewhere."""
    import click

    from smp_check.github.place import Place

    place, repository = Place.of(os.environ), os.environ.get("GITHUB_REPOSITORY")
    if os.environ.get("GITHUB_ACTIONS") != "true" or not place.token or not repository:
        return None
    from smp_check.github.branch import RestBranch
    from smp_check.github.client import GitHub

    github = GitHub(place)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(github.close)
    return RestBranch(github, repository, branch)
