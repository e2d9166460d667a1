"""Where the parts are joined: which store, which doors, which journal make one running controller."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.health import Health, Seen
from controller.inventories import InventoryKeeper
from controller.journal.journal import Journal
from controller.journal.records import Event
from controller.polling import status
from controller.polling.commit import Committer
from controller.polling.cycle import Cycle, CycleReport, Observe
from controller.polling.doors import Doors
from controller.polling.memory import Memory
from controller.polling.names import Names
from controller.polling.observer import Observation, observe
from controller.polling.service import Concluded, Controller
from controller.polling.settings import PollingSettings
from controller.schedule import SystemClock
from devices.errors import InventoryError
from devices.model import Device, Inventory
from devices.transport.snmp.client import SnmpClient
from geography.people import share_people
from measurements.errors import StoreError
from measurements.store import MeasurementStore
from merata.settings import StatePaths, open_state

log = logging.getLogger(__name__)

STATUS_FILE = "status.json"


def people_of(inventory: Inventory) -> Mapping[str, int]:
    """Estimated people of each public site, each person counted once."""
    return share_people((s.id, s.area) for s in inventory.sites.values() if s.kind.serves_public)


def open_store(paths: StatePaths, kind: str) -> MeasurementStore:
    """The store of that kind; takes the state directory.

    Raises:
        StoreBusy: a controller runs on it.
    """
    from measurements.sqlite.store import SqliteStore

    return SqliteStore.open(paths.root)


def read_status(state: Path) -> dict[str, Any] | None:
    """What the controller last said of itself."""
    return status.read(StatePaths(root=state).run / STATUS_FILE)


class Joined:
    """The parts of one running controller, as `controller.polling.service.Parts` wants them."""

    def __init__(
        self,
        *,
        paths: StatePaths,
        settings: PollingSettings,
        keeper: InventoryKeeper,
        inventory: Inventory,
        store: MeasurementStore,
        journal: Journal,
        health: Health,
        doors: Doors,
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
        self._memory = memory
        self._refused: tuple[str, ...] = ()

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
            )
        )
        self._record([Event(at=h.at, kind=h.kind, subject=h.subject, text=h.facts) for h in found.happenings])
        return Concluded(devices=found.devices, sites=found.sites, outages_open=found.outages_open)

    def watch_inventory(self, now: float) -> Inventory | None:
        """Take up a changed inventory; a broken one is told and the running one stays."""
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
        self.inventory = changed
        self._doors.change(changed)
        self._health.change(changed, now)
        facts = {"version": changed.version, "sites": len(changed.sites), "devices": len(changed.devices)}
        self.tell(now, "inventory_accepted", "inventory", facts)
        return changed

    def maintain(self, now: float) -> None:
        """Roll up, apply retention."""
        self._store.maintain(now)

    def observe(self) -> Observe:
        """Ask the anchors of the present inventory."""
        anchors = self.inventory.anchors

        async def ask() -> Observation:
            return await observe(
                anchors,
                self._doors.ask_anchor,
                timeout_s=self._settings.anchor_timeout_s,
                tries=self._settings.anchor_tries,
            )

        return ask

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

    def publish(self, said: Mapping[str, Any]) -> None:
        """Replace the status that others read."""
        refused = {"refused": list(self._refused[:20])}
        status.write(self._paths.run / STATUS_FILE, {**said, "inventory": {**said["inventory"], **refused}})

    def save(self) -> None:
        """Keep what was learned."""

    def stopped(self, at: float) -> None:
        """Write how long everything was last confirmed, and what was learned."""
        self._health.stop(at)
        self.save()

    def notes(self) -> list[str]:
        """What is not asked, and why."""
        return self._doors.notes


@asynccontextmanager
async def controller(
    state: Path, inventory: Path, *, settings: PollingSettings, store: str = "sqlite"
) -> AsyncIterator[tuple[Controller, Joined]]:
    """A controller over a state directory, ready to run; everything is closed at the end.

    Raises:
        StoreBusy: another one runs there.
        InventoryError: the inventory is refused and there is none accepted before.
    """
    paths = open_state(state)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        kept = open_store(paths, store)
        stack.callback(kept.close)
        journal = Journal.open(paths.journal)
        stack.callback(journal.close)
        keeper = InventoryKeeper(paths.inventories, inventory)
        owned = keeper.poll(datetime.fromtimestamp(clock.now(), UTC))
        if owned is None:
            raise InventoryError(list(keeper.refused))
        for complaint in keeper.refused:
            log.error("inventory refused, the last accepted one is used: %s", complaint)
        health = Health(kept, owned, people=people_of, interval_s=settings.interval_s)
        stopped = await asyncio.to_thread(health.restore, clock.now())
        if stopped is not None:
            log.info("an earlier run observed until %s", datetime.fromtimestamp(stopped, UTC).isoformat("T", "seconds"))
        snmp = SnmpClient(owned.domains)
        stack.push_async_callback(snmp.close)
        names = Names(ttl_s=settings.names_ttl_s, monotonic=clock.monotonic)
        doors = Doors(owned, snmp=snmp, ping=None, shell=None, names=names, environ=os.environ)
        memory = Memory()
        for device in health.answering():
            memory.of(device).answered = True
        committer = Committer(kept.write, every_s=settings.commit_s, capacity=settings.buffer_readings)
        cycle = Cycle(settings=settings, poll=doors.poll, committer=committer, names=names, memory=memory, clock=clock)
        parts = Joined(
            paths=paths, settings=settings, keeper=keeper, inventory=owned, store=kept, journal=journal,
            health=health, doors=doors, memory=memory,
        )  # fmt: skip
        about = {"pid": os.getpid(), "started": clock.now(), "store_kind": store, "state": str(paths.root)}
        yield (
            Controller(
                settings=settings,
                parts=parts,
                cycle=cycle,
                committer=committer,
                memory=memory,
                clock=clock,
                about=about,
            ),
            parts,
        )


def run_loop(main: Callable[[], Any]) -> Any:
    """Run a coroutine function on uvloop where it is there."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
