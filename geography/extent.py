"""Whether coordinates can be meant for the units at all: not swapped, not in metres, not somewhere else."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geography.units import Level, Units

_MARGIN_DEG = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """A box of degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        """Whether a place lies in it."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def __str__(self) -> str:
        return f"longitude {self.west:.1f} to {self.east:.1f}, latitude {self.south:.1f} to {self.north:.1f}"


def of_units(units: Units) -> Extent | None:
    """The box about all villages, each as wide as a circle of twice its area, and half a degree; None: no points."""
    places = [(u.point, u.area_km2 or 1.0) for u in units.level(Level.VILLAGE) if u.point]
    if not places:
        return None
    reach = [math.sqrt(2 * area / math.pi) / 111.0 + _MARGIN_DEG for _, area in places]
    return Extent(
        west=min(p[1] - r for (p, _), r in zip(places, reach, strict=True)),
        south=min(p[0] - r for (p, _), r in zip(places, reach, strict=True)),
        east=max(p[1] + r for (p, _), r in zip(places, reach, strict=True)),
        north=max(p[0] + r for (p, _), r in zip(places, reach, strict=True)),
    )


def complaint(extent: Extent, lon: float, lat: float) -> str | None:
    """Why a place cannot be meant, None when it can."""
    if extent.holds(lon, lat):
        return None
    if extent.holds(lat, lon):
        return f"longitude and latitude are swapped: {lon:g}, {lat:g} would lie in the area as {lat:g}, {lon:g}"
    if abs(lon) > 180 or abs(lat) > 90:
        return (
            f"coordinates like {lon:g}, {lat:g} are no degrees but a projection: "
            "give WGS84 longitude and latitude (EPSG:4326)"
        )
    return f"{lon:g}, {lat:g} lies outside the area of the units ({extent})"
