"""The running controller: turns the schedule's ticks into cycles, conclusions, a status and a log line.

It knows the parts only by what they do; `merata.bootstrap` joins them.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

from controller.polling.commit import Committer
from controller.polling.cycle import Cycle, CycleReport, Observe
from controller.polling.lanes import Lane, Outcome
from controller.polling.memory import Memory
from controller.polling.observer import Sight
from controller.polling.settings import PollingSettings
from controller.schedule import Clock, Schedule
from devices.model import Device, Inventory
from measurements.errors import StoreError

log = logging.getLogger(__name__)

STANDARD = "standard"
#: A cycle that could use less than this share of its interval is left out at the start of the program.
WORTHWHILE = 0.4
#: How often it is asked whether anything besides polling is due.
DUTIES_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """What the verdicts count: devices and sites by state, open outages."""

    devices: Mapping[str, int] = field(default_factory=dict)
    sites: Mapping[str, int] = field(default_factory=dict)
    outages_open: int = 0


class Parts(Protocol):
    """What the service is given. Methods marked (thread) run in the store's thread and may block."""

    inventory: Inventory

    def conclude(self, report: CycleReport, devices: Sequence[Device], at: float) -> Concluded:
        """Judge a finished cycle (thread)."""
        ...

    def watch_inventory(self, now: float) -> Inventory | None:
        """A newly accepted inventory, None while nothing changed (thread)."""
        ...

    def adopt(self, inventory: Inventory) -> None:
        """From now on the fleet is this one (in the loop)."""
        ...

    def maintain(self, now: float, stop: Callable[[], bool]) -> bool:
        """Roll up, apply retention (a thread of its own: writing goes on); False when `stop` cut it short."""
        ...

    def job(self, name: str, started: float, ended: float, outcome: str, facts: Mapping[str, Any]) -> None:
        """Keep that a job ran (thread)."""
        ...

    def skipped(self, name: str, at: float) -> None:
        """Count a run that would have overlapped (thread)."""
        ...

    def observe(self) -> Observe:
        """How the anchors of the present inventory are asked."""
        ...

    def store_status(self) -> Mapping[str, Any]:
        """How the store is (thread)."""
        ...

    def tell(self, at: float, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
        """Keep an event (thread)."""
        ...

    def stepped(self, at: float, seconds: float) -> None:
        """The wall clock jumped (thread)."""
        ...

    def publish(self, status: Mapping[str, Any]) -> None:
        """Replace the status that others read (thread)."""
        ...

    def save(self) -> None:
        """Keep what was learned (thread)."""
        ...

    def stopped(self) -> None:
        """The last word of a clean stop (thread)."""
        ...

    def notes(self) -> list[str]:
        """Sentences about what is not asked and why."""
        ...


class Duties(Protocol):
    """What a running controller does besides polling. Nothing of it may hold up a cycle."""

    def tick(self, now: float) -> None:
        """A look at what is due; begins it and returns at once (in the loop)."""
        ...

    def maintained(self, now: float) -> None:
        """Everything measured so far is rolled up; begins what waits for that and returns at once (in the loop)."""
        ...

    def status(self) -> Mapping[str, Any]:
        """How they go, in plain values."""
        ...

    async def stop(self) -> None:
        """End what runs."""
        ...


class Controller:
    """One running controller over one state directory."""

    def __init__(
        self,
        *,
        settings: PollingSettings,
        parts: Parts,
        cycle: Cycle,
        committer: Committer,
        memory: Memory,
        clock: Clock,
        about: Mapping[str, Any],
        duties: Duties | None = None,
    ) -> None:
        self._duties = duties
        self._settings = settings
        self._parts = parts
        self._runner = cycle
        self._committer = committer
        self._memory = memory
        self._clock = clock
        self._about = dict(about)
        self._schedule = Schedule(clock=clock, on_step=self._stepped)
        self._running: dict[str, asyncio.Task[CycleReport | None]] = {}
        self._last_slot: dict[str, int] = {}
        self._fleet: dict[str, list[Device]] = {}
        self._fleet_of: tuple[str, date] | None = None
        self._cycles: dict[str, dict[str, Any]] = {}
        self._concluded = Concluded()
        self._blind: frozenset[str] = frozenset()
        self._steps = 0
        self._behind = 0
        self._skipped = 0
        self._asked_to_stop = asyncio.Event()
        self._maintaining: asyncio.Task[bool] | None = None
        self._side: set[asyncio.Task[None]] = set()

    # --- life ---------------------------------------------------------------------------------------------------------

    async def run(self, *, ready: Callable[[], None]) -> None:
        """Poll until `stop` is called; then drop the cycle under way, store what it gave, and end."""
        self._committer.start()
        classes = {STANDARD: self._settings.interval_s, **self._settings.classes}
        for name, interval_s in classes.items():
            self._schedule.every(interval_s, f"cycle {name}", self._tick(name, interval_s))
        shortest = min(classes.values())
        self._schedule.every(5 * shortest, "maintain", self._maintain, jitter_s=shortest)
        self._schedule.every(min(10.0, shortest), "inventory", self._watch, jitter_s=0.5)
        self._schedule.every(3600.0, "memory", self._save, jitter_s=60.0)
        if self._duties is not None:
            self._schedule.every(DUTIES_S, "duties", self._look_at_duties, jitter_s=1.0)
        self._schedule.start()
        await self._publish()
        ready()
        if self._duties is not None:
            self._beside(self._begin_duties(self._duties))
        for name, interval_s in classes.items():
            left = interval_s - self._clock.now() % interval_s
            if left >= WORTHWHILE * interval_s:
                await self._tick(name, interval_s)(self._clock.now())
        await self._asked_to_stop.wait()
        await self._schedule.stop()
        if self._duties is not None:
            await self._duties.stop()
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        if self._maintaining is not None:
            # A thread cannot be cancelled, and the store must not close under it: it sees the wish to stop itself.
            await asyncio.gather(self._maintaining, return_exceptions=True)
        await asyncio.gather(*self._side, return_exceptions=True)
        await self._committer.flush()
        await self._committer.in_thread(self._parts.stopped)
        await self._publish()
        await self._committer.stop()

    def stop(self) -> None:
        """Ask for the end; safe in a signal handler of the loop."""
        self._asked_to_stop.set()

    async def once(self, *, only: Sequence[str] = ()) -> CycleReport | None:
        """One cycle now, as fast as the bounds allow. Of some devices it is stored and not concluded.

        The verdicts say until when the whole fleet was seen; a look at one device must not say that of the others.
        """
        now = self._clock.now()
        devices = [d for d in self.fleet(now) if not only or d.id in only]
        report = await self.cycle(STANDARD, self._settings.interval_s, devices, now, spread=False, conclude=not only)
        if not only:
            await self._committer.in_thread(self._parts.stopped)
        await self._committer.stop()
        return report

    # --- jobs ---------------------------------------------------------------------------------------------------------

    def _tick(self, name: str, interval_s: float) -> Any:
        async def tick(now: float) -> None:
            # A task of its own: the scheduler's word for "still running" is about ticks, ours is about cycles.
            before = self._running.get(name)
            if before is not None and not before.done():
                self._skipped += 1
                log.warning("cycle %s still runs: this one is skipped", name)
                self._beside(self._committer.in_thread(lambda: self._parts.skipped(f"cycle {name}", now)))
                return
            devices = self._due(name, now)
            if devices:
                self._running[name] = asyncio.create_task(self._guarded(name, interval_s, devices, now))

        return tick

    async def _guarded(self, name: str, interval_s: float, devices: Sequence[Device], now: float) -> CycleReport | None:
        try:
            return await self.cycle(name, interval_s, devices, now)
        except asyncio.CancelledError:
            log.info("the cycle under way is dropped; what it gave is stored")
            return None
        except Exception:
            log.exception("cycle %s failed inside the program", name)
            return None

    async def cycle(
        self,
        name: str,
        interval_s: float,
        devices: Sequence[Device],
        now: float,
        *,
        spread: bool = True,
        conclude: bool = True,
    ) -> CycleReport | None:
        """Ask `devices`, store and judge what they said, and say how it went.

        Args:
            name: the polling class.
            interval_s: its interval.
            devices: sorted by id.
            now: epoch seconds.
            spread: over what is left of the interval; False: as fast as the bounds allow.
            conclude: False stores only.

        Returns:
            None when the clock is behind the last slot: a slot is never taken by an older poll.
        """
        slot = int(math.floor(now / interval_s) * interval_s)
        if slot < self._last_slot.get(name, slot):
            # The clock went back: its slots are taken by what was polled before.
            self._behind += 1
            log.warning("the clock is behind the last slot: cycle %s is left out", name)
            return None
        self._last_slot[name] = slot
        left = slot + interval_s - now if spread else interval_s
        report = await self._runner.run(
            devices,
            slot=slot,
            interval_s=interval_s,
            ends=self._clock.monotonic() + left,
            observe=self._parts.observe(),
            spread=spread,
        )
        await self._committer.flush()
        if not conclude:
            return report
        at = self._clock.now()
        self._concluded = await self._committer.in_thread(lambda: self._parts.conclude(report, devices, at))
        self._note_sight(report, at)
        self._cycles[name] = described = _described(report)
        await self._committer.in_thread(
            lambda: self._parts.job(f"cycle {name}", report.started, at, "blind" if report.blind else "ok", described)
        )
        log.info("%s", _line(name, report, self._concluded))
        await self._publish()
        return report

    async def _look_at_duties(self, now: float) -> None:
        if self._duties is not None:
            self._duties.tick(now)

    async def _begin_duties(self, duties: Duties) -> None:
        """What a stopped program missed is made up at once: rolled up first, since the ledger stands on that."""
        duties.tick(self._clock.now())
        if self._maintaining is None:
            await self._maintain(self._clock.now())

    async def _maintain(self, now: float) -> None:
        if self._maintaining is not None and not self._maintaining.done():
            return  # the one that was begun at the start
        self._maintaining = asyncio.create_task(
            asyncio.to_thread(self._parts.maintain, now, self._asked_to_stop.is_set)
        )
        outcome = "ok"
        try:
            if not await self._maintaining:
                outcome = "stopped"
        except StoreError as error:
            outcome = "failed"
            log.error("the store was not maintained: %s", error)
        ended = self._clock.now()
        if self._duties is not None and outcome == "ok" and not self._asked_to_stop.is_set():
            self._duties.maintained(ended)
        await self._committer.in_thread(lambda: self._parts.job("maintain", now, ended, outcome, {}))

    async def _watch(self, now: float) -> None:
        found = await self._committer.in_thread(lambda: self._parts.watch_inventory(now))
        if found is not None:
            before = self._parts.inventory.devices
            self._parts.adopt(found)
            for changed in (d for d in found.devices.values() if before.get(d.id, d) != d):
                self._memory.forget(changed.id)
            self._memory.keep_only(found.devices)
            log.info(
                "inventory %s holds: %d sites, %d devices", found.version[:12], len(found.sites), len(found.devices)
            )

    async def _save(self, now: float) -> None:  # noqa: ARG002
        await self._committer.in_thread(self._parts.save)

    def _stepped(self, step: float) -> None:
        self._steps += 1
        now = self._clock.now()
        self._beside(self._committer.in_thread(lambda: self._parts.stepped(now, step)))

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nothing here waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._side.add(task)
        task.add_done_callback(self._side.discard)

    async def _tell(self, at: float, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
        await self._committer.in_thread(lambda: self._parts.tell(at, kind, subject, facts))

    # --- who is due ---------------------------------------------------------------------------------------------------

    def _due(self, poll_class: str, now: float) -> list[Device]:
        self.fleet(now)
        return self._fleet.get(poll_class, [])

    def fleet(self, now: float) -> list[Device]:
        """Devices in service today, by id; sorted anew only when the inventory or the day changed."""
        inventory = self._parts.inventory
        today = datetime.fromtimestamp(now, UTC).date()
        if self._fleet_of != (inventory.version, today):
            self._fleet = {}
            for device_id in sorted(inventory.devices):
                device = inventory.devices[device_id]
                if in_service(device, today):
                    known = device.poll_class in self._settings.classes
                    self._fleet.setdefault(device.poll_class if known else STANDARD, []).append(device)
            self._fleet_of = (inventory.version, today)
        return sorted((d for fleet in self._fleet.values() for d in fleet), key=lambda d: d.id)

    # --- status -------------------------------------------------------------------------------------------------------

    def _note_sight(self, report: CycleReport, at: float) -> None:
        blind = frozenset(report.blind)
        for domain in blind - self._blind:
            facts = {"why": report.blind[domain], "anchors": list(report.observation.failed)}
            log.warning("nothing can be seen of domain %s (%s): its devices are unknown", domain, report.blind[domain])
            self._beside(self._tell(at, "observer_blind", f"domain:{domain}", facts))
        for domain in self._blind - blind:
            self._beside(self._tell(at, "observer_sees", f"domain:{domain}", {}))
        self._blind = blind

    async def _publish(self) -> None:
        def publish() -> None:
            try:
                store: Mapping[str, Any] = self._parts.store_status()
            except StoreError as error:
                store = {"error": str(error)}
            self._parts.publish(self._status(store))

        await self._committer.in_thread(publish)

    def _status(self, store: Mapping[str, Any]) -> dict[str, Any]:
        inventory = self._parts.inventory
        committer = self._committer
        return {
            **self._about,
            "written": self._clock.now(),
            "interval_s": self._settings.interval_s,
            "inventory": {
                "version": inventory.version,
                "sites": len(inventory.sites),
                "devices": len(inventory.devices),
                "simulated": inventory.simulated,
            },
            "cycles": self._cycles,
            "states": dict(self._concluded.devices),
            "sites": dict(self._concluded.sites),
            "outages_open": self._concluded.outages_open,
            "skipped": self._skipped + sum(self._schedule.skipped.values()),
            "failed": dict(self._schedule.failed),
            "clock": {"steps": self._steps, "left_out": self._behind},
            "writing": {
                "stored": committer.stored,
                "waiting": committer.waiting,
                "dropped": committer.dropped,
                "rejected": committer.rejected,
                "unavailable": committer.unavailable,
            },
            "store": store,
            "duties": {} if self._duties is None else dict(self._duties.status()),
            "notes": self._parts.notes(),
        }


def in_service(device: Device, today: date) -> bool:
    """True from `since` to the day before `until`."""
    return (device.since is None or device.since <= today) and (device.until is None or today < device.until)


def _described(report: CycleReport) -> dict[str, Any]:
    return {
        "slot": report.slot,
        "started": report.started,
        "interval_s": report.interval_s,
        "took_s": round(report.took_s, 3),
        "devices": len(report.outcomes),
        "outcomes": {str(o): report.count(o) for o in Outcome},
        "lanes": {str(lane): report.lanes.get(str(lane), 0) for lane in Lane},
        "most_in_flight": report.most_in_flight,
        "overloaded": report.overloaded,
        "blind": report.blind,
        "anchors": {d: str(s) for d, s in report.observation.sight.items()},
        "anchors_failed": list(report.observation.failed),
        "observer": "undeclared" if not report.observation.sight else _worst(report),
    }


def _worst(report: CycleReport) -> str:
    found = set(report.observation.sight.values())
    return str(next(s for s in (Sight.BLIND, Sight.PARTLY, Sight.UNDECLARED, Sight.SEES) if s in found))


def _line(name: str, report: CycleReport, concluded: Concluded) -> str:
    """One line a cycle."""
    when = datetime.fromtimestamp(report.slot, UTC).strftime("%H:%M:%SZ")
    parts = [
        f"cycle {name} {when}: {len(report.outcomes)} devices in {report.took_s:.1f} s",
        f"{report.count(Outcome.ANSWERED)} answered, {report.count(Outcome.SILENT)} silent",
    ]
    if late := report.count(Outcome.LATE):
        parts.append(f"{late} late")
    if unasked := report.count(Outcome.NOT_ASKED):
        parts.append(f"{unasked} not observed")
    if report.overloaded:
        parts.append("OVERLOADED: this machine did not keep up, nobody is blamed")
    if report.blind:
        parts.append("blind: " + ", ".join(f"{d} ({why})" for d, why in sorted(report.blind.items())))
    parts.append(f"{concluded.outages_open} outages open")
    return "; ".join(parts)
