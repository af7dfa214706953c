"""The load generators by name: ours, and those that other packages add.

Another package adds one by an entry point of the group ``smp_check.generators``: its name is what
``load_generator`` says, its object a callable without arguments that gives a ``smp_check.load.port.Generator``
and has an attribute ``smp_check_api`` equal to ``API``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from smp_check.errors import InputError
from smp_check.load.capabilities import CAPABILITIES

if TYPE_CHECKING:
    from smp_check.load.port import Generator

GROUP = "smp_check.generators"
API = 1
"""Version of the port; raised when a generator written for the one before would not work any more."""
_ADAPTERS: Mapping[str, str] = {
    "fortio": "fortio:FortioAdapter",
    "nighthawk": "nighthawk:NighthawkAdapter",
    "wrk2": "wrk2:Wrk2Adapter",
    "wrk": "wrk:WrkAdapter",
    "k6": "k6:K6Adapter",
    "vegeta": "vegeta:VegetaAdapter",
    "oha": "oha:OhaAdapter",
    "hey": "hey:HeyAdapter",
    "h2load": "h2load:H2loadAdapter",
    "autocannon": "autocannon:AutocannonAdapter",
}
_OTHERS: Mapping[str, str] = {
    "embedded": "smp_check.load.embedded.generator:EmbeddedGenerator",
    "fortio-server": "smp_check.load.fortio_server.generator:FortioServerGenerator",
}


def generators() -> Mapping[str, Callable[[], Generator]]:
    """All load generators by name, ours first; a generator is imported when it is made.

    One of another package can't stand in for one of ours. Making one raises ``InputError`` if it is not usable.
    """
    ours = {name: partial(_make, name) for name in CAPABILITIES if name in _ADAPTERS or name in _OTHERS}
    added = {entry.name: partial(_load, entry) for entry in entry_points(group=GROUP) if entry.name not in ours}
    return {**ours, **added}


def generator_for(name: str) -> Generator:
    """The load generator of this name. Raises ``InputError`` with the nearest name for an unknown one."""
    known = generators()
    if name not in known:
        raise InputError(f"no load generator is called {name!r}", hint=_suggestion(name, known))
    return known[name]()


def _suggestion(name: str, known: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), known, n=1)
    every = ", ".join(known)
    return f"did you mean {near[0]!r}? There are: {every}" if near else f"there are: {every}"


def _make(name: str) -> Generator:
    if name in _ADAPTERS:
        from smp_check.load.adapters.command import CommandGenerator

        return CommandGenerator(_attribute(f"smp_check.load.adapters.{_ADAPTERS[name]}")())
    made: Generator = _attribute(_OTHERS[name])()
    return made


def _attribute(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def _load(entry: EntryPoint) -> Generator:
    origin = entry.dist.name if entry.dist is not None else entry.value
    try:
        make = entry.load()
    except Exception as fault:  # whatever somebody else's module does when it is imported
        raise InputError(
            f"the load generator {entry.name!r} of {origin} cannot be loaded: {fault}",
            hint=f"pip install --upgrade {origin}, or remove it",
        ) from fault
    api = getattr(make, "smp_check_api", None)
    if api != API:
        raise InputError(
            f"the load generator {entry.name!r} of {origin} is written for interface {api}, this is {API}",
            hint=f"pip install --upgrade {origin} smp-check",
        )
    made: Generator = make()
    return made
