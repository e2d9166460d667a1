"""The read side, joined: what the web process reads from the state directory. It writes nothing but a cache."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from controller.health.thresholds import Thresholds
from controller.inventories import InventoriesError, Versions
from controller.journal.errors import JournalError
from controller.journal.journal import Journal
from controller.journal.records import Event
from controller.polling import status
from controller.views import Reader, Sources
from controller.views.sources import Ring
from devices.errors import CredentialError, InventoryError
from devices.facts import Identity
from devices.inventory import load as load_inventory
from devices.model import Backhaul, Inventory
from geography.errors import GeographyError
from geography.layers import Layers
from geography.outlines import outlines
from geography.people import share_people
from geography.population import with_table
from geography.units import Level, Units
from geography.units import load as load_units
from measurements.errors import StoreError
from measurements.sqlite.reader import SqliteReader, open_reader
from merata.settings import StatePaths
from merata.store_settings import store_settings

log = logging.getLogger(__name__)

STATUS_FILE = "status.json"
LOOK_S = 1.0  # how often files are looked at again
IMPORTS_LOOK_S = 5.0  # how often imported layers are
K = TypeVar("K")
V = TypeVar("V")


def sources(state: Path, inventory: Path) -> Sources:
    """Everything the views read, found where the controller leaves it.

    Args:
        state: state directory; may still be empty.
        inventory: read itself while no controller has accepted one.
    """
    paths = StatePaths(root=state)
    units = load_units()
    kept = OpenJournal(paths.journal)
    heads: Kept[Inventory, Mapping[str, int]] = Kept(
        lambda i: (i.version, mark_of(paths)), lambda i: people_of(i, counted(paths))
    )
    drawn = Renewed(lambda: _outlines(state), mark=lambda: mark_of(paths))
    return Sources(
        reader=_reader(paths),
        inventory=CurrentInventory(paths.inventories, inventory),
        units=units,
        people=heads,
        outlines=lambda: drawn()[1],
        exact=lambda: drawn()[0],
        events=kept.events,
        identity=kept.identity,
        run_status=lambda: status.read(paths.run / STATUS_FILE) or {},
        limits=limits,
    )


def limits(backhaul: Backhaul | None) -> Mapping[str, float]:
    """Thresholds of health in the units of the charts."""
    found = Thresholds()
    return {
        "loss_percent": found.loss_ratio * 100,
        "rtt_ms": found.rtt_ms.get(backhaul, found.rtt_ms[None]),
        "cpu_percent": found.cpu_ratio * 100,
        "temperature_c": found.temperature_c,
    }


class CurrentInventory:
    """What the controller accepted last; before the first time, the file itself. A broken one changes nothing."""

    def __init__(self, folder: Path, source: Path) -> None:
        self._versions, self._source = Versions(folder), source
        self._lock = threading.Lock()
        self._mark: object = None
        self._value: Inventory | None = None
        self._looked = float("-inf")

    def __call__(self) -> Inventory | None:
        """The inventory to show."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_S:
                self._looked = time.monotonic()
                self._look()
            return self._value

    def _look(self) -> None:
        name = self._versions.current_name()
        mark = name or _stamp(self._source)
        if mark == self._mark:
            return
        self._mark = mark
        try:
            self._value = self._versions.inventory(name) if name else load_inventory(self._source)
        except (InventoriesError, InventoryError, OSError):
            return


class OpenJournal:
    """What pages read of the journal; nothing while there is none, or while it does not answer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._journal: Journal | None = None

    def events(self, subject: str | None, start: float, end: float) -> Sequence[Event]:
        """Events of a subject (None: all) over [start, end), newest first."""
        try:
            journal = self._open()
            return journal.events(subject=subject, start=start, end=end, limit=100) if journal else ()
        except (JournalError, StoreError):
            return ()

    def identity(self, device: str) -> Identity | None:
        """What a device last said it is."""
        try:
            journal = self._open()
            return journal.identity(device) if journal else None
        except (JournalError, StoreError):
            return None

    def journal(self) -> Journal | None:
        """The journal, None while there is none; for accounts and for what pages ask to be done."""
        return self._open()

    def _open(self) -> Journal | None:
        with self._lock:
            if self._journal is None and self._path.exists():  # only the controller makes one
                self._journal = Journal.open(self._path)
            return self._journal


class Kept(Generic[K, V]):
    """The last result of a function, made again when its key changes."""

    def __init__(self, key: Callable[[K], object], make: Callable[[K], V]) -> None:
        self._key, self._make = key, make
        self._lock = threading.Lock()
        self._held: tuple[object, V] | None = None

    def __call__(self, given: K) -> V:
        """The result for `given`."""
        key = self._key(given)
        with self._lock:
            if self._held is None or self._held[0] != key:
                self._held = (key, self._make(given))
            return self._held[1]


class Once(Generic[V]):
    """A value made when first asked for."""

    def __init__(self, make: Callable[[], V]) -> None:
        self._kept = Kept[None, V](lambda _: None, lambda _: make())

    def __call__(self) -> V:
        """The value."""
        return self._kept(None)


def _reader(paths: StatePaths) -> Reader:
    """Local files; with InfluxDB in the environment, its series beside them."""
    local: SqliteReader = open_reader(paths.root)
    try:
        influx = store_settings(os.environ).influx
    except (CredentialError, StoreError):
        influx = None  # pages live on what is local
    if influx is None:
        return local
    from measurements.influx.connection import Connection  # only those who use it pay for its import
    from measurements.influx.reader import InfluxReader

    return InfluxReader(local, Connection(influx), clock=time.time)


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class Renewed(Generic[V]):
    """A value made when first asked for, and again behind its readers when its mark changes.

    Args:
        make: the value.
        mark: text that changes with what it is made of; looked at every few seconds.
    """

    def __init__(self, make: Callable[[], V], *, mark: Callable[[], str]) -> None:
        self._make, self._mark = make, mark
        self._lock = threading.Lock()
        self._held: tuple[str, V] | None = None
        self._looked = float("-inf")
        self._is_making = False

    def __call__(self) -> V:
        """The value; the one before while the next is made."""
        with self._lock:
            if self._held is None:
                self._held, self._looked = (self._mark(), self._make()), time.monotonic()
            elif not self._is_making and time.monotonic() - self._looked >= IMPORTS_LOOK_S:
                self._looked = time.monotonic()
                if (mark := self._mark()) != self._held[0]:
                    self._is_making = True
                    threading.Thread(target=self._renew, args=(mark,), name="merata-outlines", daemon=True).start()
            return self._held[1]

    def _renew(self, mark: str) -> None:
        try:
            made = self._make()
        except Exception:  # what is held stays until the import can be used
            log.exception("what was imported could not be taken up")
            made = None
        with self._lock:
            self._is_making = False
            if made is not None:
                self._held = (mark, made)


def mark_of(paths: StatePaths) -> str:
    """Changes whenever boundaries or people were imported or taken away; a few small files are read."""
    try:
        return Layers(paths.geo).fingerprint
    except GeographyError as error:
        return str(error)


def counted(paths: StatePaths) -> Units:
    """The units with the people of an imported table; as shipped where there is none that can be read."""
    units = load_units()
    try:
        return with_table(units, Layers(paths.geo))
    except GeographyError as error:
        log.warning("%s; people are counted as shipped until then", error)
        return units


def people_of(inventory: Inventory, units: Units) -> Mapping[str, int]:
    """Estimated people of each public site, each person counted once."""
    return share_people(((s.id, s.area) for s in inventory.sites.values() if s.kind.serves_public), units)


def _exact(paths: StatePaths) -> bool:
    """Whether boundaries of regencies were imported and can be read."""
    try:
        return Layers(paths.geo).boundaries(Level.REGENCY) is not None
    except GeographyError as error:
        log.warning("%s; outlines are approximate until then", error)
        return False


def _outlines(state: Path) -> tuple[bool, Mapping[str, Sequence[Ring]]]:
    """Whether they are boundaries, and the rings of each regency."""
    found: dict[str, Any] = {}
    paths = StatePaths(root=state)
    is_exact = _exact(paths)
    layers = Layers(paths.geo if is_exact else None)
    for one in outlines(Level.REGENCY, cache=state / "cache" if state.is_dir() else None, layers=layers):
        found[one.code] = [ring for polygon in one.polygons for ring in polygon]
    return is_exact, found
