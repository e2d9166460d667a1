"""Where the parts of bulk change are joined: one executor over a state directory, in a service or in this process."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import time as clock_time
from functools import partial
from pathlib import Path
from typing import TypeVar

from controller.configurations.accepting import Accepting
from controller.journal.holders import myself
from controller.journal.journal import Journal
from controller.rollout.executor import Executor, More
from controller.rollout.monitoring import StoredMonitoring
from controller.rollout.ports import OnStep, Pace, unheard
from controller.rollout.work import World
from devices.configuring.registry import dialect_of
from devices.errors import InventoryError
from devices.inventory import load
from devices.model import Device, DeviceId, Inventory
from devices.platforms.recognise import platforms
from measurements.sqlite.reader import SqliteReader
from merata.areas import known_area
from merata.config_fleet import ConfigFleet, config_fleet
from merata.settings import open_state
from merata.vitals import SnmpVitals

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Sessions at once at most: measured, more threads than this give no more devices a minute.
WORKERS = 100
_LOOK_S = 10.0


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Recognised:
    """The inventory with platforms as recognised: `auto` stands for what the device last said it is."""

    def __init__(self, fleet: ConfigFleet) -> None:
        devices: dict[DeviceId, Device] = dict(fleet.inventory.devices)
        for subject in fleet.subjects:
            devices[subject.device.id] = fleet.device(subject)
        self._inventory = replace(fleet.inventory, devices=devices)

    def __call__(self) -> Inventory:
        """What we own."""
        return self._inventory


class Changed:
    """True once the inventory's files differ from what they were, and are a legal inventory again."""

    def __init__(self, inventory: Path) -> None:
        self._path = inventory
        self._version = load(inventory, known_area=known_area()).version
        self._looked = time.monotonic()

    def __call__(self) -> bool:
        """Looks every ten seconds; a broken inventory changes nothing."""
        if time.monotonic() - self._looked < _LOOK_S:
            return False
        self._looked = time.monotonic()
        try:
            return load(self._path, known_area=known_area()).version != self._version
        except (InventoryError, OSError):
            return False


@contextmanager
def executor(
    state: Path,
    inventory: Path,
    *,
    workers: int = WORKERS,
    pace: Pace | None = None,
    on_step: OnStep = unheard,
) -> Iterator[Executor]:
    """An executor, ready to run; everything is closed at the end.

    Raises:
        InventoryError, StoreError, PermissionError: it cannot begin.
    """
    platforms()  # imported here, not by a hundred threads at once
    with (
        config_fleet(state, inventory) as fleet,
        closing(SnmpVitals(fleet.inventory, environ=os.environ)) as vitals,
        ThreadPoolExecutor(workers, thread_name_prefix="push") as pool,
    ):
        accepting = Accepting(
            copies=fleet.copies, history=fleet.history, rows=fleet.journal.configurations,
            fingerprint=fleet.fingerprint.of,
        )  # fmt: skip
        world = World(
            rollouts=fleet.journal.rollouts, sessions=fleet.sessions, dialect_of=dialect_of, copies=fleet.copies,
            vitals=vitals, fingerprint=fleet.fingerprint, resolve=fleet.secret, clock=SystemClock(),
            holder=myself("executor"), pace=pace or Pace(), on_step=on_step, accept=accepting.accept,
        )  # fmt: skip
        try:
            yield Executor(
                journal=fleet.journal, world=world, inventory=Recognised(fleet),
                monitoring=StoredMonitoring(lambda: closing(SqliteReader(fleet.paths.root))), pool=pool,
                more=_more(fleet),
            )  # fmt: skip
        finally:
            accepting.flush(at=time.time())


def _more(fleet: ConfigFleet) -> More:
    """Requests that others answer: plans asked for by pages and scripts."""
    from merata import config_making, config_nightly

    return {"plan.make": partial(config_making.answer, fleet), config_nightly.KIND: config_nightly.answer(fleet)}


def nightly(state: Path, inventory: Path, at: clock_time | None) -> Callable[[], object]:
    """Asks for the nightly backup when it is due; call it often. `at` None: never."""
    from merata.config_nightly import Nightly

    if at is None:
        return lambda: None
    zone = load(inventory, known_area=known_area()).timezone
    return Nightly(Journal.open(open_state(state).journal), zone, at=at).look


def run_here(state: Path, inventory: Path, watch: Callable[[], T]) -> T:
    """Run an executor in this process while `watch` does; what is under way is finished before this returns.

    Raises:
        ExecutorBusy: another one runs; it takes the request, so watching it is enough.
    """
    with executor(state, inventory) as whole:
        failed: list[BaseException] = []
        began = threading.Event()

        def work() -> None:
            try:
                whole.run(ready=began.set)
            except BaseException as error:  # told to the one who waits
                failed.append(error)
            finally:
                began.set()

        thread = threading.Thread(target=work, name="executor")
        thread.start()
        began.wait()
        if failed:
            thread.join()
            raise failed[0]
        try:
            return watch()
        finally:
            whole.stop()
            thread.join()
