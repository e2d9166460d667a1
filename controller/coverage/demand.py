"""Where people are, as points that a radius either holds or not: hexagons, split finer where a radius cuts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geography import hexagons
from geography.grid import DemandGrid
from geography.units import Level, Units
from planning.reach import by_radius

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_FINENESS = 10.0  # a point stands for a place at most a tenth of the radius across
_MOST = 300_000  # points that splitting may add


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Points with people. lat, lon: degrees; people: estimates; village: index into `villages` (Kemendagri codes).

    row: which row of the grid (or village) each point is, or was split from.
    """

    lat: Floats
    lon: Floats
    people: Floats
    village: Ints
    row: Ints
    villages: tuple[str, ...]
    kind: str
    inputs: str
    notes: tuple[str, ...] = ()


def of_villages(units: Units) -> People:
    """Everybody at the point of the village: coarse, for a radius of several kilometres or a table of distances."""
    known = [(u, units.place(u)) for u in units.level(Level.VILLAGE) if u.population > 0]
    placed = [(u, at) for u, at in known if at is not None]
    return People(
        lat=np.array([at[0] for _, at in placed]),
        lon=np.array([at[1] for _, at in placed]),
        people=np.array([float(u.population) for u, _ in placed]),
        village=np.arange(len(placed), dtype=np.int64),
        row=np.arange(len(placed), dtype=np.int64),
        villages=tuple(u.code for u, _ in placed),
        kind="village points",
        inputs=f"villages-{len(placed)}-{sum(u.population for u, _ in placed)}",
        notes=("estimate: everybody of a village is taken to live at its point",),
    )


def of_grid(grid: DemandGrid) -> People:
    """Everybody at the centre of the hexagon."""
    villages, index = np.unique(grid.village, return_inverse=True)
    return People(
        lat=grid.lat,
        lon=grid.lon,
        people=grid.people,
        village=index.astype(np.int64),
        row=np.arange(len(grid), dtype=np.int64),
        villages=tuple(str(code) for code in villages),
        kind=f"hexagons at resolution {grid.resolution}",
        inputs=grid.inputs,
        notes=grid.notes,
    )


def split(
    grid: DemandGrid,
    sites: tuple[Floats, Floats],
    radius_km: float,
    *,
    more: tuple[Floats, Floats] | None = None,
    most: int = _MOST,
) -> People:
    """The grid, with every hexagon that the edge of a site's radius cuts replaced by finer ones of equal people.

    So a hexagon counts by the share of its area inside, sites that overlap count once, and a radius smaller than a
    hexagon is not judged by its centre.

    Args:
        grid: who lives where.
        sites: (lat, lon) degrees of the standing sites.
        radius_km: their radius.
        more: (lat, lon) degrees of places that may be built at: hexagons that only they cut are split as finely as
            `most` still allows, and the figures of the standing sites stay what they are without them.
        most: finer hexagons at most; the finest resolution that keeps to it is taken.
    """
    whole = of_grid(grid)
    cut = _cut(whole, grid.resolution, sites, radius_km)
    finer = _resolution(grid.resolution, radius_km, len(cut), most)
    parts = [(cut, finer)] if finer > grid.resolution else []
    if more is not None:
        rest = np.setdiff1d(_cut(whole, grid.resolution, more, radius_km), cut)
        coarser = _resolution(grid.resolution, radius_km, len(rest), most // 2)
        parts += [(rest, coarser)] if coarser > grid.resolution else []
    if not sum(len(rows) for rows, _ in parts):
        return whole
    kept = np.ones(len(whole.people), dtype=bool)
    pieces = []
    for rows, resolution in parts:
        kept[rows] = False
        pieces.append(_pieces(grid, rows, resolution))
    place, lat, lon, share = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return People(
        lat=np.concatenate((whole.lat[kept], lat)),
        lon=np.concatenate((whole.lon[kept], lon)),
        people=np.concatenate((whole.people[kept], whole.people[place] * share)),
        village=np.concatenate((whole.village[kept], whole.village[place])),
        row=np.concatenate((whole.row[kept], place)),
        villages=whole.villages,
        kind=f"{whole.kind}, split to {finer} where a radius cuts them",
        inputs=whole.inputs,
        notes=whole.notes,
    )


def _cut(whole: People, resolution: int, sites: tuple[Floats, Floats], radius_km: float) -> Ints:
    """The hexagons with people that the edge of a radius may cut."""
    edge_km = hexagons.circumradius_km(resolution)
    near = by_radius((whole.lat, whole.lon), sites, radius_km + edge_km)
    cut = np.unique(near.demand[near.km > radius_km - edge_km])
    return cut[whole.people[cut] > 0]


def _pieces(grid: DemandGrid, rows: Ints, resolution: int) -> tuple[Ints, Floats, Floats, Floats]:
    """(row that it came from, lat, lon, share of the row's people) of each finer hexagon."""
    cells, origin = hexagons.children(grid.index[rows], resolution)
    lat, lon = hexagons.centres(cells)
    share = 1.0 / np.bincount(origin, minlength=len(rows))[origin] if len(rows) else np.zeros(0)
    return rows[origin], lat, lon, share


def _resolution(coarse: int, radius_km: float, cells: int, most: int) -> int:
    """The coarsest resolution that is fine enough for the radius, or as fine as `most` allows."""
    resolution = coarse
    while (
        resolution < hexagons.FINEST
        and hexagons.circumradius_km(resolution) > radius_km / _FINENESS
        and cells * 7 ** (resolution + 1 - coarse) <= most
    ):
        resolution += 1
    return resolution


def units_above(villages: Sequence[str], parts: int) -> tuple[tuple[str, ...], Ints]:
    """The codes of the units `parts` wide (1 province, 2 regency, 3 district) and, for each village, which is its."""
    codes = np.array([".".join(code.split(".")[:parts]) for code in villages], dtype=np.str_)
    found, index = np.unique(codes, return_inverse=True)
    return tuple(str(code) for code in found), index.astype(np.int64)
