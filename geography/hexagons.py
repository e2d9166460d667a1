"""H3 hexagons: cells of a shape, their centres and corners. The only door to `h3`.

A cell is an unsigned 64-bit number here and its usual text (15 hex digits) where people or files see it. Source of the
system: Uber, H3 (h3geo.org), Apache-2.0.
"""

from __future__ import annotations

from collections.abc import Iterable

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Cells = NDArray[np.uint64]
Floats = NDArray[np.float64]

FINEST = 15


def inside(shape: BaseGeometry, resolution: int) -> Cells:
    """Cells whose centre lies in a polygon or multipolygon of (lon, lat) degrees, ascending."""
    if shape.is_empty:
        return np.array([], dtype=np.uint64)
    return np.sort(np.asarray(h3.geo_to_cells(shape, resolution), dtype=np.uint64))


def at(lat: Floats, lon: Floats, resolution: int) -> Cells:
    """The cell of each place (degrees)."""
    pairs = zip(np.asarray(lat).tolist(), np.asarray(lon).tolist(), strict=True)
    return np.fromiter((h3.latlng_to_cell(y, x, resolution) for y, x in pairs), dtype=np.uint64)


def centres(cells: Cells) -> tuple[Floats, Floats]:
    """(lat, lon) in degrees of each cell's centre."""
    found = np.array([h3.cell_to_latlng(c) for c in cells.tolist()], dtype=np.float64).reshape(-1, 2)
    return found[:, 0].copy(), found[:, 1].copy()


def corners(cells: Cells) -> Floats:
    """Corners of each cell, shape (n, k, 2): (lat, lon) degrees, anticlockwise; a cell with fewer repeats its last.

    k is 6 nearly everywhere: five for twelve pentagons, up to ten where an odd resolution crosses the icosahedron's
    edges.
    """
    rings = [h3.cell_to_boundary(c) for c in cells.tolist()]
    most = max((len(r) for r in rings), default=6)
    padded = [[*r, *([r[-1]] * (most - len(r)))] for r in rings]
    return np.array(padded, dtype=np.float64).reshape(-1, most, 2)


def areas_km2(cells: Cells) -> Floats:
    """Area of each cell on the sphere, km2."""
    return np.fromiter((h3.cell_area(c, unit="km^2") for c in cells.tolist()), dtype=np.float64)


def children(cells: Cells, resolution: int) -> tuple[Cells, NDArray[np.int64]]:
    """Finer cells of each cell, and the index of the cell that each came from."""
    lists = [np.asarray(h3.cell_to_children(c, resolution), dtype=np.uint64) for c in cells.tolist()]
    origin = np.repeat(np.arange(len(lists), dtype=np.int64), [len(found) for found in lists])
    return (np.concatenate(lists) if lists else np.array([], dtype=np.uint64)), origin


def parents(cells: Cells, resolution: int) -> Cells:
    """The coarser cell that holds each cell."""
    return np.fromiter((h3.cell_to_parent(c, resolution) for c in cells.tolist()), dtype=np.uint64)


def resolution_of(cell: int) -> int:
    """How fine a cell is, 0 to 15."""
    return int(h3.get_resolution(cell))


def circumradius_km(resolution: int) -> float:
    """No cell of this resolution reaches further from its centre than this; a bound for searches, not a size."""
    return float(h3.average_hexagon_edge_length(resolution, unit="km")) * 1.3


def as_text(cells: Cells) -> NDArray[np.str_]:
    """The usual names: 15 hex digits."""
    return np.array([f"{c:x}" for c in cells.tolist()], dtype="<U15")


def from_text(names: Iterable[str]) -> Cells:
    """Cells of their names.

    Raises:
        ValueError: a name is no H3 cell.
    """
    numbers = []
    for name in names:
        try:
            number = int(name.strip(), 16)
        except ValueError:
            number = 0
        if not h3.is_valid_cell(number):
            raise ValueError(f"{name!r} is no H3 cell")
        numbers.append(number)
    return np.array(numbers, dtype=np.uint64)
