"""The land of each village: imported boundaries, else cells made from points."""

from __future__ import annotations

from shapely.geometry.base import BaseGeometry

from geography.layers import Layers
from geography.outlines import cells
from geography.units import Level, Units


def village_shapes(units: Units, layers: Layers) -> dict[str, BaseGeometry]:
    """Polygons in (lon, lat) degrees by village code; a village without a point or boundary has none."""
    found = layers.boundaries(Level.VILLAGE)
    if found is None:
        found = cells(units, Level.VILLAGE)
    return {code: shape for code, shape in found.items() if not shape.is_empty}
