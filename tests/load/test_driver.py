"""Plan -> rounds: order, events, noise, failures that end a run early, and interruption."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest

from smp_check.capture.port import Observation
from smp_check.errors import MeasurementError
from smp_check.load.driver import drive
from smp_check.load.embedded.generator import EmbeddedGenerator
from smp_check.load.embedded.target import BuiltinTarget
from smp_check.load.events import Event, RoundEnded, RoundStarted, Started, Ticked, WarmingUp, Warned
from smp_check.load.plan import Plan, interleave, make_plan
from smp_check.load.port import Load, Sample, Tick
from smp_check.spec.configuration import CheckOptions, Client, Configuration
from smp_check.spec.run import Counts, Latency, Noise, Round

NOW = datetime(2026, 1, 31, tzinfo=timezone.utc)


def sample(ok: int = 10, errors: dict[str, int] | None = None, **more: Any) -> Sample:
    errors = errors or {}
    status = {"200": ok} if ok else {}
    if "status" in errors:
        status["500"] = errors["status"]
    counts = Counts(sent=ok + sum(errors.values()), ok=ok, errors=errors, status=status)
    latency = Latency(count=ok, percentiles={"p50": 0.001, "p99": 0.002} if ok else {})
    faults = {kind: f"example of {kind}" for kind in errors}
    defaults: dict[str, Any] = {"start": NOW, "end": NOW + timedelta(seconds=1), "achieved_rps": 10.0, "connections": 1}
    return Sample(**(defaults | {"counts": counts, "latency": latency, "faults": faults} | more))


@dataclass
class Fake:
    """A generator that plays samples back, the last one for ever; and notes what was asked of it."""

    samples: list[Any]
    log: list[str] = field(default_factory=list)
    name: str = "fake"

    @contextmanager
    def session(self, load: Load) -> Iterator[Any]:
        self.log.append(f"open {load.client}")
        left, log = list(self.samples), self.log

        class Session:
            def measure(self, seconds: float, on_tick: Any) -> Sample:
                log.append(f"{load.urls[0]} {seconds:g}")
                on_tick(Tick(elapsed=seconds, sent=1, ok=1, failed=0))
                found: Any = left.pop(0) if len(left) > 1 else left[0]
                if isinstance(found, BaseException):
                    raise found
                return cast("Sample", found)

        try:
            yield Session()
        finally:
            self.log.append(f"close {load.client}")


@dataclass
class Watch:
    noise: Noise = Noise()
    log: list[str] = field(default_factory=list)

    def begin(self, role: str) -> None:
        self.log.append(role)

    def end(self) -> Observation:
        return Observation(noise=self.noise, warnings=("cannot see containers",))


def plan(rounds: int = 4, clients: int = 1, warmup: float = 0.0) -> Plan:
    loads = tuple(Load(client=f"client-{i + 1}", urls=("http://h:1/",), rate=10.0) for i in range(clients))
    return Plan(
        loads={"head": loads}, schedule=interleave(("head",), rounds, seconds=1.0), round_seconds=1.0, warmup=warmup
    )


def run(made: Plan, fake: Any, watch: Watch | None = None, events: list[Event] | None = None) -> list[Round]:
    rounds: list[Round] = []
    generators = {load.client: fake for loads in made.loads.values() for load in loads}
    collected: list[Event] = [] if events is None else events
    for measured in drive(made, generators, watch=watch or Watch(), on_event=collected.append):
        rounds.append(measured)
        collected.append(measured)  # type: ignore[arg-type]
    return rounds


def test_rounds_come_in_the_order_of_the_schedule() -> None:
    configuration = Configuration(
        name="t",
        duration=2.0,
        clients=(Client(name="client-1", rps=5, endpoint_urls=("http://h/",)),),
        check=CheckOptions(round=1.0, warmup=3.0, reference="http://r/"),
    )
    fake, watch = Fake([sample()]), Watch()
    rounds = run(make_plan(configuration, reference_url="http://r/"), fake, watch)
    assert [(r.role, r.index) for r in rounds] == [("head", 0), ("reference", 0), ("reference", 1), ("head", 1)]
    assert watch.log == ["head", "reference", "reference", "head"]
    assert fake.log == [
        "open client-1",
        "open client-1",
        "http://h/ 0.5",
        "http://h/ 2.5",
        "http://r/ 0.5",
        "http://r/ 2.5",
        "http://h/ 1",
        "http://r/ 0.5",
        "http://r/ 0.5",
        "http://h/ 1",
        "close client-1",
        "close client-1",
    ]


def test_events_tell_the_story() -> None:
    events: list[Event] = []
    run(plan(rounds=1, warmup=0.5), Fake([sample()]), events=events)
    kinds = [type(event) for event in events]
    assert kinds == [Started, WarmingUp, Ticked, RoundStarted, Ticked, Warned, RoundEnded, Round]
    assert events[0] == Started(rounds=1, seconds=1.75, notes=())


def test_warnings_are_said_once() -> None:
    events: list[Event] = []
    run(plan(rounds=3), Fake([sample(warnings=("slow",))]), events=events)
    said = [event.message for event in events if isinstance(event, Warned)]
    assert said == ["client-1: slow", "cannot see containers"]


def test_all_clients_are_loaded_at_once() -> None:
    barrier = threading.Barrier(3, timeout=10)

    class Meeting(Fake):
        @contextmanager
        def session(self, load: Load) -> Iterator[Any]:
            class Session:
                def measure(self, seconds: float, on_tick: Any) -> Sample:
                    barrier.wait()
                    return sample()

            yield Session()

    rounds = run(plan(rounds=2, clients=3), Meeting([]))
    assert [(r.client, r.index) for r in rounds] == [(f"client-{c}", i) for i in (0, 1) for c in (1, 2, 3)]


@pytest.mark.parametrize(
    ("noise", "more", "says"),
    [
        (Noise(cpu_steal=0.2), {}, "stolen"),
        (Noise(run_queue=5.0), {}, "tasks"),
        (Noise(), {"schedule_lag": 0.01}, "late"),
        (Noise(), {"generator_cpu": 0.97}, "97 % of its core"),
    ],
)
def test_noisy_rounds_say_why(noise: Noise, more: dict[str, Any], says: str) -> None:
    (measured,) = run(plan(rounds=1), Fake([sample(**more)]), Watch(noise))
    assert says in measured.noisy[0]
    assert measured.noise.schedule_lag == more.get("schedule_lag")


def test_calm_rounds_are_not_noisy() -> None:
    noise = Noise(cpu_steal=0.001, run_queue=0.8, cpu_busy=0.9)
    (measured,) = run(plan(rounds=1), Fake([sample(schedule_lag=0.0001, generator_cpu=0.3)]), Watch(noise))
    assert measured.noisy == ()


def failing(made: Plan, fake: Fake) -> tuple[MeasurementError, list[Round]]:
    rounds: list[Round] = []
    events: list[Any] = []
    with pytest.raises(MeasurementError) as caught:
        run(made, fake, events=events)
    rounds = [event for event in events if isinstance(event, Round)]
    assert [entry for entry in fake.log if entry.startswith("close")], "closed after a failure"
    return caught.value, rounds


def test_no_answer_at_all_ends_before_the_first_round() -> None:
    fault, rounds = failing(plan(warmup=3.0), Fake([sample(0, {"connect": 4})]))
    assert rounds == []
    assert "http://h:1/" in fault.message
    assert "example of connect" in fault.message
    assert fault.hint is not None
    assert "running" in fault.hint


def test_only_errors_end_after_the_first_round_which_is_kept() -> None:
    fault, rounds = failing(plan(warmup=3.0), Fake([sample(0, {"status": 40})]))
    assert len(rounds) == 1
    assert "500" in fault.message


def test_a_target_that_dies_ends_the_run_after_two_rounds_without_success() -> None:
    fault, rounds = failing(plan(rounds=9), Fake([sample(), sample(), sample(0, {"connect": 3})]))
    assert len(rounds) == 4
    assert "any more" in fault.message


def test_one_bad_round_is_survived() -> None:
    rounds = run(plan(rounds=4), Fake([sample(), sample(1, {"timeout": 9}), sample(), sample()]))
    assert len(rounds) == 4


def test_more_errors_than_successes_end_the_run() -> None:
    fault, rounds = failing(plan(), Fake([sample(4, {"status": 6})]))
    assert len(rounds) == 1
    assert "6 of 10 requests fail" in fault.message


def test_a_generator_that_fails_ends_the_run_and_loses_nothing() -> None:
    fault, rounds = failing(plan(), Fake([sample(), sample(), MeasurementError("it crashed")]))
    assert fault.message == "it crashed"
    assert len(rounds) == 2


def test_interruption_passes_through_and_closes_everything_at_once() -> None:
    with BuiltinTarget("constant:300ms") as target:
        load = Load(client="client-1", urls=(target.url,), rate=20.0, connections=8)
        many = tuple(load if i == 0 else Load(client="client-2", urls=(target.url,)) for i in range(2))
        made = Plan(loads={"head": many}, schedule=interleave(("head",), 5, seconds=1), round_seconds=1, warmup=0)
        rounds = drive(
            made, {x.client: EmbeddedGenerator() for x in many}, watch=Watch(), on_event=interrupt_in_round_two
        )
        kept = [next(rounds), next(rounds)]
        with pytest.raises(KeyboardInterrupt):
            next(rounds)
        began = time.monotonic()
        assert next(rounds, None) is None
        assert time.monotonic() - began < 1
        assert len(kept) == 2


def interrupt_in_round_two(event: Event) -> None:
    """As Ctrl-C would: in the main thread, while a round is under way."""
    if isinstance(event, RoundStarted) and event.number == 2:
        raise KeyboardInterrupt
