"""A device that is being changed is planned work: neither up nor down, no outage, and it counts for nothing later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.journal.errors import JournalUnavailable
from controller.journal.holders import is_gone, myself, role_of
from controller.journal.journal import Journal
from controller.journal.locks import DeviceLocks
from controller.polling.locked import unless_locked
from devices.model import Device
from tests.unit.controller.world import World, device, inventory, school, silent

NOW = 1_795_000_020.0


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db")
    yield opened
    opened.close()


def test_silence_under_a_lock_is_planned_work_and_no_outage() -> None:
    place, boxes = school("sd")
    world = World(inventory([place], boxes))
    world.steps(2)
    world.steps(4, {"sd-gw": silent}, planned=frozenset({"sd-gw"}))
    assert world.state("device:sd-gw") == ("maintenance", "maintenance")
    world.steps(2)
    assert world.store.history("device:sd-gw") == [
        ("up", None, 0, 2), ("maintenance", "maintenance", 2, 6), ("up", None, 6, None),
    ]  # fmt: skip
    assert world.store.outage == {}


def test_a_device_that_stays_silent_after_the_work_is_down_from_the_first_poll_without_the_lock() -> None:
    place, boxes = school("sd", aps=0)
    world = World(inventory([place], boxes))
    world.steps(2)
    world.steps(3, {"sd-gw": silent}, planned=frozenset({"sd-gw"}))
    world.steps(2, {"sd-gw": silent})
    assert world.store.history("device:sd-gw")[1:] == [
        ("maintenance", "maintenance", 2, 5), ("down", "silent", 5, None),
    ]  # fmt: skip


def test_what_is_behind_a_router_under_work_is_not_called_down() -> None:
    place, boxes = school("sd", aps=1)
    world = World(inventory([place], boxes))
    world.steps(2)
    world.steps(4, {"sd-gw": silent, "sd-ap1": silent}, planned=frozenset({"sd-gw"}))
    assert world.store.outage == {}
    assert world.state("device:sd-ap1") == ("up", None)


def test_an_outage_that_was_open_stays_open_under_the_work() -> None:
    place, boxes = school("sd", aps=0)
    world = World(inventory([place], boxes))
    world.steps(2)
    world.steps(3, {"sd-gw": silent})
    world.steps(3, {"sd-gw": silent}, planned=frozenset({"sd-gw"}))
    assert [outage.ended for outage in world.store.outage.values()] == [None]


def test_a_lock_is_one_hands_and_falls_by_itself(journal: Journal) -> None:
    clock, ticks = Clock(), Clock()
    locks = DeviceLocks(journal.rollouts, now=clock, monotonic=ticks)
    others = DeviceLocks(journal.rollouts, now=clock, monotonic=ticks)
    with locks.held("a", by="speed test", until=NOW + 60) as mine, others.held("a", by="x", until=NOW + 60) as theirs:
        assert (mine, theirs) == (True, False)
        assert others.locked("a")
        assert not others.locked("b")
    clock.at, ticks.at = NOW + 10, NOW + 10
    assert not others.locked("a")
    with locks.held("a", by="speed test", until=NOW + 60):
        clock.at = NOW + 61
        with others.held("a", by="x", until=NOW + 120) as theirs:
            assert theirs


def test_only_planned_work_excuses_silence_and_it_is_remembered_for_the_cycle(journal: Journal) -> None:
    clock, ticks = Clock(), Clock()
    locks = DeviceLocks(journal.rollouts, now=clock, monotonic=ticks)
    with locks.held("a", by="rollout", until=NOW + 60), locks.held("b", by="speed test", until=NOW + 60):
        assert locks.worked_on(since=NOW - 60) == {"a"}
    clock.at, ticks.at = NOW + 30, NOW + 30
    assert locks.worked_on(since=NOW) == {"a"}
    assert locks.worked_on(since=NOW + 1) == frozenset()


def test_a_locked_device_is_asked_nothing_in_its_shell() -> None:
    asked: list[str] = []

    async def ask(device: Device) -> int | None:
        asked.append(device.id)
        return 7

    def locked(name: str) -> bool:
        if name == "c":
            raise JournalUnavailable("busy")
        return name == "b"

    polite = unless_locked(ask, locked)

    async def all_of_them() -> list[int | None]:
        return [await polite(device(name, "sd")) for name in "abc"]

    assert asyncio.run(all_of_them()) == [7, None, None]
    assert asked == ["a"]


def test_a_holder_tells_whether_its_process_still_runs() -> None:
    me = myself("executor")
    assert role_of(me) == "executor"
    assert not is_gone(me)
    head, pid, start = me.rsplit("/", 2)
    assert is_gone(f"{head}/{pid}/{int(start) - 1}")
    assert is_gone(f"{head}/{pid}/{int(start) - 1}#3")
    assert not is_gone("executor@another-machine/1/2/3")
    assert not is_gone("somebody")
