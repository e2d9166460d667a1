"""The read side, joined: what the web process reads from the state directory. It writes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from controller.views import Nothing, Sources
from devices.errors import InventoryError
from devices.inventory import load as load_inventory
from devices.model import Inventory
from geography.people import share_people
from geography.units import load as load_units


def sources(state: Path, inventory: Path) -> Sources:  # noqa: ARG001
    """Everything the views read, found where the controller leaves it.

    Args:
        state: state directory.
        inventory: read itself while no controller has accepted one.
    """
    return Sources(
        reader=Nothing(),
        inventory=Watched(inventory, _inventory_of),
        units=load_units(),
        people=Kept(_people_of),
    )


class Watched:
    """A file's meaning, read again when the file changes. A broken file leaves the meaning before it."""

    def __init__(self, path: Path, read: Callable[[Path], Inventory | None]) -> None:
        self._path, self._read = path, read
        self._lock = threading.Lock()
        self._mark: tuple[int, int] | None = None
        self._value: Inventory | None = None

    def __call__(self) -> Inventory | None:
        """What the file says now."""
        with self._lock:
            try:
                stat = self._path.stat()
            except OSError:
                return self._value
            mark = (stat.st_mtime_ns, stat.st_size)
            if mark != self._mark:
                self._mark = mark
                self._value = self._read(self._path) or self._value
            return self._value


class Kept:
    """People of one inventory, counted once a version."""

    def __init__(self, count: Callable[[Inventory], Mapping[str, int]]) -> None:
        self._count = count
        self._version = ""
        self._value: Mapping[str, int] = {}

    def __call__(self, inventory: Inventory) -> Mapping[str, int]:
        """People by site id."""
        if inventory.version != self._version:
            self._value, self._version = self._count(inventory), inventory.version
        return self._value


def _inventory_of(path: Path) -> Inventory | None:
    try:
        return load_inventory(path)
    except (InventoryError, OSError):
        return None


def _people_of(inventory: Inventory) -> Mapping[str, int]:
    return share_people((s.id, s.area) for s in inventory.sites.values() if s.kind.serves_public)
