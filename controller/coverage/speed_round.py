"""Speed tests that the program makes by itself: who is due, what each may cost, and never two on one backhaul."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np

from collectors.speed import Download, Means
from controller.coverage.measured import Fleet, History
from controller.coverage.speed import SpeedBook
from controller.coverage.speed_plan import Done, is_wanted, moment
from controller.coverage.speed_rules import HERE, Hours, SpeedRules, Way
from controller.coverage.speed_tries import Tries
from devices.errors import CredentialError, DeviceError
from devices.model import Device, DeviceId, Inventory, Site, SiteId, SiteKind
from measurements.intervals import State, civil_months

log = logging.getLogger(__name__)
DAY_S = 86_400
HOUR_S = 3600
LOOK_BACK_S = 7 * DAY_S  # whose hours say which one is the busiest
WHO = "speed-test"


class DeviceLocks(Protocol):
    """One hand a device at a time, across processes."""

    def held(self, device: str, *, by: str, until: float) -> AbstractContextManager[bool]:
        """Hold a device for the time of the block; yields False when somebody else does: then leave it alone.

        Args:
            device: id.
            by: who, as people read it.
            until: when the lock falls by itself, epoch s.
        """
        ...


class NoLocks:
    """Where nothing else changes devices."""

    @contextmanager
    def held(self, device: str, *, by: str, until: float) -> Iterator[bool]:  # noqa: ARG002
        """Always."""
        yield True


class Measure(Protocol):
    """Makes one test."""

    async def __call__(
        self, device: Device | None, means: Means, target: str, *, most_bytes: int, most_s: int
    ) -> Download:
        """A download through the site of `device`; None: by the machine that the program runs on.

        Raises:
            DeviceError: no usable answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One test that may begin until `until` (epoch s). `ways_up`: sites whose links it loads."""

    site: Site
    device: Device | None
    means: Means
    target: str
    ways_up: frozenset[SiteId]
    until: float

    @property
    def by(self) -> str:
        """Who measures."""
        return HERE if self.device is None else self.device.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """How one test ended."""

    site: str
    down_bps: float | None
    why: str | None


class SpeedTests:
    """Makes the tests that are due.

    Args:
        rules: how; None: none are made.
        fleet: the accepted inventory now.
        history: states of the sites and their hours.
        book: where results are written.
        tries: where tries are noted before they begin.
        measure: makes a test.
        platform: what a device runs, where it ever said so.
        locks: keeps two hands off one device.
        clock: epoch s.
    """

    def __init__(
        self,
        *,
        rules: Callable[[], SpeedRules | None],
        fleet: Callable[[], Fleet | None],
        history: History,
        book: SpeedBook,
        tries: Callable[[ZoneInfo], Tries],
        measure: Measure,
        platform: Callable[[str], str | None],
        clock: Callable[[], float],
        locks: DeviceLocks | None = None,
    ) -> None:
        self._rules, self._fleet, self._history, self._book = rules, fleet, history, book
        self._make_tries, self._measure, self._platform, self._clock = tries, measure, platform, clock
        self._locks: DeviceLocks = locks or NoLocks()
        self._busiest: dict[tuple[str, int], int | None] = {}

    async def round(self, stop: Callable[[], bool] = lambda: False) -> list[Tested]:
        """Make every test that is due now, as many at once as the rules and the backhauls allow.

        Raises:
            LedgerError: the bookkeeping cannot be read or written; nothing is tested without it.
        """
        rules = self._rules()
        if rules is None:
            return []
        waiting = await asyncio.to_thread(self.due, self._clock())
        found: list[Tested] = []
        running: dict[asyncio.Task[Tested | None], Due] = {}
        try:
            while (waiting and not stop()) or running:
                for due in [] if stop() else list(waiting):
                    taken = {site for each in running.values() for site in each.ways_up}
                    if len(running) < rules.at_once and not taken & due.ways_up:
                        waiting.remove(due)
                        running[asyncio.create_task(self._one(due, rules))] = due
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del running[task]
                    if (told := task.result()) is not None:
                        found.append(told)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        return found

    def due(self, now: float) -> list[Due]:
        """Tests that may begin now, by site; reads files and the store.

        Raises:
            LedgerError: the bookkeeping cannot be read.
        """
        rules, fleet = self._rules(), self._fleet()
        if rules is None or fleet is None:
            return []
        zone = ZoneInfo(fleet.inventory.timezone)
        wanted = self._wanted(fleet, rules, zone, now)
        up = self._up(wanted, now)
        wanted = [site for site in wanted if site.id in up]
        busiest = self._busy(fleet, wanted, zone, now) if rules.hours is Hours.BUSY else {}
        found = []
        for site in wanted:
            span = moment(site.id, now, rules, zone, opening=site.opening_hours, busiest=busiest.get(site.id))
            if span is None or not span[0] <= now < span[1]:
                continue
            if (due := self._how(fleet, site, rules, until=span[1])) is not None and self._affords(
                due, rules, fleet, now
            ):
                found.append(due)
        return found

    def _wanted(self, fleet: Fleet, rules: SpeedRules, zone: ZoneInfo, now: float) -> list[Site]:
        results = self._book.between(now - 40 * DAY_S, now + DAY_S)
        tries = self._make_tries(zone).recent(now)
        return [
            site
            for site in fleet.standing(now - 1, now)
            if site.kind.serves_public
            and is_wanted(
                site.id,
                now,
                Done(
                    results=[t.at for t in results.get(site.id, ())],
                    tries=[t.at for t in tries.get(site.id, ())],
                ),
                rules,
                zone,
            )
        ]

    def _up(self, sites: Sequence[Site], now: float) -> set[str]:
        """Sites that answer, as far as known: a test of a dark one would only use up a try."""
        subjects = [f"site:{site.id}" for site in sites]
        states = {
            each.subject: each.state
            for each in self._history.intervals(subjects, "state", start=int(now) - 1, end=int(now) + 1)
            if each.end is None or each.end > now - 1
        }
        good = (State.UP, State.DEGRADED)
        return {site.id for site in sites if states.get(f"site:{site.id}", State.UP) in good}

    def _busy(self, fleet: Fleet, sites: Sequence[Site], zone: ZoneInfo, now: float) -> Mapping[str, int | None]:
        """The hour of the day in which each site carried most of late, on the mean of the days; kept for a day."""
        day = int(now // DAY_S)
        self._busiest = {key: hour for key, hour in self._busiest.items() if key[1] == day}
        asked = [site for site in sites if (site.id, day) not in self._busiest]
        owner = [(d, n) for n, s in enumerate(asked) if s.id in fleet.members for d in fleet.members[s.id].gateways]
        end = int(now) - int(now) % HOUR_S
        scan = self._history.hours(
            "interface", ("in_octets", "in_rate_ds"), start=end - LOOK_BACK_S, end=end, devices=[d for d, _ in owner]
        )
        offset = datetime.fromtimestamp(now, zone).utcoffset()
        hour = (scan.bucket + (int(offset.total_seconds()) if offset else 0)) // HOUR_S % 24
        octets = scan.columns["in_octets"]
        told = np.isfinite(octets)
        table = np.zeros((len(asked), 24))
        rows = np.array([n for _, n in owner], dtype=np.int64)[scan.device[told]]
        np.add.at(table, (rows, hour[told]), octets[told])
        for number, site in enumerate(asked):
            self._busiest[site.id, day] = int(table[number].argmax()) if table[number].any() else None
        return {site.id: self._busiest[site.id, day] for site in sites}

    def _how(self, fleet: Fleet, site: Site, rules: SpeedRules, *, until: float) -> Due | None:
        """With what the site is tested; None where nothing of ours there can."""
        way = rules.way_of(site)
        if way.is_skipped:
            return None
        device = None if way.device == HERE else tester(fleet, site.id, way)
        if device is None and way.device != HERE:
            return None
        if device is not None and device.platform == "auto" and (known := self._platform(device.id)) is not None:
            device = replace(device, platform=known)  # the way in goes by what the device runs
        means = way.means or _means(device, way)
        target = way.iperf3 if means is Means.IPERF3 else way.url
        if target is None:
            return None
        ways = ways_up(fleet.inventory, site.id, device)
        return Due(site=site, device=device, means=means, target=target, ways_up=ways, until=until)

    def _affords(self, due: Due, rules: SpeedRules, fleet: Fleet, now: float) -> bool:
        month = civil_months(fleet.inventory.timezone, now - 1, now)[-1]
        spent = self._book.spent(due.site.id, since=float(month.start))
        spent += self._make_tries(ZoneInfo(fleet.inventory.timezone)).spent(due.site.id, now)
        return spent + rules.most_bytes <= rules.budget(due.site)

    async def _one(self, due: Due, rules: SpeedRules) -> Tested | None:
        """One test, noted before and after; None when its hour is over, or somebody else has a hand on the device."""
        at, name = self._clock(), due.site.id
        if at >= due.until:
            return None  # it waited for others: another day
        fleet = self._fleet()
        tries = self._make_tries(ZoneInfo(fleet.inventory.timezone if fleet else "UTC"))
        async with self._hand(due.by, until=at + rules.most_s + 60) as is_ours:
            if not is_ours:
                return None
            await asyncio.to_thread(tries.begin, name, at=at, most_octets=rules.most_bytes)
            try:
                found = await self._measure(
                    due.device, due.means, due.target, most_bytes=rules.most_bytes, most_s=rules.most_s
                )
            except (DeviceError, CredentialError, ValueError) as error:
                why = str(error)
                log.warning("speed test of %s by %s: %s", name, due.by, why)
                # What ended early cost next to nothing; what was cut at its time may have cost all it was allowed.
                cost = rules.most_bytes if self._clock() - at >= rules.most_s else 0
                await asyncio.to_thread(tries.end, name, at=at, octets=cost, why=why[:300])
                return Tested(site=name, down_bps=None, why=why)
            await asyncio.to_thread(self._keep, due, found, at)
            await asyncio.to_thread(tries.end, name, at=at, octets=0, why=None)
        log.info("speed test of %s by %s: %.2f Mbit/s down", name, due.by, found.down_bps / 1e6)
        return Tested(site=name, down_bps=found.down_bps, why=None)

    @asynccontextmanager
    async def _hand(self, device: str, *, until: float) -> AsyncIterator[bool]:
        """The lock of a device, taken and given back in a thread: it lies on a disk."""
        if device == HERE:
            yield True
            return
        held = self._locks.held(device, by=WHO, until=until)
        is_ours = await asyncio.to_thread(held.__enter__)
        try:
            yield is_ours
        finally:
            await asyncio.to_thread(held.__exit__, None, None, None)

    def _keep(self, due: Due, found: Download, at: float) -> None:
        by = f"{due.by}, {due.means}, {found.octets} bytes in {found.seconds:.2f} s, by itself"
        self._book.add(due.site.id, at=at, down_bps=found.down_bps, by=by, octets=found.octets)


def _means(device: Device | None, way: Way) -> Means:
    """What the device can do: RouterOS has a fetch of its own, everything else a Linux shell."""
    if way.url is None:
        return Means.IPERF3
    return Means.FETCH if device is not None and device.platform == "routeros" else Means.HTTP


def tester(fleet: Fleet, site: SiteId, way: Way) -> Device | None:
    """Who downloads at a site: the device that is named, else its first gateway with SSH, else any of ours with it."""
    devices = fleet.inventory.devices
    if way.device is not None:
        return devices.get(DeviceId(way.device))
    if site not in fleet.members:
        return None
    parts = fleet.members[site]
    able = [devices[DeviceId(d)] for d in (*parts.gateways, *parts.others, *parts.access_points)]
    return next((d for d in able if d.ssh is not None), None)


def ways_up(inventory: Inventory, site: SiteId, device: Device | None) -> frozenset[SiteId]:
    """Sites whose links a test at `site` loads: its own and those above, but not the core that all share."""
    found, at, seen = {site}, device, set[DeviceId]()
    while at is not None and at.id not in seen:
        seen.add(at.id)
        if inventory.sites[at.site].kind not in (SiteKind.POP, SiteKind.OFFICE):
            found.add(at.site)
        at = inventory.devices.get(at.parent) if at.parent is not None else None
    return frozenset(found)
