"""What geography knows of the inventory's areas: whether a code exists, and whether a site lies near its village."""

from __future__ import annotations

from collections.abc import Callable
from math import asin, cos, pi, radians, sin, sqrt

from devices.model import Site
from geography.units import load

_EARTH_KM = 6371.0
#: Boundaries are not known here: a site is called far beyond three radii of a disc of the area's size and 10 km.
_RADII, _SPARE_KM, _UNKNOWN_RADIUS_KM = 3.0, 10.0, 20.0


def known_area() -> Callable[[str], bool]:
    """A test for codes. Provinces without facts tables are not judged: any well-formed code of theirs will do."""
    units = load()
    provinces = {code[:2] for code in units}
    return lambda code: code[:2] not in provinces or units.find(code) is not None


def far_from_area(site: Site) -> str | None:
    """A sentence where a site lies far from the village or district it names: one of the two is wrong."""
    units = load()
    unit = units.find(site.area)
    place = units.place(unit) if unit is not None else None
    if unit is None or place is None:
        return None
    away_km = _distance_km((site.lat, site.lon), place)
    radius_km = sqrt(unit.area_km2 / pi) if unit.area_km2 else _UNKNOWN_RADIUS_KM
    if away_km <= _RADII * radius_km + _SPARE_KM:
        return None
    return f"{site.lat:g}, {site.lon:g} is {away_km:.0f} km from {units.path(site.area)} ({site.area})"


def _distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two (lat, lon) in degrees (haversine)."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(radians, point)) for point in (a, b))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))
