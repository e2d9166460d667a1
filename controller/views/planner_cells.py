"""The planner's hexagons as tiles: only what is in view is sent, a class for each cell, as light as it can be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from controller.coverage.cells import Hexagons
from controller.views.planner import BREAKS, MOST_UNKNOWN, PROMISED_BREAKS

MOST_TILES = 48  # in one answer
FINE, FINE_SIDE_DEG = 8, 0.25  # tiles of resolution 8 are so wide; each step coarser makes them sqrt(7) wider
PLACE, CORNER = 1e-4, 1e-5  # degrees: what offsets of centres and of corners count in
Floats = NDArray[np.float64]
Tile = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTile:
    """The cells of one square of degrees.

    corners: of a cell in its middle, (east, north) offsets from the centre, in 1e-5 degrees: all cells of a tile have
    this shape. east, north: centres, from the tile's south-west corner, in 1e-4 degrees. step: one digit a cell, the
    class on the map (0: not measured).
    """

    corners: tuple[int, ...]
    east: tuple[int, ...]
    north: tuple[int, ...]
    step: str


def side_deg(resolution: int) -> float:
    """How wide and high a tile of cells of that resolution is."""
    return float(round(FINE_SIDE_DEG * 7 ** ((FINE - resolution) / 2), 3))


def tiles(found: Hexagons, layer: str, wanted: Sequence[Tile]) -> Mapping[Tile, CellTile]:
    """The wanted tiles with their cells; a tile without cells is there and empty.

    Args:
        found: all cells.
        layer: what colours them: effective, nominal, adequate, promised.
        wanted: column and row of each tile, counted from 0° E and 0° N.
    """
    side = side_deg(found.resolution)
    column = np.floor(found.lon / side).astype(np.int64)
    row = np.floor(found.lat / side).astype(np.int64)
    step = steps(found, layer)
    made = {}
    for tile in wanted:
        here = np.flatnonzero((column == tile[0]) & (row == tile[1]))
        here = here[np.lexsort((found.lon[here], np.round(found.lat[here] / side * 64)))]  # near ones beside each other
        west, south = tile[0] * side, tile[1] * side
        made[tile] = CellTile(
            corners=_corners(int(found.index[here[len(here) // 2]])) if len(here) else (),
            east=tuple(np.round((found.lon[here] - west) / PLACE).astype(int).tolist()),
            north=tuple(np.round((found.lat[here] - south) / PLACE).astype(int).tolist()),
            step="".join(map(str, step[here].tolist())),
        )
    return made


def steps(found: Hexagons, layer: str) -> NDArray[np.int64]:
    """The class of each cell, as `planner.step_of` and `planner.is_hatched` say it of an area."""
    people = np.maximum(found.people, 1e-12)
    nothing = np.full(len(found), np.nan)
    value: Floats = {
        "effective": found.effective,
        "nominal": found.nominal,
        "adequate": nothing if found.adequate is None else found.adequate,
        "promised": np.maximum(0.0, found.nominal - found.effective - found.unknown),
    }[layer]
    breaks = PROMISED_BREAKS if layer == "promised" else BREAKS
    made = 1 + np.searchsorted(np.array(breaks), value / people + 1e-9, side="right")
    hatched = np.isnan(value)
    if layer != "nominal":
        hatched |= (found.nominal > 0) & (found.unknown > MOST_UNKNOWN * found.nominal)
    return np.where(hatched, 0, made).astype(np.int64)


@lru_cache(maxsize=4096)
def _corners(cell: int) -> tuple[int, ...]:
    from geography import hexagons

    index = np.array([cell], dtype=np.uint64)
    lat, lon = hexagons.centres(index)
    offsets = hexagons.corners(index)[0] - np.array([lat[0], lon[0]])
    return tuple(round(v / CORNER) for north, east in offsets.tolist() for v in (east, north))


def cell_at(found: Hexagons, lat: float, lon: float) -> int | None:
    """The cell of a place as an index into `found`; None where nobody lives or the place is none."""
    from geography import hexagons

    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180) or not len(found):
        return None
    cell = hexagons.at(np.array([lat]), np.array([lon]), found.resolution)[0]
    at = int(np.searchsorted(found.index, cell))
    return at if at < len(found) and found.index[at] == cell else None
