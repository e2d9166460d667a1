"""Consoles of the story's RouterOS devices over SSH, in the same process as their SNMP agents: a change shows in both.

They follow the story: a device that is dark or cut answers nobody. What they hold outlives a restart of the simulator.
Two of them are made to go wrong: one refuses new network names, and at another nobody joins one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from simulator.console_text import SSID, configuration
from simulator.inventory_text import with_console
from simulator.province import SimDevice
from simulator.shells import Box, Router, Shells
from simulator.story import Story

USERNAME: Final = "admin"
#: Files in the folder of the consoles: who may sign in, who they are, what they hold.
PASSWORD, HOST_KEY, KEPT = "password", "host_key", "kept.json"
#: How often the story is followed, and how often what changed is kept.
EVERY_S, KEEP_S = 2.0, 20.0
#: Kinds of site at which the demonstration changes the network's name.
CHANGED: Final = ("puskesmas", "school", "village_office")


def unlucky(story: Story) -> tuple[str | None, str | None]:
    """(who refuses a new network name, where nobody joins one), both good otherwise; None where there is nobody."""
    province, at = story.province, story.origins[0]
    radios = [
        d for d in with_console(province)
        if province.sites[d.site].kind in CHANGED and d.platform == "routeros-wireless"
    ]  # fmt: skip
    answering = [(state.clients, d.id) for d in radios if (state := story.state(d, at)).service_ok and not state.loss]
    if not answering:
        return None, None
    loses = max(answering)[1]
    site = province.devices[loses].site
    others = sorted(name for _, name in answering if province.devices[name].site != site)
    return (others[len(others) // 2] if others else None), loses


class Consoles:
    """Serves them, in the running event loop.

    Args:
        story: who is there and how they are.
        port: of SSH at every device's own address.
        folder: where the password and the host key are, and what is kept.
        clock: the time, epoch s.
    """

    def __init__(self, story: Story, port: int, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._story, self._folder, self._clock = story, folder, clock
        self._devices = {d.address: d for d in with_console(story.province)}
        self._kept = _read(folder / KEPT)
        password, key = (folder / PASSWORD).read_text().strip(), (folder / HOST_KEY).read_bytes()
        self._shells = Shells(self._box(d, port, password, key) for d in self._devices.values())
        self._seen: dict[str, int] = {}  # lines taken when it was last kept
        self._refuses, self._loses = unlucky(story)
        self._lost: Router | None = None

    def _box(self, device: SimDevice, port: int, password: str, key: bytes) -> Box:
        text = self._kept.get(device.id) or configuration(device, self._story.province.sites[device.site])
        return Box(dialect="routeros", host=device.address, port=port, name=device.id, config=text, username=USERNAME,
                   password=password, host_key=key)  # fmt: skip

    def clients(self, device: SimDevice, told: int) -> int:
        """How many hang on a device, of as many as the story tells: nobody where the new name is known to nobody."""
        if self._lost is None or device.id != self._loses:
            return told
        with self._lost.lock:
            names = {item.get("ssid") for item in _radios(self._lost)}
        return told if SSID in names else 0

    async def run(self) -> None:
        """Serve until cancelled; what they hold is kept."""
        await self._shells.start()
        for router in self._shells.routers:
            if router.box.name == self._refuses:
                router.faults.refuse.append("ssid=")
            if router.box.name == self._loses:
                self._lost = router
        kept = self._clock()
        try:
            while True:
                self._follow(self._shells.routers)
                if abs(self._clock() - kept) >= KEEP_S:
                    kept = self._clock()
                    self._keep()
                await asyncio.sleep(EVERY_S)
        finally:
            self._keep()
            await self._shells.stop()

    def _follow(self, routers: Iterable[Router]) -> None:
        now = self._clock()
        for router in routers:
            silent = not self._story.state(self._devices[router.box.host], now).service_ok
            if router.faults.silent != silent:
                router.faults.silent = silent
                router.on_change()

    def _keep(self) -> None:
        """Write what changed; what safe mode holds back is kept with the next."""
        changed = [r for r in self._shells.routers if len(r.log) != self._seen.get(r.box.name, 0) and not r.guard()]
        if not changed:
            return
        for router in changed:
            self._seen[router.box.name] = len(router.log)
            self._kept[router.box.name] = router.running()
        beside = self._folder / f"{KEPT}.new"
        with contextlib.suppress(OSError):  # a demonstration goes on with a full disk
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(self._kept, file)
            beside.replace(self._folder / KEPT)


def _radios(router: Router) -> list[dict[str, str]]:
    items: dict[str, list[dict[str, str]]] = router.tree.items  # type: ignore[attr-defined]
    return [item for item in items["interface wireless"] if item.get("mode") == "ap-bridge"]


def _read(path: Path) -> dict[str, str]:
    try:
        told: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return told
