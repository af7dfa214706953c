"""Base and head in one run document: order, launches, looks, time, and what is kept when something goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.capture.port import Observation
from smp_check.errors import InputError, Interrupted, MeasurementError
from smp_check.load.events import Noted, RoundEnded, RoundStarted, Started
from smp_check.load.plan import BETWEEN_ROUNDS
from smp_check.load.port import Sample
from smp_check.pipeline.bench import Bench, Reference
from smp_check.pipeline.match import Match, arranged, once
from smp_check.pipeline.sides import measure_sides
from smp_check.spec.configuration import CheckOptions, Client, Configuration, Launches
from smp_check.spec.run import Counts, GeneratorInfo, Latency, Provenance
from smp_check.subject.side import Side

if TYPE_CHECKING:
    from smp_check.load.port import Load
    from smp_check.pipeline.measure import Measured

NOW = datetime(2026, 1, 31, tzinfo=timezone.utc)
CONFIGURATION = Configuration(
    name="t",
    duration=20,
    clients=(Client(name="client-1", rps=10, endpoint_urls=("http://head:1/x",)),),
    check=CheckOptions(round=1.0, warmup=0.0),
    test={"name": "t"},
)
Act = Callable[[str], None]


def nothing(_url: str) -> None:
    """The usual round."""


@dataclass
class World:
    """A generator, watches and sides that note what is asked of them; ``act`` may fail at a URL."""

    act: Act = nothing
    log: list[str] = field(default_factory=list)
    measured: int = 0
    yardsticks: dict[str, int | None] = field(default_factory=dict)
    """The reference's process that a side's watch was told of, by the side's URL."""
    name: str = "fake"

    def probe(self) -> GeneratorInfo:
        return GeneratorInfo(name="fake", version="1", open_loop=True, percentile_method="hdr", resolution=1e-6)

    def objection(self, load: Load) -> str | None:
        return None

    def command(self, load: Load, seconds: float) -> tuple[str, ...]:
        return ()

    @contextmanager
    def session(self, load: Load) -> Iterator[Any]:
        world = self

        class Session:
            def measure(self, seconds: float, on_tick: Any) -> Sample:
                world.measured += 1
                world.log.append(load.urls[0])
                world.act(load.urls[0])
                counts = Counts(sent=10, ok=10, status={"200": 10})
                latency = Latency(count=10, percentiles={"p50": 0.001})
                end = NOW + timedelta(seconds=seconds)
                return Sample(start=NOW, end=end, achieved_rps=10, connections=1, counts=counts, latency=latency)

        yield Session()

    @contextmanager
    def watch(self, configuration: Configuration, reference: int | None = None) -> Iterator[Any]:
        log, url = self.log, configuration.clients[0].endpoint_urls[0]
        self.yardsticks[url] = reference

        class Watch:
            def begin(self, role: str) -> None:
                log.append(f"watch {role} as {url}")

            def end(self) -> Observation:
                return Observation()

        yield Watch()

    @contextmanager
    def start(self, launch: int) -> Iterator[tuple[Side, Side]]:
        self.log.append(f"start {launch}")
        base = (replace(CONFIGURATION.clients[0], endpoint_urls=("http://base:1/x",)),)
        try:
            yield Side(configuration=replace(CONFIGURATION, clients=base)), Side(configuration=CONFIGURATION)
        finally:
            self.log.append(f"stop {launch}")

    def bench(self) -> Bench:
        @contextmanager
        def reference(choice: str | None) -> Iterator[Reference | None]:
            yield None if choice is None else Reference(url=choice, pid=4711)

        return Bench(
            generator=lambda _: self,
            reference=reference,
            watch=self.watch,
            environment=lambda _: {},
            machine=dict,
            provenance=Provenance,
            now=lambda: NOW,
            new_id=lambda: "id",
        )

    def match(self, least: int, most: int, **more: Any) -> Match:
        return Match(start=self.start, launches=Launches(min=least, max=most), **({"pairs": 6} | more))


def measured(world: World, match: Match, decided: Any = lambda run: False, events: list[Any] | None = None) -> Measured:
    events = [] if events is None else events
    return measure_sides(CONFIGURATION, world.bench(), match, decided, events.append)


def test_launches_of_blocks_of_pairs() -> None:
    """Each launch starts afresh and is made of ABBA blocks; numbers run through; each side is watched by itself."""
    world = World()
    rounds = measured(world, world.match(2, 2)).run.details.rounds
    assert [r.index for r in rounds] == [place for place in range(12) for _ in "ab"]
    assert [r.launch for r in rounds] == [0] * 12 + [1] * 12
    for block in range(0, 24, 4):
        roles = [r.role for r in rounds[block : block + 4]]
        assert roles in (["base", "head", "head", "base"], ["head", "base", "base", "head"])
    urls = [entry for entry in world.log if entry.startswith("http")]
    assert {r.role: url for r, url in zip(rounds, urls, strict=True)} == {
        "base": "http://base:1/x",
        "head": "http://head:1/x",
    }
    watched = {entry for entry in world.log if entry.startswith("watch")}
    assert watched == {"watch base as http://base:1/x", "watch head as http://head:1/x"}
    assert [entry for entry in world.log if entry[:2] == "st"] == ["start 0", "stop 0", "start 1", "stop 1"]


def test_the_first_side_of_a_block_is_drawn() -> None:
    world = World()
    rounds = measured(world, world.match(12, 12)).run.details.rounds
    assert {rounds[block].role for block in range(0, len(rounds), 4)} == {"base", "head"}


def test_measuring_stops_once_all_is_decided() -> None:
    """Looks come after the fewest launches and after every second one; each is made on all rounds so far."""
    seen: list[int] = []

    def decided(run: Any) -> bool:
        seen.append(len({r.launch for r in run.details.rounds}))
        return len(seen) == 2

    world = World()
    run = measured(world, world.match(2, 8), decided).run
    assert seen == [2, 4]
    assert run.details.plan["launches"] == 4
    assert run.details.complete


def test_undecided_to_the_end() -> None:
    """The last launch is not followed by a look: the verdict comes anyway."""
    seen: list[Any] = []
    world = World()

    def decided(run: Any) -> bool:
        seen.append(run)
        return False

    run = measured(world, world.match(2, 5), decided).run
    assert len(seen) == 2
    assert run.details.plan["launches"] == 5


def test_where_nothing_is_restarted_looks_come_after_pairs() -> None:
    counts: list[int] = []

    def decided(run: Any) -> bool:
        counts.append(len(run.details.rounds) // 2)
        return len(counts) == 2

    world = World()
    match = once(world.match(6, 12), replace(CONFIGURATION, duration=100))
    assert (match.pairs, match.restarts, match.looks()) == (100, False, (12, 24, 48, 96, 100))
    run = measured(world, match, decided).run
    assert counts == [12, 24]
    assert run.details.plan["restarts"] is False
    assert {r.launch for r in run.details.rounds} == {0}


@pytest.mark.parametrize(
    ("duration", "seconds", "pairs"),
    [(2, None, 12), (20, None, 20), (100, 61, int(61 / (2 + 2 * BETWEEN_ROUNDS))), (100, 1, 2)],
)
def test_how_long_one_launch_is(duration: float, seconds: float | None, pairs: int) -> None:
    match = once(World().match(6, 12, max_seconds=seconds), replace(CONFIGURATION, duration=duration))
    assert match.pairs == pairs


def test_one_launch_of_commands_takes_all_the_rounds() -> None:
    match = World().match(1, 1)
    assert arranged(match, CONFIGURATION) == once(match, CONFIGURATION)
    assert arranged(World().match(6, 12), CONFIGURATION).pairs == 6


def test_no_launch_is_begun_that_does_not_fit() -> None:
    """A launch is reckoned with its load even before one has been seen; the first is always made."""
    world = World()
    events: list[Any] = []
    run = measured(world, world.match(6, 12, max_seconds=5.0), events=events).run
    assert {r.launch for r in run.details.rounds} == {0}
    (remark,) = run.details.remarks
    assert (remark.code, remark.severity) == ("max-time", "warning")
    assert remark.message in [event.message for event in events if isinstance(event, Noted)]


def test_what_was_promised() -> None:
    match = World().match(6, 12)
    one = 12 * (1 + BETWEEN_ROUNDS) + 5
    assert match.expected(CONFIGURATION) == pytest.approx((6 * one, 12 * one))
    assert replace(match, max_seconds=150.0).expected(CONFIGURATION) == pytest.approx((6 * one, 150.0))
    assert replace(match, max_seconds=60.0).expected(CONFIGURATION) == (60.0, 60.0)
    for seconds, launches in ((None, 12), (7.5 * one, 7), (3.5 * one, 3), (1.0, 1)):
        assert replace(match, max_seconds=seconds).fitting(CONFIGURATION) == launches


def test_events_are_those_of_one_measurement() -> None:
    events: list[Any] = []
    world = World()
    measured(world, world.match(2, 2), events=events)
    (start,) = [event for event in events if isinstance(event, Started)]
    assert start.rounds == 24
    for kind in (RoundStarted, RoundEnded):
        assert [e.number for e in events if isinstance(e, kind)] == list(range(1, 25))
        assert {e.of for e in events if isinstance(e, kind)} == {24}


def test_a_reference_is_interleaved_on_demand() -> None:
    world = World()
    rounds = measured(world, world.match(1, 1, reference="http://other:1/")).run.details.rounds
    assert [r.role for r in rounds].count("reference") == 6
    assert "http://other:1/x" in world.log
    assert world.yardsticks == {"http://base:1/x": None, "http://head:1/x": 4711}, "the head's sees the reference"


def failing(after: int, fault: BaseException) -> World:
    world = World()

    def act(_url: str) -> None:
        if world.measured > after:
            raise fault

    world.act = act
    return world


@pytest.mark.parametrize("fault", [MeasurementError("the generator crashed"), KeyboardInterrupt()])
def test_what_was_measured_is_kept(fault: BaseException) -> None:
    world = failing(15, fault)
    result = measured(world, world.match(6, 12))
    assert len(result.run.details.rounds) == 15
    assert isinstance(result.failure, (MeasurementError, Interrupted))
    assert not result.run.details.complete
    assert world.log[-1] == "stop 1"


def test_nothing_measured_is_no_run() -> None:
    world = failing(0, MeasurementError("nothing answers"))
    with pytest.raises(MeasurementError, match="nothing answers"):
        measured(world, world.match(6, 12))
    assert world.log[-1] == "stop 0"


def test_a_start_that_fails_later_keeps_the_launches_before() -> None:
    world = World()
    original = world.start

    def start(launch: int) -> Any:
        if launch == 2:
            raise InputError("out of ports")
        return original(launch)

    result = measured(world, replace(world.match(6, 12), start=start))
    assert len(result.run.details.rounds) == 24
    assert result.failure is not None
    assert result.failure.message == "out of ports"


def test_the_document_says_where_the_base_came_from() -> None:
    world = World()
    match = world.match(1, 1, base=Provenance(commit="abc", branch="main"))
    details = measured(world, match).run.details
    assert details.base == Provenance(commit="abc", branch="main")
    assert details.targets == {"head": ("http://head:1/x",), "base": ("http://base:1/x",)}


def test_a_restless_machine_gets_longer_launches() -> None:
    """The first launch says how many pairs the others should have; places in the schedule go on counting."""
    world = World()
    bench, match = world.bench(), world.match(3, 3)
    run = measure_sides(CONFIGURATION, bench, match, lambda _: False, lambda _: None, more=lambda _, n: 2 * n).run
    rounds = [r for r in run.details.rounds if r.role == "head"]
    assert [sum(r.launch == launch for r in rounds) for launch in range(3)] == [6, 12, 12]
    assert [r.index for r in rounds] == list(range(30))
