"""Where the parts are joined: which store, which doors, which journal make one running controller."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.shell import client_count
from controller.health import Health
from controller.inventories import InventoryKeeper
from controller.journal.journal import Journal
from controller.polling import recall
from controller.polling.commit import Committer
from controller.polling.cycle import Cycle, CycleReport
from controller.polling.doors import Doors
from controller.polling.locked import unless_locked
from controller.polling.memory import Memory
from controller.polling.names import Names
from controller.polling.service import Controller, in_service
from controller.polling.settings import PollingSettings
from controller.schedule import SystemClock
from devices.errors import InventoryError
from devices.inventory import load as load_inventory
from devices.model import Inventory
from geography.people import share_people
from geography.units import Units
from measurements.errors import StoreBusy, StoreError
from measurements.sqlite.settings import DEFAULT_ZONE
from measurements.sqlite.store import SqliteStore
from merata import imported
from merata.lines import Lines, sessions_of, shell_of
from merata.parts import LEARNED_FILE, AreasThen, Joined
from merata.settings import StatePaths, open_state
from merata.store_settings import store_settings

if TYPE_CHECKING:
    from devices.transport.ssh import SshShell
    from measurements.influx.store import InfluxStore
    from merata.coverage_jobs import CoverageJobs, RulesFile

log = logging.getLogger(__name__)


def people_of(inventory: Inventory, units: Units | None = None) -> Mapping[str, int]:
    """Estimated people of each public site, each person counted once; `units` None: counted in the shipped tables."""
    return share_people(((s.id, s.area) for s in inventory.sites.values() if s.kind.serves_public), units)


def counted_by(paths: StatePaths) -> Callable[[Inventory], Mapping[str, int]]:
    """`people_of`, in the people of an imported table where there is one."""

    def heads(inventory: Inventory) -> Mapping[str, int]:
        if not paths.geo.is_dir():
            return people_of(inventory)
        from merata.reading import counted  # numpy and shapely, only where something was imported

        return people_of(inventory, counted(paths))

    return heads


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


@asynccontextmanager
async def controller(
    state: Path,
    inventory: Path,
    *,
    settings: PollingSettings,
    store: str = "sqlite",
    speed: RulesFile | None = None,
) -> AsyncIterator[tuple[Controller, Joined]]:
    """A controller over a state directory, ready to run; everything is closed at the end.

    Args:
        state: the state directory.
        inventory: its main file.
        settings: how the fleet is polled.
        store: see `open_store`.
        speed: how sites are tested by themselves; None: nothing is done besides polling (a single cycle).

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
        health = Health(kept, owned, people=counted_by(paths), interval_s=settings.interval_s)
        stopped = await asyncio.to_thread(health.restore, clock.now())
        if stopped is not None:
            log.info("an earlier run observed until %s", datetime.fromtimestamp(stopped, UTC).isoformat("T", "seconds"))
        lines = Lines(owned)
        stack.push_async_callback(lines.close)
        names = Names(ttl_s=settings.names_ttl_s, monotonic=clock.monotonic)
        shell = shell_of(paths, lambda: parts.inventory)
        stack.callback(shell.close)
        doors = Doors(
            owned,
            snmp=lines.snmp,
            ping=lines.ping,
            names=names,
            environ=os.environ,
            shell=unless_locked(client_count(shell), lambda device: parts.locks.locked(device)),  # noqa: PLW0108  joined below
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
        duties = None
        if speed is not None:
            duties = _duties(paths, inventory, parts, shell=shell, journal=journal, rules=speed, clock=clock.now)
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
                duties=duties,
            ),
            parts,
        )


def _duties(
    paths: StatePaths,
    inventory: Path,
    parts: Joined,
    *,
    shell: SshShell,
    journal: Journal,
    rules: RulesFile,
    clock: Callable[[], float],
) -> CoverageJobs:
    """Speed tests and the ledger, over the parts of a running controller."""
    from merata.coverage_jobs import CoverageJobs

    def platform(device: str) -> str | None:
        known = journal.identity(device)
        return None if known is None else known.platform

    return CoverageJobs(
        state=paths.root,
        inventory_file=inventory,
        inventory=lambda: parts.inventory,
        shell=shell,
        sessions=sessions_of(paths, lambda: parts.inventory),
        platform=platform,
        rules=rules,
        keeps=parts,
        clock=clock,
        locks=parts.locks,
        imports=lambda: imported.mark(paths),
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
            observe=doors.observing(settings),
            spread=False,
        )
        await committer.stop()
        return report


def run_loop(main: Callable[[], Any]) -> Any:
    """Run a coroutine function on uvloop where it is there."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
