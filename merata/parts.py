"""The parts of one running controller as its service wants them: health, store, journal, inventory behind one face."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from controller.health import Health, Seen
from controller.inventories import InventoryKeeper, LinkKind
from controller.journal.journal import Journal
from controller.journal.locks import DeviceLocks
from controller.journal.records import Event
from controller.polling import recall
from controller.polling import status as status_file
from controller.polling.cycle import CycleReport, Observe
from controller.polling.doors import Doors
from controller.polling.identities import Identities
from controller.polling.memory import Memory
from controller.polling.service import Concluded
from controller.polling.settings import PollingSettings
from devices.model import Device, Inventory
from measurements.errors import StoreError
from merata import imported
from merata.lines import Lines
from merata.settings import StatePaths

if TYPE_CHECKING:
    from measurements.influx.store import InfluxStore
    from measurements.sqlite.store import SqliteStore

log = logging.getLogger(__name__)

STATUS_FILE = "status.json"
#: A cache of what was learned of each device; may be deleted.
LEARNED_FILE = "learned.json"
#: Changes of lane in one cycle that are told one by one.
LANES_TOLD = 50
#: How long jobs and events are kept.
JOURNAL_KEPT_S = 400 * 86_400.0
EVER = datetime.fromtimestamp(0, UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class AreasThen:
    """The area a device or site belonged to at a moment, by the links of that time; read once a version."""

    def __init__(self, keeper: InventoryKeeper) -> None:
        self._keeper = keeper
        self._version: str | None = None
        self._held: dict[tuple[LinkKind, str], list[tuple[float, float, str]]] = {}
        self._lock = threading.Lock()

    def __call__(self, subject: str, at: float) -> str | None:
        """Area code of `device:<id>` or `site:<id>`; None where it was nowhere."""
        with self._lock:
            running = self._keeper.running
            if running is not None and running.version != self._version:
                self._read(running.version)
        kind, _, name = subject.partition(":")
        site = self._at(LinkKind.DEVICE_SITE, name, at) if kind == "device" else name
        return None if site is None else self._at(LinkKind.SITE_AREA, site, at)

    def _at(self, kind: LinkKind, child: str, at: float) -> str | None:
        return next((p for start, end, p in self._held.get((kind, child), ()) if start <= at < end), None)

    def _read(self, version: str) -> None:
        held: dict[tuple[LinkKind, str], list[tuple[float, float, str]]] = {}
        for kind in (LinkKind.DEVICE_SITE, LinkKind.SITE_AREA):
            for link in self._keeper.links.links(kind, EVER, NEVER):
                start = link.start.timestamp() if link.start else 0.0
                end = link.end.timestamp() if link.end else float("inf")
                held.setdefault((kind, link.child), []).append((start, end, link.parent))
        self._held, self._version = held, version


class Joined:
    """The parts of one running controller, as `controller.polling.service.Parts` wants them."""

    def __init__(
        self,
        *,
        paths: StatePaths,
        settings: PollingSettings,
        keeper: InventoryKeeper,
        inventory: Inventory,
        store: SqliteStore | InfluxStore,
        journal: Journal,
        health: Health,
        doors: Doors,
        lines: Lines,
        memory: Memory,
    ) -> None:
        self.inventory = inventory
        self._paths = paths
        self._settings = settings
        self._keeper = keeper
        self._store = store
        self._journal = journal
        self._health = health
        self._doors = doors
        self._lines = lines
        self._memory = memory
        self._identities = Identities(journal)
        self.locks = DeviceLocks(journal.rollouts, now=time.time, monotonic=time.monotonic)
        self._refused: tuple[str, ...] = ()
        self._imports = imported.mark(paths)

    def conclude(self, report: CycleReport, devices: Sequence[Device], at: float) -> Concluded:
        """Judge a finished cycle."""
        found = self._health.conclude(
            Seen(
                started=report.started,
                at=at,
                interval_s=report.interval_s,
                devices=devices,
                readings=report.readings,
                blind=report.blind,
                planned=self._worked_on(report.started),
            )
        )
        events = [Event(at=h.at, kind=h.kind, subject=h.subject, text=h.facts) for h in found.happenings]
        moved = report.moved if len(report.moved) <= LANES_TOLD else []  # a province that falls silent is one outage
        events += [
            Event(at=at, kind="lane_changed", subject=f"device:{d}", text={"before": str(b), "after": str(a)})
            for d, b, a in moved
        ]
        self._record(events)
        self._identify(devices)
        return Concluded(devices=found.devices, sites=found.sites, outages_open=found.outages_open)

    def _worked_on(self, since: float) -> frozenset[str]:
        try:
            return self.locks.worked_on(since=since)
        except StoreError as error:
            log.error("which devices are being changed is not known: %s", error)
            return frozenset()

    def _identify(self, devices: Sequence[Device]) -> None:
        try:
            self._identities.note(devices, self._memory)
        except StoreError as error:
            log.error("what devices say they are was not kept: %s", error)

    def watch_inventory(self, now: float) -> Inventory | None:
        """Take up a changed inventory and imported people; a broken inventory is told and the running one stays."""
        if (mark := imported.mark(self._paths)) != self._imports:
            self._imports = mark
            self._health.recount()
            log.info("people are counted as they were imported")
        changed = self._keeper.poll(datetime.fromtimestamp(now, UTC))
        refused = tuple(str(c) for c in self._keeper.refused)
        if refused != self._refused:
            self._refused = refused
            for complaint in refused:
                log.error("inventory refused: %s", complaint)
            if refused:
                self.tell(now, "inventory_refused", "inventory", {"complaints": list(refused[:20])})
        if changed is None:
            return None
        self._health.change(changed, now)
        facts = {"version": changed.version, "sites": len(changed.sites), "devices": len(changed.devices)}
        self.tell(now, "inventory_accepted", "inventory", facts)
        return changed

    def adopt(self, inventory: Inventory) -> None:
        """From now on the fleet is this one."""
        self.inventory = inventory
        self._lines.change(inventory)
        self._doors.change(inventory, snmp=self._lines.snmp, ping=self._lines.ping)

    def maintain(self, now: float, stop: Callable[[], bool]) -> bool:
        """Roll up, apply retention; forget old jobs and events. False when it was stopped before the end."""
        if not self._store.maintain(now, stop=stop):
            return False
        try:
            self._journal.forget(before=now - JOURNAL_KEPT_S)
        except StoreError as error:
            log.error("old events were not forgotten: %s", error)
        return True

    def job(self, name: str, started: float, ended: float, outcome: str, facts: Mapping[str, Any]) -> None:
        """Keep that a job ran."""
        try:
            self._journal.job_ended(self._journal.job_started(name, started), ended, outcome, facts)
        except StoreError as error:
            log.error("a run of %s was not kept: %s", name, error)

    def skipped(self, name: str, at: float) -> None:
        """Count a run that would have overlapped."""
        try:
            self._journal.job_skipped(name, at)
        except StoreError as error:
            log.error("a skipped run of %s was not kept: %s", name, error)

    def observe(self) -> Observe:
        """Ask the anchors of the present inventory."""
        return self._doors.observing(self._settings)

    def store_status(self) -> Mapping[str, Any]:
        """How the store is, in plain values."""
        found = self._store.status()
        return {
            "kind": found.kind,
            "version": found.version,
            "bytes_on_disk": found.bytes_on_disk,
            "newest_slot": found.newest_slot,
            "lag_s": found.lag_s,
            "spool_rows": found.spool_rows,
            "spool_bytes": found.spool_bytes,
            "dropped": found.dropped,
            "dead": found.dead,
            "alarms": list(found.alarms),
        }

    def tell(self, at: float, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
        """Keep an event."""
        self._record([Event(at=at, kind=kind, subject=subject, text=facts)])

    def _record(self, events: Sequence[Event]) -> None:
        try:
            self._journal.record(events)
        except StoreError as error:
            # The journal is for people; the measuring must not wait for it.
            log.error("%d events were not kept: %s", len(events), error)

    def stepped(self, at: float, seconds: float) -> None:
        """The clock jumped: keep it as an event; the hole it makes is the clock's."""
        self._health.clock_stepped()
        self.tell(at, "clock_step", "controller", {"seconds": round(seconds, 1)})

    def publish(self, status: Mapping[str, Any]) -> None:
        """Replace the status that others read."""
        refused = {"refused": list(self._refused[:20])}
        status_file.write(self._paths.run / STATUS_FILE, {**status, "inventory": {**status["inventory"], **refused}})

    def save(self) -> None:
        """Keep what was learned."""
        try:
            self._memory.save(self._paths.root / LEARNED_FILE, self.inventory.devices, recall.encode)
        except (OSError, TypeError, ValueError, LookupError) as error:
            log.error("what was learned of the devices was not kept: %s", error)

    def stopped(self) -> None:
        """Write how long everything was last confirmed, and what was learned."""
        self._health.stop()
        self.save()

    def notes(self) -> list[str]:
        """What is not asked, and why."""
        return self._doors.notes
