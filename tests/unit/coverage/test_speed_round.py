"""Which sites are tested now, with what, and what it may cost: over fakes of store, devices and clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collectors.speed import Download, Means
from controller.coverage.errors import LedgerError
from controller.coverage.measured import Fleet
from controller.coverage.speed import SpeedBook
from controller.coverage.speed_round import SpeedTests
from controller.coverage.speed_rules import HERE, Begin, Hours, SpeedRules, Way
from controller.coverage.speed_tries import Tries
from controller.health.tree import draw
from devices.errors import Unreachable
from devices.model import (
    Backhaul,
    Device,
    DeviceId,
    Inventory,
    OpeningHours,
    Role,
    Site,
    SiteId,
    SiteKind,
    SshSettings,
    Target,
)
from measurements.intervals import Interval, State
from tests.unit.coverage.make import FakeHistory, site

ZONE = ZoneInfo("Asia/Pontianak")
NOON = datetime(2026, 11, 23, 12, tzinfo=ZONE).timestamp()  # a Monday
RULES = SpeedRules(way=Way(url="http://speed/{site}"), begin=Begin.NOW, hours=Hours.ANY)
SSH = SshSettings(credential="k", username="u")


def box(name: str, place: str, *, parent: str | None = None, ssh: bool = True, **more: Any) -> Device:
    told: dict[str, Any] = {"platform": "openwrt", "role": Role.ROUTER} | more
    return Device(
        id=DeviceId(name), site=SiteId(place), name=name, target=Target(domain="default", host="127.0.0.1"),
        parent=None if parent is None else DeviceId(parent), ssh=SSH if ssh else None, **told,
    )  # fmt: skip


@dataclass
class World:
    """Everything that `SpeedTests` is given, and what it did."""

    folder: Path
    sites: list[Site]
    devices: list[Device]
    rules: SpeedRules | None = RULES
    now: float = NOON
    history: FakeHistory = field(default_factory=FakeHistory)
    platforms: Mapping[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    meet: int = 1
    has_met: asyncio.Event = field(default_factory=asyncio.Event)
    made: list[tuple[str, Means, str]] = field(default_factory=list)
    together: set[frozenset[str]] = field(default_factory=set)
    running: set[str] = field(default_factory=set)

    def fleet(self) -> Fleet:
        known = Inventory(
            version="v", sites={s.id: s for s in self.sites}, devices={d.id: d for d in self.devices},
            timezone="Asia/Pontianak",
        )  # fmt: skip
        return Fleet(inventory=known, members=draw(known).sites)

    def tests(self) -> SpeedTests:
        """A program that was just started."""
        return SpeedTests(
            rules=lambda: self.rules,
            fleet=self.fleet,
            history=self.history,
            book=SpeedBook(self.folder),
            tries=lambda zone: Tries(self.folder, zone),
            measure=self.measure,
            platform=self.platforms.get,
            clock=lambda: self.now,
            locks=self,
        )

    async def measure(
        self, device: Device | None, means: Means, target: str, *, most_bytes: int, most_s: int
    ) -> Download:
        name = HERE if device is None else str(device.id)
        self.made.append((name, means, target))
        self.running.add(name)
        self.together.add(frozenset(self.running))
        if len(self.running) >= self.meet:
            self.has_met.set()
        await asyncio.wait_for(self.has_met.wait(), 10)  # until so many have run together once
        self.running.discard(name)
        if name in self.silent:
            raise Unreachable("no answer before the deadline", target=name)
        return Download(octets=most_bytes, seconds=2.0)

    @contextmanager
    def held(self, device: str, *, by: str, until: float) -> Iterator[bool]:
        assert by
        assert until > self.now
        yield device not in self.locked

    def round(self) -> list[tuple[str, float | None]]:
        return [(t.site, t.down_bps) for t in asyncio.run(self.tests().round())]

    def asked(self) -> list[str]:
        """Who measures in the next round."""
        self.made.clear()
        self.round()
        return sorted(name for name, _, _ in self.made)


def world(folder: Path, *names: str, **more: Any) -> World:
    sites = [site(name, capacity_clients=None) for name in names]
    return World(folder, sites, [box(f"{name}-gw", name) for name in names], **more)


def test_a_result_is_written_down_as_a_test_of_the_site(tmp_path: Path) -> None:
    here = world(tmp_path, "a")
    assert here.round() == [("a", 20e6)]
    assert here.made == [("a-gw", Means.HTTP, "http://speed/a")]
    (test,) = SpeedBook(tmp_path).between(NOON, NOON + 1)["a"]
    assert test.down_bps == 20e6
    assert SpeedBook(tmp_path).spent("a", since=0) == RULES.most_bytes


def test_a_restart_repeats_nothing(tmp_path: Path) -> None:
    here = world(tmp_path, "a")
    here.round()
    assert here.asked() == []


def test_a_test_that_was_cut_off_by_the_end_of_the_program_is_not_begun_again_that_day(tmp_path: Path) -> None:
    here = world(tmp_path, "a")
    Tries(tmp_path, ZONE).begin("a", at=NOON - 60, most_octets=RULES.most_bytes)
    assert here.asked() == []
    here.now += 86_400
    assert here.asked() == ["a-gw"]
    assert Tries(tmp_path, ZONE).spent("a", here.now) == RULES.most_bytes  # what it cost is not known, so all of it


def test_a_device_that_does_not_answer_is_tried_again_on_other_days_and_only_so_often(tmp_path: Path) -> None:
    here = world(tmp_path, "a", silent={"a-gw"})
    asked = []
    for _ in range(9):
        asked.append(len(here.asked()))
        here.now += 86_400
    assert sum(asked) <= 2 * RULES.tries  # nine days touch two stretches at most
    assert asked[0] == 1
    assert SpeedBook(tmp_path).between(0, 2**40) == {}


def test_a_site_whose_month_is_spent_is_left_alone_until_the_next(tmp_path: Path) -> None:
    here = world(tmp_path, "a", rules=replace(RULES, monthly_octets=9_000_000, per_30_days=30))
    spent = []
    for _ in range(12):  # to the 4th of December
        spent.append(len(here.asked()))
        here.now += 86_400
    assert spent == [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]


def test_a_satellite_has_a_smaller_budget(tmp_path: Path) -> None:
    here = world(tmp_path, "a", "b", rules=replace(RULES, monthly_by_backhaul={Backhaul.VSAT: 4_000_000}))
    here.sites[0] = replace(here.sites[0], backhaul=Backhaul.VSAT)
    assert here.asked() == ["b-gw"]


def test_two_sites_behind_one_tower_are_never_tested_together(tmp_path: Path) -> None:
    here = world(tmp_path, "a", "b", "c", meet=2)
    here.sites += [site("tower", kind=SiteKind.TOWER), site("pop", kind=SiteKind.POP)]
    here.devices = [
        box("pop-gw", "pop"),
        box("tower-gw", "tower", parent="pop-gw"),
        box("a-gw", "a", parent="tower-gw"),
        box("b-gw", "b", parent="tower-gw"),
        box("c-gw", "c", parent="pop-gw"),
    ]
    assert here.asked() == ["a-gw", "b-gw", "c-gw"]
    assert not any({"a-gw", "b-gw"} <= pair for pair in here.together)
    assert any({"a-gw", "c-gw"} <= pair for pair in here.together)  # the core carries many


def test_no_more_are_tested_at_once_than_the_rules_say(tmp_path: Path) -> None:
    here = world(tmp_path, *"abcdef", rules=replace(RULES, at_once=2), meet=2)
    assert len(here.asked()) == 6
    assert max(map(len, here.together)) == 2


def test_a_device_that_is_being_changed_is_left_alone_and_loses_no_try(tmp_path: Path) -> None:
    here = world(tmp_path, "a", locked={"a-gw"})
    assert here.asked() == []
    here.locked.clear()
    assert here.asked() == ["a-gw"]


def test_a_test_that_waited_past_its_hour_is_left_for_another_day(tmp_path: Path) -> None:
    here = world(tmp_path, "a")
    late = here.tests()
    (due,) = late.due(here.now)
    here.now = due.until
    assert here.asked() == []


def test_the_machine_itself_tests_many_sites_at_once(tmp_path: Path) -> None:
    ways = {name: Way(device=HERE) for name in "ab"}
    here = world(tmp_path, "a", "b", rules=replace(RULES, sites=ways), locked={HERE})
    assert here.asked() == [HERE, HERE]


def test_dark_sites_wait_until_they_are_up(tmp_path: Path) -> None:
    here = world(tmp_path, "a", "b")
    dark = Interval(subject="site:a", question="state", state=State.DOWN, start=NOON - 900, end=None, seen=NOON)
    here.history.states = [dark]
    assert here.asked() == ["b-gw"]
    here.history.states = []
    assert here.asked() == ["a-gw"]


def test_a_shut_school_is_tested_when_it_opens(tmp_path: Path) -> None:
    shut = OpeningHours(days={0: ((time(13), time(15)),)})
    here = world(tmp_path, "a")
    here.sites[0] = replace(here.sites[0], opening_hours=shut)
    assert here.asked() == []
    here.now += 3600
    assert here.asked() == ["a-gw"]


def test_the_busiest_hour_is_the_one_that_carried_most(tmp_path: Path) -> None:
    here = world(tmp_path, "a", rules=replace(RULES, hours=Hours.BUSY))
    evening = datetime(2026, 11, 20, 20, tzinfo=ZONE).timestamp()
    here.history.rows["interface"] = [
        (int(evening), "a-gw", {"in_octets": 9e9, "in_rate_ds": 36_000}),
        (int(NOON) - 3 * 86_400, "a-gw", {"in_octets": 1e9, "in_rate_ds": 36_000}),
    ]
    assert here.asked() == []
    here.now = datetime(2026, 11, 23, 20, 40, tzinfo=ZONE).timestamp()
    assert here.asked() == ["a-gw"]


@pytest.mark.parametrize(
    ("platform", "said", "way", "expected"),
    [
        ("openwrt", None, Way(url="http://x/y"), Means.HTTP),
        ("routeros", None, Way(url="http://x/y"), Means.FETCH),
        ("auto", "routeros", Way(url="http://x/y"), Means.FETCH),
        ("auto", None, Way(url="http://x/y"), Means.HTTP),
        ("linux", None, Way(iperf3="10.0.0.1"), Means.IPERF3),
        ("linux", None, Way(url="http://x/y", iperf3="10.0.0.1", means=Means.IPERF3), Means.IPERF3),
    ],
)
def test_the_means_follow_what_the_device_runs(
    tmp_path: Path, platform: str, said: str | None, way: Way, expected: Means
) -> None:
    here = world(tmp_path, "a", rules=replace(RULES, way=way), platforms={"a-gw": said} if said else {})
    here.devices = [box("a-gw", "a", platform=platform)]
    here.round()
    assert [means for _, means, _ in here.made] == [expected]


def test_where_the_router_has_no_ssh_another_device_of_ours_downloads(tmp_path: Path) -> None:
    here = world(tmp_path, "a", "b", "c", "d")
    here.devices = [
        box("a-gw", "a", ssh=False),
        box("a-ap", "a", parent="a-gw", role=Role.AP),
        box("b-gw", "b", ssh=False),
        box("c-gw", "c"),
        box("d-gw", "d", ssh=False),
    ]
    here.rules = replace(RULES, sites={"c": Way(is_skipped=True), "d": Way(device=HERE)})
    assert here.asked() == ["a-ap", HERE]


def test_without_bookkeeping_nothing_is_sent(tmp_path: Path) -> None:
    here = world(tmp_path, "a")
    (tmp_path / "speed-tries-2026-11.jsonl").write_text('{"kind": "diary", "format": 1}\n')
    with pytest.raises(LedgerError):
        here.round()
    assert here.made == []


def test_without_rules_nothing_is_tested(tmp_path: Path) -> None:
    assert world(tmp_path, "a", rules=None).asked() == []
