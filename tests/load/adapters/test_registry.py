"""Load generators by name: ours, other packages', and what happens to bad ones."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from smp_check.errors import InputError, MeasurementError
from smp_check.load import registry
from smp_check.load.adapters.command import CommandGenerator
from smp_check.load.capabilities import CAPABILITIES
from smp_check.load.port import Generator
from smp_check.load.registry import generator_for, generators


class Foreign:
    """A generator of another package."""

    smp_check_api = 1
    name = "foreign"


class OldForeign:
    smp_check_api = 0


def entries(monkeypatch: pytest.MonkeyPatch, **named: str) -> None:
    found = [
        EntryPoint(name=name.replace("_", "-"), value=value, group=registry.GROUP) for name, value in named.items()
    ]

    def entry_points(**_: Any) -> list[EntryPoint]:
        return found

    monkeypatch.setattr(registry, "entry_points", entry_points)


def test_every_generator_with_capabilities_can_be_made_and_only_those() -> None:
    assert list(generators()) == list(CAPABILITIES)
    for name, make in generators().items():
        assert make().name == name


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(InputError, match="fotrio") as caught:
        generator_for("fotrio")
    assert "did you mean 'fortio'" in str(caught.value.hint)


def test_another_package_can_add_one(monkeypatch: pytest.MonkeyPatch) -> None:
    entries(monkeypatch, foreign=f"{__name__}:Foreign")
    monkeypatch.setattr(EntryPoint, "load", lambda self: Foreign)
    made: Any = generator_for("foreign")
    assert isinstance(made, Foreign)


def test_another_package_cannot_replace_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    entries(monkeypatch, fortio="evil:Fortio")
    assert isinstance(generator_for("fortio"), CommandGenerator)


@pytest.mark.parametrize(("made", "words"), [(OldForeign, "interface 0"), (Generator, "interface None")])
def test_one_for_another_interface_is_refused(monkeypatch: pytest.MonkeyPatch, made: type, words: str) -> None:
    entries(monkeypatch, foreign="somewhere:else")
    monkeypatch.setattr(EntryPoint, "load", lambda self: made)
    with pytest.raises(InputError, match=words):
        generator_for("foreign")


def test_one_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entries(monkeypatch, foreign="no_such_module:Thing")
    with pytest.raises(InputError, match=r"foreign.*no_such_module"):
        generator_for("foreign")


def test_a_generator_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for name in set(CAPABILITIES) - {"embedded", "fortio-server"}:
        with pytest.raises(MeasurementError, match="not installed") as caught:
            generator_for(name).probe()
        assert caught.value.hint
        assert len(caught.value.hint) > len("install it: ")
