"""Consoles of the demonstration: what they hold, that they outlive a restart, and the two that go wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.agent import Agents
from simulator.console_text import SSID, configuration
from simulator.consoles import CHANGED, HOST_KEY, KEPT, PASSWORD, Consoles, unlucky
from simulator.inventory_text import with_console
from simulator.province import build
from simulator.shells import Box
from simulator.shells.dialects import build as router_of
from simulator.shells.keys import new_host_key
from simulator.story import Story

NOW = 1_772_340_000.0  # a Sunday morning
PORT = 52_177


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(build(seed=61, devices=300), (NOW,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    private, _ = new_host_key()
    (tmp_path / HOST_KEY).write_bytes(private)
    (tmp_path / PASSWORD).write_text("rahasia\n")
    return tmp_path


def never(_: float, __: Callable[[], None]) -> Any:
    raise AssertionError("nothing waits here")


def test_what_a_device_holds_is_shown_and_read_again_the_same(story: Story) -> None:
    families = set()
    for device in with_console(story.province):
        families.add(device.platform)
        text = configuration(device, story.province.sites[device.site])
        router = router_of(Box(dialect="routeros", host=device.address, name=device.id, config=text), later=never)
        told = router.running()
        again = router_of(Box(dialect="routeros", host=device.address, name=device.id, config=told), later=never)
        assert again.running() == told
        assert router.has_way()
        assert (SSID in told) == (device.platform != "routeros-plain")
    assert families == {"routeros-plain", "routeros-wireless", "routeros-wifi"}


def test_the_two_that_go_wrong_are_good_devices_of_different_sites_that_are_changed(story: Story) -> None:
    found = [story.province.devices[name] for name in unlucky(story) if name is not None]
    assert len({device.site for device in found}) == 2
    assert all(story.state(device, NOW).service_ok for device in found)
    assert all(story.province.sites[device.site].kind in CHANGED for device in found)


def test_a_new_name_that_nobody_knows_shows_in_what_snmp_tells(story: Story, folder: Path) -> None:
    _, loses = unlucky(story)
    assert loses is not None
    device = story.province.devices[loses]

    async def play() -> tuple[int, int, int, bool]:
        consoles = Consoles(story, PORT, folder, clock=lambda: NOW)
        agents = Agents(story, clock=lambda: NOW, clients=consoles.clients)
        resident = agents._residents[bytes(map(int, device.address.split(".")))]
        running = asyncio.create_task(consoles.run())
        try:
            while consoles._lost is None:  # noqa: ASYNC110 - the listeners open one by one
                await asyncio.sleep(0.01)
            router = consoles._lost
            before = agents._now(resident).state.clients
            terminal = router.sign_in("admin")
            router.take(terminal, "/interface wireless set [find] ssid=Lain")
            resident.now = None
            during = agents._now(resident).state.clients
            router.take(terminal, f'/interface wireless set [find] ssid="{SSID}"')
            router.take(terminal, "/ip dns set servers=9.9.9.9")
            resident.now = None
            after = agents._now(resident).state.clients
            dark = [r for r in consoles._shells.routers if r.faults.silent]
            wanted = {d.address for d in with_console(story.province) if not story.state(d, NOW).service_ok}
            return before, during, after, {r.box.host for r in dark} == wanted
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    before, during, after, follows = asyncio.run(play())
    assert (during, after) == (0, before)
    assert before > 0
    assert follows
    kept = (folder / KEPT).read_text()
    assert "9.9.9.9" in kept
    assert (folder / KEPT).stat().st_mode & 0o077 == 0
    second = Consoles(story, PORT, folder, clock=lambda: NOW)
    box = next(box for box in second._shells._boxes if box.name == loses)
    assert re.search(r"servers=9\.9\.9\.9", box.config or "")
