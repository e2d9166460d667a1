"""The land of each village: imported boundaries, else cells made from points, held inside the boundaries there are."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint
from shapely.geometry.base import BaseGeometry

from geography.layers import Layers
from geography.outlines import cells
from geography.units import Level, Units

Floats = NDArray[np.float64]
_NEAR_DEG = 0.03  # 3 km: a place this near a shore is meant to be on land


def village_shapes(units: Units, layers: Layers) -> dict[str, BaseGeometry]:
    """Polygons in (lon, lat) degrees by village code; a village without a boundary and without a point has none.

    With boundaries of villages: those. With boundaries of districts or regencies only: the cells of the village points
    inside each. Else cells of points alone.
    """
    found = layers.boundaries(Level.VILLAGE)
    if found is None:
        found = cells(units, Level.VILLAGE)
        held = layers.boundaries(Level.DISTRICT) or layers.boundaries(Level.REGENCY)
        if held:
            found |= _cut(units, held)
    return {code: shape for code, shape in sorted(found.items()) if code in units and not shape.is_empty}


def are_exact(layers: Layers, level: Level) -> bool:
    """Whether boundaries of a level were imported, itself or joined up from narrower units."""
    return layers.boundaries_layer(level) is not None


def without_land(units: Units, layers: Layers) -> list[str]:
    """Codes of villages that have neither a boundary nor a point: their people are counted over a wider unit."""
    known = layers.boundaries(Level.VILLAGE)
    if known is not None:
        return [u.code for u in units.level(Level.VILLAGE) if u.code not in known]
    return [u.code for u in units.level(Level.VILLAGE) if u.point is None]


def locate(shapes: dict[str, BaseGeometry], lat: Floats, lon: Floats) -> list[str | None]:
    """The code of the shape that holds each place (degrees); off the shore the nearest within 3 km, else None."""
    codes = sorted(shapes)
    tree = shapely.STRtree([shapes[code] for code in codes])
    points = np.atleast_1d(np.asarray(shapely.points(lon, lat), dtype=object))
    owner = np.full(len(points), -1, dtype=np.int64)
    if len(points) and codes:
        row, place = tree.query(points, predicate="within")
        owner[row[::-1]] = place[::-1]
        lost = np.flatnonzero(owner < 0)
        if len(lost):
            row, place = tree.query_nearest(points[lost], max_distance=_NEAR_DEG, all_matches=False)
            owner[lost[row]] = place
    return [codes[place] if place >= 0 else None for place in owner.tolist()]


def _cut(units: Units, held: dict[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """Cells of the village points of each unit, cut to its boundary."""
    depth = {code.count(".") for code in held}
    members: dict[str, list[tuple[str, tuple[float, float]]]] = defaultdict(list)
    for village in units.level(Level.VILLAGE):
        parts = village.code.split(".")
        for dots in depth:
            code = ".".join(parts[: dots + 1])
            if code in held and village.point:
                members[code].append((village.code, village.point))
    found: dict[str, BaseGeometry] = {}
    for code, villages in members.items():
        corners = MultiPoint([(lon, lat) for _, (lat, lon) in villages])
        pieces = (
            shapely.voronoi_polygons(corners, extend_to=held[code], ordered=True).geoms
            if len(villages) > 1
            else [held[code]]
        )
        for (village_code, _), piece in zip(villages, pieces, strict=True):
            found[village_code] = shapely.intersection(piece, held[code])
    return found
