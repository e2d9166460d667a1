"""Where the parts are joined: which store, which doors, which journal make one running controller."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.asks import PingAsk
from collectors.shell import client_count
from controller.health import Health, Seen
from controller.inventories import InventoryKeeper, LinkKind
from controller.journal.journal import Journal
from controller.journal.records import Event
from controller.polling import recall, status
from controller.polling.commit import Committer
from controller.polling.cycle import Cycle, CycleReport, Observe
from controller.polling.doors import Doors
from controller.polling.memory import Memory
from controller.polling.names import Names
from controller.polling.observer import Observation, observe
from controller.polling.service import Concluded, Controller, in_service
from controller.polling.settings import PollingSettings
from controller.schedule import SystemClock
from devices.credentials import ssh_login
from devices.errors import InventoryError
from devices.hostkeys import HostKeys
from devices.inventory import load as load_inventory
from devices.model import Device, Domain, Inventory, Target
from devices.transport.ping import Pinger, PingResult
from devices.transport.snmp.client import SnmpClient
from devices.transport.ssh import SshShell
from geography.people import share_people
from measurements.errors import StoreBusy, StoreError
from measurements.sqlite.reader import SqliteReader
from measurements.sqlite.settings import DEFAULT_ZONE
from measurements.sqlite.store import SqliteStore
from measurements.store import Latest
from merata.settings import StatePaths, open_state
from merata.store_settings import store_settings

if TYPE_CHECKING:
    from measurements.influx.store import InfluxStore

log = logging.getLogger(__name__)

STATUS_FILE = "status.json"
#: A cache of what was learned of each device; may be deleted.
LEARNED_FILE = "learned.json"
EVER = datetime.fromtimestamp(0, UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
#: Changes of lane in one cycle that are told one by one.
LANES_TOLD = 50
#: How long jobs and events are kept.
JOURNAL_KEPT_S = 400 * 86_400.0
#: Longer than any cycle that may still use a socket.
SOCKETS_OUTLIVE_S = 600.0


def people_of(inventory: Inventory) -> Mapping[str, int]:
    """Estimated people of each public site, each person counted once."""
    return share_people((s.id, s.area) for s in inventory.sites.values() if s.kind.serves_public)


def open_store(paths: StatePaths, kind: str, *, zone: str) -> SqliteStore | InfluxStore:
    """The store of that kind; takes the state directory.

    Args:
        paths: the state directory.
        kind: `sqlite`, or `influx` as the environment describes it (see `merata.store_settings`).
        zone: IANA name of the civil days.

    Raises:
        StoreBusy: a controller runs on it.
        StoreError: InfluxDB is wanted and not described.
    """
    if kind == "sqlite":
        return SqliteStore.open(paths.root, zone=zone)
    wanted = store_settings(os.environ)
    if wanted.influx is None:
        raise StoreError("--store influx needs MERATA_INFLUX_URL (and MERATA_INFLUX_TOKEN)")
    from measurements.influx.store import InfluxStore  # only those who use it pay for its import

    return InfluxStore.open(paths.root, wanted.influx, clock=time.time, limits=wanted.spool, zone=zone)


def read_status(state: Path) -> dict[str, Any] | None:
    """What the controller last said of itself."""
    return status.read(StatePaths(root=state).run / STATUS_FILE)


def is_running(state: Path) -> bool:
    """True while a process holds the state directory."""
    lock = StatePaths(root=state).run / "lock"
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def read_latest(state: Path) -> Mapping[str, Latest]:
    """Last known of every device, read beside a running controller."""
    reader = SqliteReader(state)
    try:
        return reader.latest()
    finally:
        reader.close()


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


class Lines:
    """The sockets towards the devices: SNMP for all domains, echo requests where the kernel permits them."""

    def __init__(self, inventory: Inventory) -> None:
        self._domains = inventory.domains
        self._open()

    def _open(self) -> None:
        self.snmp = SnmpClient(self._domains)
        self._pinger = Pinger(self._domains)
        self.refused = self._pinger.permitted()
        self.ping: PingAsk | None = None if self.refused else partial(_ping, self._pinger)

    def change(self, inventory: Inventory) -> None:
        """Open new sockets when the domains changed; the old ones close once no poll can be using them."""
        if inventory.domains == self._domains:
            return
        old = (self.snmp, self._pinger)
        self._domains = inventory.domains
        self._open()
        loop = asyncio.get_running_loop()
        loop.call_later(SOCKETS_OUTLIVE_S, lambda: loop.create_task(_close(*old)))

    async def close(self) -> None:
        """Close them all."""
        await _close(self.snmp, self._pinger)

    aclose = close  # what `contextlib.aclosing` calls


async def _ping(pinger: Pinger, target: Target) -> PingResult:
    """Three echo requests; a satellite hop needs more than the usual second."""
    return await pinger.ping(target.host, domain=target.domain, timeout_s=2.0)


async def _close(snmp: SnmpClient, pinger: Pinger) -> None:
    await snmp.close()
    await pinger.close()


def shell_of(paths: StatePaths, inventory: Callable[[], Inventory]) -> SshShell:
    """Shells on devices, with the host keys pinned under the state directory."""
    return SshShell(
        login=lambda device: ssh_login(inventory(), device, environ=os.environ),
        host_keys=HostKeys(paths.known_hosts),
        domain=lambda name: inventory().domains.get(name, Domain(name=name)),
    )


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
        events = [Event(at=h.at, kind=h.kind, subject=h.subject, text=h.facts) for h in found.happenings]
        moved = report.moved if len(report.moved) <= LANES_TOLD else []  # a province that falls silent is one outage
        events += [
            Event(at=at, kind="lane_changed", subject=f"device:{d}", text={"before": str(b), "after": str(a)})
            for d, b, a in moved
        ]
        self._record(events)
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
        self._health.change(changed, now)
        facts = {"version": changed.version, "sites": len(changed.sites), "devices": len(changed.devices)}
        self.tell(now, "inventory_accepted", "inventory", facts)
        return changed

    def adopt(self, inventory: Inventory) -> None:
        """From now on the fleet is this one."""
        self.inventory = inventory
        self._lines.change(inventory)
        self._doors.change(inventory, snmp=self._lines.snmp, ping=self._lines.ping)

    def maintain(self, now: float) -> None:
        """Roll up, apply retention; forget old jobs and events."""
        self._store.maintain(now)
        try:
            self._journal.forget(before=now - JOURNAL_KEPT_S)
        except StoreError as error:
            log.error("old events were not forgotten: %s", error)

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
        return observing(self.inventory, self._doors, self._settings)

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
        try:
            self._memory.save(self._paths.root / LEARNED_FILE, self.inventory.devices, recall.encode)
        except (OSError, TypeError, ValueError, LookupError) as error:
            log.error("what was learned of the devices was not kept: %s", error)

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
        keeper = InventoryKeeper(paths.inventories, inventory)
        kept, owned = _open_and_accept(paths, store, keeper, clock.now())
        stack.callback(kept.close)
        kept.areas = AreasThen(keeper)
        journal = Journal.open(paths.journal)
        stack.callback(journal.close)
        for complaint in keeper.refused:
            log.error("inventory refused, the last accepted one is used: %s", complaint)
        health = Health(kept, owned, people=people_of, interval_s=settings.interval_s)
        stopped = await asyncio.to_thread(health.restore, clock.now())
        if stopped is not None:
            log.info("an earlier run observed until %s", datetime.fromtimestamp(stopped, UTC).isoformat("T", "seconds"))
        lines = Lines(owned)
        stack.push_async_callback(lines.close)
        names = Names(ttl_s=settings.names_ttl_s, monotonic=clock.monotonic)
        shell = shell_of(paths, lambda: parts.inventory)
        stack.callback(shell.close)
        doors = Doors(
            owned, snmp=lines.snmp, ping=lines.ping, shell=client_count(shell), names=names, environ=os.environ
        )
        memory = Memory()
        if known := memory.load(paths.root / LEARNED_FILE, owned.devices, recall.decode):
            log.info("%d devices are known from an earlier run", known)
        for device in health.answering():
            memory.of(device).answered = True
        committer = Committer(kept.write, every_s=settings.commit_s, capacity=settings.buffer_readings)
        cycle = Cycle(settings=settings, poll=doors.poll, committer=committer, names=names, memory=memory, clock=clock)
        parts = Joined(
            paths=paths, settings=settings, keeper=keeper, inventory=owned, store=kept, journal=journal,
            health=health, doors=doors, lines=lines, memory=memory,
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


def _open_and_accept(
    paths: StatePaths, kind: str, keeper: InventoryKeeper, now: float
) -> tuple[SqliteStore | InfluxStore, Inventory]:
    """The store and the inventory that runs. The store comes first: only who holds the directory may accept one."""
    before = keeper.versions.current()
    zone = DEFAULT_ZONE if before is None else before.timezone
    kept = open_store(paths, kind, zone=zone)
    try:
        owned = keeper.poll(datetime.fromtimestamp(now, UTC))
        if owned is None:
            raise InventoryError(list(keeper.refused))
    except BaseException:
        kept.close()
        raise
    if owned.timezone != zone:  # civil days are the inventory's
        kept.close()
        kept = open_store(paths, kind, zone=owned.timezone)
    return kept, owned


async def poll_once(
    state: Path, inventory: Path, *, only: Sequence[str] = (), settings: PollingSettings | None = None
) -> tuple[CycleReport | None, bool]:
    """One cycle now; the report, and whether it was stored (not while a controller runs there)."""
    chosen = settings or PollingSettings()
    try:
        async with controller(state, inventory, settings=chosen) as (whole, _):
            return await whole.once(only=only), True
    except StoreBusy:
        return await _poll_beside(inventory, only=only, settings=chosen), False


async def _poll_beside(inventory: Path, *, only: Sequence[str], settings: PollingSettings) -> CycleReport:
    """Ask without a store, a journal or a memory."""
    owned = load_inventory(inventory)
    clock = SystemClock()
    names = Names(ttl_s=settings.names_ttl_s, monotonic=clock.monotonic)
    async with aclosing(Lines(owned)) as lines:
        doors = Doors(owned, snmp=lines.snmp, ping=lines.ping, shell=None, names=names, environ=os.environ)
        committer = Committer(lambda _: None, every_s=settings.commit_s, capacity=settings.buffer_readings)
        cycle = Cycle(
            settings=settings, poll=doors.poll, committer=committer, names=names, memory=Memory(), clock=clock
        )
        now, today = clock.now(), datetime.fromtimestamp(clock.now(), UTC).date()
        devices = sorted((d for d in owned.devices.values() if in_service(d, today)), key=lambda d: d.id)
        report = await cycle.run(
            [d for d in devices if not only or d.id in only],
            slot=int(now // settings.interval_s * settings.interval_s),
            interval_s=settings.interval_s,
            ends=clock.monotonic() + settings.interval_s,
            observe=observing(owned, doors, settings),
            spread=False,
        )
        await committer.stop()
        return report


def observing(inventory: Inventory, doors: Doors, settings: PollingSettings) -> Observe:
    """How the anchors of an inventory are asked."""

    async def ask() -> Observation:
        return await observe(
            inventory.anchors, doors.ask_anchor, timeout_s=settings.anchor_timeout_s, tries=settings.anchor_tries
        )

    return ask


def run_loop(main: Callable[[], Any]) -> Any:
    """Run a coroutine function on uvloop where it is there."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
