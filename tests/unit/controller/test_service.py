"""The running controller over fake parts: overlaps, a clock that goes back, a clean stop, what is left for others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from controller.polling.commit import Committer
from controller.polling.cycle import Cycle, CycleReport, Observe
from controller.polling.memory import Memory
from controller.polling.names import Names
from controller.polling.observer import Observation
from controller.polling.service import Concluded, Controller, in_service
from controller.polling.settings import PollingSettings
from devices.model import Device, Inventory
from measurements.reading import Reading
from tests.unit.controller.test_cycle import Fleet, fleet_of
from tests.unit.controller.world import device, inventory, site


@dataclass
class Clock:
    ahead_s: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead_s

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Parts:
    """Notes what it is told."""

    inventory: Inventory
    concluded: list[CycleReport] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    published: list[Mapping[str, Any]] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)
    is_stopped: bool = False
    steps: list[float] = field(default_factory=list)
    changed: Inventory | None = None
    conclude_takes_s: float = 0.0
    upkeep_s: float = 0.0

    def conclude(self, report: CycleReport, devices: Sequence[Device], at: float) -> Concluded:
        time.sleep(self.conclude_takes_s)
        self.concluded.append(report)
        return Concluded(devices={"up": len(devices)})

    def watch_inventory(self, now: float) -> Inventory | None:
        found, self.changed = self.changed, None
        return found

    def adopt(self, inventory: Inventory) -> None:
        self.inventory = inventory

    def maintain(self, now: float, stop: Callable[[], bool]) -> bool:
        until = time.monotonic() + self.upkeep_s
        while time.monotonic() < until and not stop():
            time.sleep(0.01)
        return not stop()

    def observe(self) -> Observe:
        async def ask() -> Observation:
            return Observation(sight={})

        return ask

    def store_status(self) -> Mapping[str, Any]:
        return {"kind": "fake"}

    def tell(self, at: float, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
        self.told.append((kind, subject))

    def job(self, name: str, started: float, ended: float, outcome: str, facts: Mapping[str, Any]) -> None:
        self.jobs.append(name)

    def skipped(self, name: str, at: float) -> None:
        self.skips.append(name)

    def publish(self, status: Mapping[str, Any]) -> None:
        self.published.append(status)

    def save(self) -> None: ...

    def stopped(self) -> None:
        self.is_stopped = True

    def stepped(self, at: float, seconds: float) -> None:
        self.steps.append(seconds)

    def notes(self) -> list[str]:
        return []


class Bench:
    def __init__(self, fleet: Fleet, devices: Sequence[Device], *, interval_s: float = 1.0) -> None:
        self.clock = Clock()
        self.parts = Parts(inventory([site(d.site) for d in devices], devices))
        self.stored: list[Reading] = []
        settings = PollingSettings(interval_s=interval_s, classes={}, commit_s=0.05)
        committer = Committer(self.stored.extend, every_s=0.05, capacity=1000)
        memory = Memory()

        async def resolve(name: str) -> str:
            return "127.0.0.1"

        names = Names(ttl_s=60, monotonic=self.clock.monotonic, resolve=resolve)
        cycle = Cycle(settings=settings, poll=fleet, committer=committer, names=names, memory=memory, clock=self.clock)
        self.memory = memory
        self.controller = Controller(
            settings=settings, parts=self.parts, cycle=cycle, committer=committer, memory=memory, clock=self.clock,
            about={"pid": 1},
        )  # fmt: skip

    async def run_for(self, seconds: float) -> None:
        running = asyncio.create_task(self.controller.run(ready=lambda: None))
        await asyncio.sleep(seconds)
        self.controller.stop()
        await asyncio.wait_for(running, 5)


def test_it_polls_every_interval_leaves_a_status_and_stops_cleanly() -> None:
    bench = Bench(Fleet(), fleet_of(5))
    asyncio.run(bench.run_for(2.6))
    assert len(bench.parts.concluded) >= 2
    slots = [r.slot for r in bench.parts.concluded]
    assert slots == sorted(set(slots))
    assert {r.slot for r in bench.stored} >= set(slots)
    last = bench.parts.published[-1]
    assert last["states"] == {"up": 5}
    assert last["writing"]["waiting"] == 0
    assert last["cycles"]["standard"]["outcomes"]["answered"] == 5
    assert bench.parts.is_stopped
    assert "cycle standard" in bench.parts.jobs


def test_a_cycle_that_would_overlap_is_skipped_and_counted() -> None:
    bench = Bench(Fleet(), fleet_of(3))
    bench.parts.conclude_takes_s = 1.6
    asyncio.run(bench.run_for(4.2))
    assert 1 <= len(bench.parts.skips) <= bench.parts.published[-1]["skipped"]


def test_while_the_clock_is_behind_the_last_slot_nothing_is_polled_over_it() -> None:
    async def body() -> None:
        bench = Bench(Fleet(), fleet_of(2), interval_s=60)
        fleet = bench.controller.fleet(bench.clock.now())
        assert await bench.controller.cycle("standard", 60, fleet, bench.clock.now(), spread=False) is not None
        before = list(bench.stored)
        bench.clock.ahead_s = -3600
        assert await bench.controller.cycle("standard", 60, fleet, bench.clock.now(), spread=False) is None
        assert bench.stored == before
        bench.clock.ahead_s = 120
        assert await bench.controller.cycle("standard", 60, fleet, bench.clock.now(), spread=False) is not None

    asyncio.run(body())


def test_a_step_of_the_clock_is_an_event() -> None:
    async def body() -> None:
        bench = Bench(Fleet(), fleet_of(2), interval_s=60)
        running = asyncio.create_task(bench.controller.run(ready=lambda: None))
        await asyncio.sleep(0.2)
        bench.clock.ahead_s = 7200
        await asyncio.sleep(1.4)
        bench.controller.stop()
        await asyncio.wait_for(running, 5)
        assert [round(s) for s in bench.parts.steps] == [7200]
        assert bench.parts.published[-1]["clock"]["steps"] == 1

    asyncio.run(body())


def test_a_stop_in_the_middle_of_a_cycle_stores_what_it_gave_and_does_not_wait_for_the_rest() -> None:
    fleet = Fleet(slow_s={"d001": 30.0})
    bench = Bench(fleet, fleet_of(2), interval_s=120)

    async def body() -> None:
        cycle = asyncio.create_task(
            bench.controller.cycle(
                "standard", 120, bench.controller.fleet(bench.clock.now()), bench.clock.now(), spread=False
            )
        )
        await asyncio.sleep(0.3)
        cycle.cancel()
        await asyncio.gather(cycle, return_exceptions=True)
        assert fleet.flying == 0

    asyncio.run(body())


def test_a_stop_does_not_wait_for_long_upkeep() -> None:
    bench = Bench(Fleet(), fleet_of(2), interval_s=60)
    bench.parts.upkeep_s = 30.0

    async def body() -> None:
        running = asyncio.create_task(bench.controller.run(ready=lambda: None))
        await asyncio.sleep(0.1)
        upkeep = asyncio.create_task(bench.controller._maintain(time.time()))
        await asyncio.sleep(0.1)
        assert not upkeep.done()
        bench.controller.stop()
        await asyncio.wait_for(running, 3)
        await upkeep

    asyncio.run(body())
    assert "maintain" in bench.parts.jobs
    assert bench.parts.is_stopped


def test_a_device_that_the_inventory_describes_otherwise_is_learned_again() -> None:
    bench = Bench(Fleet(), fleet_of(3))
    old = bench.parts.inventory
    d001 = old.devices[next(d for d in old.devices if d == "d001")]
    other = [device("d001", d001.site, platform="routeros")]
    bench.parts.changed = inventory(
        list(old.sites.values()), [d for d in old.devices.values() if d.id != "d001"] + other, version="2"
    )

    async def body() -> None:
        for name in ("d000", "d001"):
            bench.memory.of(name).learned = "known"
        await bench.controller._watch(bench.clock.now())  # the job that the schedule runs
        assert bench.memory.of("d000").learned == "known"
        assert bench.memory.of("d001").learned is None

    asyncio.run(body())


def test_a_device_is_in_service_from_since_to_the_day_before_until() -> None:
    box = device("x", "s", since=date(2026, 1, 5), until=date(2026, 1, 7))
    days = [date(2026, 1, d) for d in (4, 5, 6, 7)]
    assert [in_service(box, day) for day in days] == [False, True, True, False]
