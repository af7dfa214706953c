"""Base and head together, for one launch: two systems, or one system reached in two ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smp_check.errors import InputError
from smp_check.subject.placeholders import uses_port, with_port
from smp_check.subject.side import Place, Side, started

if TYPE_CHECKING:
    from smp_check.spec.configuration import Configuration
    from smp_check.spec.run import Role

OnWarning = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one side is started."""

    command: str
    place: Place


@contextmanager
def two_systems(
    configuration: Configuration, base: Recipe, head: Recipe, launch: int, on_warning: OnWarning
) -> Iterator[tuple[Side, Side]]:
    """Start both sides, each on ports of its own; who is first alternates, lest being first be an advantage.

    Raises ``InputError`` if the endpoints leave no room for two.
    """
    if not uses_port(configuration):
        raise InputError(
            "base and head run at the same time, so each needs a port of its own",
            hint="write ${SMP_CHECK_PORT} for the port in every endpoint_urls entry, as in "
            "http://127.0.0.1:${SMP_CHECK_PORT}/, and let the start command listen on that port",
        )
    recipes: dict[Role, Recipe] = {"base": base, "head": head}
    order: tuple[Role, ...] = ("head", "base") if launch % 2 else ("base", "head")
    with ExitStack() as stack:
        sides: dict[Role, Side] = {}
        for role in order:
            recipe = recipes[role]
            system = started(configuration, recipe.place, on_warning, command=recipe.command, role=role, launch=launch)
            sides[role] = stack.enter_context(system)
        yield sides["base"], sides["head"]


@contextmanager
def one_system(
    configuration: Configuration,
    place: Place,
    launch: int,
    on_warning: OnWarning,
    *,
    base_url: str,
    head_url: str | None = None,
) -> Iterator[tuple[Side, Side]]:
    """One system, or what somebody else started, reached by two URLs: directly and through a mesh, say.

    With ``check.setup`` the system is started for each launch, and the URLs may name its ports.
    """
    endpoints = [url for client in configuration.clients for url in client.endpoint_urls]
    urls = [base_url, head_url] if head_url else [base_url, *endpoints]
    with started(configuration, place, on_warning, launch=launch, urls=urls) as side:
        yield replace(side, url=_placed(base_url, side)), replace(side, url=_placed(head_url, side))


def _placed(url: str | None, side: Side) -> str | None:
    if url is None or side.running is None:
        return url
    return with_port(url, side.running.start.port)
