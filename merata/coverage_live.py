"""Joins the live planner: the accepted inventory, the store, the demand grid and their folder in the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from math import isfinite
from pathlib import Path

from controller.coverage.candidates import Brought, Point
from controller.coverage.measured import Fleet
from controller.coverage.planner import Planner
from controller.coverage.speed import SpeedBook
from controller.inventories import Versions
from devices.model import Inventory
from geography.grid import DemandGrid, build
from geography.layers import Layers
from geography.people import share_people
from geography.places import Kind, Place, places
from geography.population import with_table
from geography.units import Units
from geography.units import load as load_units
from merata.coverage_history import LocalHistory, fleet_of, folder_of
from merata.reading import CurrentInventory, Kept, Once
from merata.settings import StatePaths

__all__ = ["LocalHistory", "brought", "fleet_at", "fleet_of", "folder_of", "people_of", "planner"]


def planner(state: Path, inventory: Path, *, is_pinned: bool = False) -> Planner:
    """The planner of a state directory.

    Args:
        state: as `merata run` leaves it; may still be empty.
        inventory: read itself while no controller has accepted one.
        is_pinned: hold to the boundaries and people that are there when the grid is first asked for, whatever is
            imported later: who waits for pages must not wait for a new grid.
    """
    paths = StatePaths(root=state)
    units, layers = load_units(), Layers(paths.geo)
    counted = with_table(units, layers)
    current = CurrentInventory(paths.inventories, inventory)
    fleets: Kept[Inventory, Fleet] = Kept(lambda i: i.version, fleet_of)

    def fleet() -> Fleet | None:
        known = current()
        return None if known is None else fleets(known)

    return Planner(
        fleet=fleet,
        history=LocalHistory(state),
        grid=Once(lambda: build(units, layers, cache=paths.root / "cache")) if is_pinned else _grid(units, paths),
        units=counted,
        people=partial(people_of, units=counted),
        tests=SpeedBook(folder_of(state)).between,
        brought=lambda: brought(layers),
        folder=folder_of(state),
    )


def people_of(fleet: Fleet, *, units: Units | None = None) -> Mapping[str, int]:
    """Whose internet each public site is, each person counted once; `units` None: counted in the shipped tables."""
    return share_people(((s.id, s.area) for s in fleet.inventory.sites.values() if s.kind.serves_public), units)


def fleet_at(state: Path, moment: float) -> Fleet | None:
    """The fleet of the inventory that ran at a moment; the oldest one kept where it is younger than that.

    Raises:
        InventoriesError: a kept version cannot be read.
    """
    versions = Versions(StatePaths(root=state).inventories)
    kept = versions.all()
    if not kept:
        return None
    before = [each for each in kept if each.at <= datetime.fromtimestamp(moment, UTC)]
    return fleet_of(versions.inventory((before[-1] if before else kept[0]).name))


def _grid(units: Units, paths: StatePaths) -> Callable[[], DemandGrid]:
    """The grid, made or read when first asked for, and again when somebody imported boundaries or people."""
    made = Kept[Layers, DemandGrid](
        lambda layers: layers.fingerprint, lambda layers: build(units, layers, cache=paths.root / "cache")
    )
    return lambda: made(Layers(paths.geo))


def brought(layers: Layers) -> Brought:
    """Imported points: candidate sites, with their cost where a column of that name says one, and those of others."""
    return Brought(
        offered=tuple(_point(p) for p in places(layers, Kind.CANDIDATE)),
        others=tuple(_point(p) for p in places(layers, Kind.OTHER_PROGRAMME)),
    )


def _point(place: Place) -> Point:
    said = {name.strip().lower(): value for name, value in place.said.items()}
    try:
        cost = float(said.get("cost") or said.get("biaya") or "nan")
    except ValueError:
        cost = float("nan")
    price = cost if isfinite(cost) and cost > 0 else None
    return Point(id=place.id, name=place.name, lat=place.lat, lon=place.lon, cost=price)
