"""Cycles over a fake fleet: pace, lanes, deadlines, blindness, the way to the store. In real time, but quick."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from controller.polling.commit import Committer
from controller.polling.cycle import Cycle, CycleReport, fitted
from controller.polling.lanes import Lane, Outcome
from controller.polling.memory import Memory
from controller.polling.names import Names
from controller.polling.observer import Observation, Sight
from controller.polling.settings import PollingSettings
from controller.schedule import SystemClock
from devices.errors import UnexpectedReply
from devices.model import Device, DeviceId, SnmpSettings, Target
from measurements.errors import StoreUnavailable, WriteRejected
from measurements.reading import DeviceRow, Reading
from tests.unit.controller.world import device

SLOT = 1_795_000_020
SEES = Observation(sight={"default": Sight.SEES})
BLIND = Observation(sight={"default": Sight.BLIND}, failed=("default 10.0.0.1",))
UNDECLARED = Observation(sight={})


@dataclass
class Answer:
    reading: Reading
    learned: Any = None


@dataclass
class Fleet:
    """Devices that answer at once unless named; notes when each was asked and how many were under way."""

    silent: set[str] = field(default_factory=set)
    slow_s: dict[str, float] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    flying: int = 0
    most: int = 0

    async def __call__(self, device: Device, *, learned: Any, slot: int, now: float) -> Answer:
        self.asked[device.id] = time.monotonic()
        self.tries[device.id] = device.snmp.retries + 1 if device.snmp else 0
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            await asyncio.sleep(self.slow_s.get(device.id, 0.002))
        finally:
            self.flying -= 1
        if device.id in self.broken:
            raise self.broken[device.id]
        ok = device.id not in self.silent
        row = DeviceRow(device=device.id, slot=slot, snmp_ok=ok, poll_ms=self.slow_s.get(device.id, 0.002) * 1000)
        kind = None if ok else "unreachable"
        return Answer(Reading(device=device.id, slot=slot, at=now, row=row, error_kind=kind), (learned or 0) + 1)


class Bench:
    """One cycle runner over a fake fleet."""

    def __init__(self, fleet: Fleet, devices: Sequence[Device], **settings: Any) -> None:
        self.fleet, self.devices = fleet, sorted(devices, key=lambda d: d.id)
        self.settings = PollingSettings(**{"commit_s": 0.02, "interval_s": 0.5, **settings})
        self.stored: list[list[Reading]] = []
        self.committer = Committer(lambda b: self.stored.append(list(b)), every_s=0.02, capacity=1000)
        self.memory = Memory()
        clock = SystemClock()
        names = Names(ttl_s=60, monotonic=clock.monotonic, resolve=self.resolve)
        self.cycle = Cycle(
            settings=self.settings, poll=fleet, committer=self.committer, names=names, memory=self.memory, clock=clock
        )
        self.sights: list[Observation] = []

    async def resolve(self, name: str) -> str:
        if name.startswith("lost"):
            raise OSError("no such name")
        return "127.0.0.1"

    async def observe(self) -> Observation:
        return self.sights.pop(0) if len(self.sights) > 1 else self.sights[0] if self.sights else UNDECLARED

    async def run(self, *, slot: int = SLOT) -> CycleReport:
        interval_s = self.settings.interval_s
        report = await self.cycle.run(
            self.devices, slot=slot, interval_s=interval_s, ends=time.monotonic() + interval_s, observe=self.observe
        )
        await self.committer.flush()
        return report

    def kept(self) -> dict[str, Reading]:
        return {r.device: r for batch in self.stored for r in batch}


def fleet_of(count: int) -> list[Device]:
    return [device(f"d{n:03}", f"s{n:03}", snmp=SnmpSettings(timeout_ms=100, retries=2)) for n in range(count)]


def runs(body: Callable[[], Any]) -> None:
    asyncio.run(body())


@pytest.mark.parametrize("interval_s", [30.0, 60.0, 300.0])
def test_every_reading_says_the_interval_of_its_class_whatever_became_of_the_poll(interval_s: float) -> None:
    async def body() -> None:
        fleet = Fleet(silent={"d001"}, slow_s={"d002": 5.0}, broken={"d003": UnexpectedReply("odd")})
        nameless = replace(fleet_of(1)[0], id=DeviceId("d004"), target=Target(domain="default", host="lost.test"))
        bench = Bench(fleet, [*fleet_of(4), nameless], deadline_s=0.2)
        report = await bench.cycle.run(
            bench.devices, slot=SLOT, interval_s=interval_s, ends=time.monotonic() + interval_s, observe=bench.observe,
            spread=False,
        )  # fmt: skip
        await bench.committer.flush()
        assert {r.interval_s for r in report.readings.values()} == {interval_s}
        assert {r.interval_s for r in bench.kept().values()} == {interval_s}
        assert set(bench.kept()) == {"d000", "d001", "d002", "d003", "d004"}

    runs(body)


def test_a_reading_that_was_not_observed_says_the_interval_of_its_class_too() -> None:
    async def body() -> None:
        bench = Bench(Fleet(silent={"d000", "d001"}), fleet_of(2))
        for known in ("d000", "d001"):
            bench.memory.of(known).answered = True
        bench.sights = [SEES, BLIND]
        report = await bench.cycle.run(
            bench.devices, slot=SLOT, interval_s=300.0, ends=time.monotonic() + 300, observe=bench.observe, spread=False
        )
        assert {(r.error_kind, r.interval_s) for r in report.readings.values()} == {("unobserved", 300)}

    runs(body)


def test_every_device_has_a_result_and_is_asked_in_id_order_over_the_interval() -> None:
    async def body() -> None:
        bench = Bench(Fleet(), fleet_of(50))
        report = await bench.run()
        assert set(report.outcomes.values()) == {Outcome.ANSWERED}
        assert len(report.outcomes) == len(bench.kept()) == 50
        order = sorted(bench.fleet.asked, key=bench.fleet.asked.__getitem__)
        assert order == [d.id for d in bench.devices]
        assert bench.fleet.asked["d049"] - bench.fleet.asked["d000"] > 0.2
        assert report.took_s < 3

    runs(body)


def test_the_bound_of_devices_in_flight_holds() -> None:
    async def body() -> None:
        fleet = Fleet(slow_s={f"d{n:03}": 0.05 for n in range(40)})
        report = await Bench(fleet, fleet_of(40), in_flight=5).run()
        assert fleet.most == 5
        assert report.most_in_flight == 5

    runs(body)


def test_a_slow_device_ends_at_its_deadline_and_holds_nobody() -> None:
    async def body() -> None:
        bench = Bench(Fleet(slow_s={"d000": 30.0}), fleet_of(20))
        report = await bench.run()
        assert report.outcomes["d000"] is Outcome.LATE
        assert report.count(Outcome.ANSWERED) == 19
        assert report.took_s < 3
        assert bench.kept()["d000"].error_kind == "late"
        assert bench.kept()["d000"].row.snmp_ok is None

    runs(body)


def test_a_cycle_without_enough_places_still_ends_on_time_and_names_those_it_did_not_reach() -> None:
    async def body() -> None:
        fleet = Fleet(slow_s={f"d{n:03}": 0.1 for n in range(18)})
        report = await Bench(fleet, fleet_of(18), in_flight=2).run()
        assert report.took_s < 3
        assert report.count(Outcome.ANSWERED) + report.count(Outcome.LATE) == 18
        assert report.count(Outcome.LATE) > 5

    runs(body)


def test_a_controller_that_cannot_keep_up_blames_no_device() -> None:
    async def body() -> None:
        fleet = Fleet(slow_s={f"d{n:03}": 0.1 for n in range(60)})
        bench = Bench(fleet, fleet_of(60), in_flight=2)
        report = await bench.run()
        assert report.overloaded
        assert report.count(Outcome.LATE) == 0
        late = [r for r in report.readings.values() if r.error == "overloaded"]
        assert len(late) >= 20
        assert {r.error_kind for r in late} == {"unobserved"}
        assert {m.lane.lane for m in (bench.memory.of(r.device) for r in late)} == {Lane.FAST}

    runs(body)


def test_an_error_inside_one_poll_is_that_devices_alone() -> None:
    async def body() -> None:
        broken = {"d001": RuntimeError("a bug"), "d002": UnexpectedReply("garbage")}
        bench = Bench(Fleet(broken=broken), fleet_of(10))
        report = await bench.run()
        assert bench.kept()["d001"].error_kind == "internal"
        assert bench.kept()["d002"].error_kind == "unexpected-reply"
        assert report.outcomes["d001"] is Outcome.NOT_ASKED
        assert report.outcomes["d002"] is Outcome.ANSWERED

    runs(body)


def test_a_name_that_does_not_resolve_is_that_devices_failure_and_says_nothing_of_it() -> None:
    async def body() -> None:
        bench = Bench(Fleet(), [device("lost", "s"), device("ok", "s")])
        report = await bench.run()
        assert report.outcomes["lost"] is Outcome.NOT_ASKED
        assert bench.kept()["lost"].error_kind == "name"
        assert report.outcomes["ok"] is Outcome.ANSWERED

    runs(body)


def test_after_three_silent_polls_a_device_is_asked_once_and_comes_back_at_once() -> None:
    async def body() -> None:
        bench = Bench(Fleet(silent={"d003"}), fleet_of(10), interval_s=0.5)
        bench.devices = [
            device(d.id, d.site, snmp=SnmpSettings(timeout_ms=5, retries=2)) for d in bench.devices
        ]  # short enough for three tries
        for turn in range(3):
            await bench.run(slot=SLOT + turn)
            assert bench.fleet.tries["d003"] == 3
        assert bench.memory.of("d003").lane.lane is Lane.SILENT
        await bench.run(slot=SLOT + 3)
        assert bench.fleet.tries["d003"] == 1
        assert bench.kept()["d003"].lane == "silent"
        bench.fleet.silent.clear()
        report = await bench.run(slot=SLOT + 4)
        assert report.outcomes["d003"] is Outcome.ANSWERED
        assert bench.memory.of("d003").lane.lane is Lane.FAST

    runs(body)


def test_a_device_is_asked_with_as_many_tries_as_its_deadline_has_room_for() -> None:
    asked = fitted(device("x", "s", snmp=SnmpSettings(timeout_ms=4000, retries=2)), 10.0, cheap=False)
    assert asked.snmp is not None
    assert (asked.snmp.retries, asked.snmp.timeout_ms) == (1, 4000)
    whole = device("x", "s", snmp=SnmpSettings(timeout_ms=4000, retries=2))
    assert fitted(whole, 20.0, cheap=False) is whole
    short = fitted(whole, 1.0, cheap=False)
    assert short.snmp is not None
    assert (short.snmp.retries, short.snmp.timeout_ms) == (0, 900)


def test_when_the_anchors_fail_nobody_is_asked_and_nothing_is_stored() -> None:
    async def body() -> None:
        bench = Bench(Fleet(), fleet_of(10))
        bench.sights = [BLIND]
        report = await bench.run()
        assert report.blind == {"default": "anchors"}
        assert set(report.outcomes.values()) == {Outcome.NOT_ASKED}
        assert bench.fleet.asked == {}
        assert bench.kept() == {}

    runs(body)


def test_silence_is_not_believed_when_the_anchors_fail_in_the_middle_of_a_cycle() -> None:
    async def body() -> None:
        bench = Bench(Fleet(), fleet_of(10))
        bench.sights = [SEES]
        await bench.run()
        bench.stored.clear()
        bench.fleet.silent = {"d007", "d008", "d009"}
        bench.sights = [SEES, BLIND]
        report = await bench.run(slot=SLOT + 60)
        assert report.blind == {"default": "anchors"}
        assert {d for d, o in report.outcomes.items() if o is Outcome.NOT_ASKED} == bench.fleet.silent
        assert bench.kept()["d007"].row.snmp_ok is None
        assert bench.kept()["d007"].error_kind == "unobserved"
        assert bench.kept()["d001"].row.snmp_ok is True
        assert all(r.row.snmp_ok is not False for batch in bench.stored for r in batch)

    runs(body)


@pytest.mark.parametrize(("lost", "blind"), [(19, False), (31, True)])
def test_most_of_a_fleet_silent_at_once_is_our_own_blindness(lost: int, blind: bool) -> None:
    async def body() -> None:
        bench = Bench(Fleet(), fleet_of(50))
        await bench.run()
        bench.fleet.silent = {f"d{n:03}" for n in range(lost)}
        report = await bench.run(slot=SLOT + 60)
        assert report.blind == ({"default": "fleet_silent"} if blind else {})
        again = await bench.run(slot=SLOT + 120)  # nobody vouches for our side: it stays so
        assert bool(again.blind) is blind

    runs(body)


def test_anchors_that_answer_vouch_so_that_a_second_silent_cycle_counts() -> None:
    async def body() -> None:
        bench = Bench(Fleet(), fleet_of(40))
        bench.sights = [SEES]
        await bench.run()
        bench.fleet.silent = {d.id for d in bench.devices}
        assert (await bench.run(slot=SLOT + 60)).blind == {"default": "fleet_silent"}
        second = await bench.run(slot=SLOT + 120)
        assert second.blind == {}
        assert second.count(Outcome.SILENT) == 40

    runs(body)


def test_what_was_learned_is_handed_to_the_next_poll() -> None:
    async def body() -> None:
        bench = Bench(Fleet(), fleet_of(2))
        await bench.run()
        await bench.run(slot=SLOT + 60)
        assert bench.memory.of("d000").learned == 2

    runs(body)


def test_batches_are_sorted_by_device() -> None:
    async def body() -> None:
        bench = Bench(Fleet(slow_s={"d001": 0.03}), fleet_of(30))
        bench.committer.start()
        await bench.run()
        await bench.committer.stop()
        assert len(bench.stored) > 2
        assert all([r.device for r in b] == sorted(r.device for r in b) for b in bench.stored)

    runs(body)


def blank(name: str) -> Reading:
    return Reading(device=name, slot=SLOT, at=float(SLOT), row=DeviceRow(device=name, slot=SLOT))


def test_readings_wait_while_the_store_is_away_and_the_oldest_are_dropped_past_the_bound() -> None:
    async def body() -> None:
        stored: list[str] = []
        away = True

        def write(batch: Sequence[Reading]) -> None:
            if away:
                raise StoreUnavailable("disk gone")
            stored.extend(r.device for r in batch)

        committer = Committer(write, every_s=60, capacity=100)
        for n in range(100):
            committer.add(blank(f"a{n:03}"))
        assert not await committer.flush()
        assert (committer.waiting, committer.unavailable) == (100, "disk gone")
        committer.add(blank("b"))
        assert (committer.waiting, committer.dropped) == (100, 1)
        away = False
        assert await committer.flush()
        assert stored == [f"a{n:03}" for n in range(1, 100)] + ["b"]
        await committer.stop()

    runs(body)


def test_a_reading_that_the_store_refuses_does_not_take_its_neighbours_along() -> None:
    async def body() -> None:
        stored: list[str] = []

        def write(batch: Sequence[Reading]) -> None:
            if any(r.device == "bad" for r in batch):
                raise WriteRejected("not a number")
            stored.extend(r.device for r in batch)

        committer = Committer(write, every_s=60, capacity=100)
        for name in ("a", "bad", "c", "d", "e"):
            committer.add(blank(name))
        assert await committer.flush()
        assert (sorted(stored), committer.rejected, committer.stored) == (["a", "c", "d", "e"], 1, 4)
        await committer.stop()

    runs(body)
