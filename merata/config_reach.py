"""Whose only working site a site is: joined from the inventory, the last states and the people who live there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from math import asin, cos, radians, sin, sqrt

from controller.rollout.planning import Reach
from devices.model import Inventory, Site
from geography.people import share_people
from measurements.intervals import State
from measurements.sqlite.reader import SqliteReader
from merata.settings import StatePaths

#: A walk: whoever has another working site so near is not cut off.
RADIUS_M = 1_000.0
#: A state that was last confirmed longer ago is no state.
_STALE_S = 900
_EARTH_M = 6_371_000.0


class NearbySites:
    """Tells for each site whether another one works within a walk or in its village. Made once a plan."""

    def __init__(self, inventory: Inventory, states: Mapping[str, str]) -> None:
        """Prepare.

        Args:
            inventory: every site.
            states: last state by site id; empty where nothing was ever watched: then all count as working.
        """
        public = [site for site in inventory.sites.values() if site.kind.serves_public]
        working = (State.UP.value, State.DEGRADED.value)
        self._working = [site for site in public if not states or states.get(site.id) in working]
        self._sites = {str(site.id): site for site in public}
        self._people = share_people((site.id, site.area) for site in public)

    def reach(self, site: str) -> Reach:
        """Of one site; a site that serves nobody (a tower) is nobody's only one."""
        own = self._sites.get(site)
        if own is None:
            return Reach()
        near = any(other.id != own.id and _replaces(other, own) for other in self._working)
        return Reach(people=self._people.get(own.id), is_only=not near and own in self._working)


def nearby(inventory: Inventory, paths: StatePaths) -> NearbySites:
    """With the states that were last stored."""
    now = int(time.time())
    with closing(SqliteReader(paths.root)) as reader:
        ids = [f"site:{site}" for site in inventory.sites]
        last = sorted(reader.intervals(ids, "state", start=now - _STALE_S, end=now + 1), key=lambda i: i.start)
    return NearbySites(inventory, {i.subject.removeprefix("site:"): i.state.value for i in last})


def _replaces(other: Site, own: Site) -> bool:
    is_village = own.area.count(".") == 3
    return (is_village and other.area == own.area) or _metres(other, own) <= RADIUS_M


def _metres(a: Site, b: Site) -> float:
    """Great-circle distance (haversine)."""
    if abs(a.lat - b.lat) > 0.02:  # more than two kilometres: need not be computed
        return float("inf")
    lat_a, lon_a, lat_b, lon_b = (radians(angle) for angle in (a.lat, a.lon, b.lat, b.lon))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_M * asin(sqrt(half))
