"""Where people are, as points that a radius either holds or not: hexagons, split finer where a radius cuts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geography import hexagons
from geography.grid import DemandGrid
from geography.units import Level, Units
from planning.reach import by_radius

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_FINENESS = 10.0  # a point stands for a place at most a tenth of the radius across
_MOST = 400_000  # points that splitting may add
_MOST_BELOW = 600_000  # the same where a radius is smaller than a hexagon, and its centre says nothing


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


def of_villages(units: Units, area: str | None = None) -> People:
    """Everybody at the point of the village: coarse, for a radius of several kilometres or a table of distances.

    Args:
        units: with their people and points.
        area: code of a regency or district whose villages alone count; None: all.
    """
    mine = [u for u in units.level(Level.VILLAGE) if area is None or u.code == area or u.code.startswith(area + ".")]
    known = [(u, units.place(u)) for u in mine if u.population > 0]
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


def within(grid: DemandGrid, area: str | None) -> DemandGrid:
    """The rows of one regency or district; all of them for None."""
    if area is None:
        return grid
    here = np.char.startswith(grid.village, area + ".") | (grid.village == area)
    columns = ("index", "lat", "lon", "people", "village", "basis", "area_share")
    return replace(grid, **{name: getattr(grid, name)[here] for name in columns})


def split(
    grid: DemandGrid,
    sites: tuple[Floats, Floats],
    radius_km: float,
    *,
    more: tuple[Floats, Floats] | None = None,
    most: int | None = None,
) -> People:
    """The grid, with every hexagon that the edge of a site's radius cuts replaced by finer ones of equal people.

    Those that the edge still cuts are split again, down to a tenth of the radius. So a hexagon counts by the share of
    its area inside, sites that overlap count once, and a radius smaller than a hexagon is not judged by its centre.

    Args:
        grid: who lives where.
        sites: (lat, lon) degrees of the standing sites.
        radius_km: their radius.
        more: (lat, lon) degrees of places that may be built at: what their edge cuts is split afterwards, so that the
            figures of the standing sites stay what they are without them.
        most: finer hexagons at most for `sites`, half as many for `more`; the last level that keeps to it is last.
            None: 400,000, and half as many again where the radius is smaller than a hexagon.
    """
    whole = of_grid(grid)
    if most is None:
        most = _MOST if radius_km > hexagons.circumradius_km(grid.resolution) else _MOST_BELOW
    pieces = _Pieces(
        lat=whole.lat,
        lon=whole.lon,
        row=np.arange(len(whole.people)),
        level=np.zeros(len(whole.people), dtype=np.int64),
        steps=np.full((len(whole.people), 2, 2), np.nan),
    )
    pieces = _refined(pieces, grid, sites, radius_km, most)
    finest = int(pieces.level.max(initial=0))
    if more is not None:
        pieces = _refined(pieces, grid, more, radius_km, most // 2)
    if not pieces.level.any():
        return whole
    share = 7.0 ** -pieces.level.astype(np.float64)
    return People(
        lat=pieces.lat,
        lon=pieces.lon,
        people=whole.people[pieces.row] * share,
        village=whole.village[pieces.row],
        row=pieces.row,
        villages=whole.villages,
        kind=f"{whole.kind}, split to {grid.resolution + finest} where a radius cuts them",
        inputs=whole.inputs,
        notes=whole.notes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pieces:
    """Hexagons of several sizes. row: of the grid; level: how often it was split; each level is a seventh of the last.

    steps: shape (n, 2, 2), (lat, lon) from a hexagon's centre to two of its neighbours' that are a sixth of a turn
    apart; NaN until it is first needed.
    """

    lat: Floats
    lon: Floats
    row: Ints
    level: Ints
    steps: Floats

    def of(self, chosen: Ints) -> _Pieces:
        """Some of them."""
        names = ("lat", "lon", "row", "level", "steps")
        return _Pieces(**{name: getattr(self, name)[chosen] for name in names})


def _refined(pieces: _Pieces, grid: DemandGrid, sites: tuple[Floats, Floats], radius_km: float, most: int) -> _Pieces:
    """Split what the edge of a radius may cut, level by level, until it is fine enough."""
    edge_km, added, level = hexagons.circumradius_km(grid.resolution), 0, 0
    done, made = list[_Pieces](), pieces.of(np.zeros(0, dtype=np.int64))
    while len(sites[0]) and edge_km > radius_km / _FINENESS:
        here = _joined([pieces.of(np.flatnonzero(pieces.level == level)), made])
        near = by_radius((here.lat, here.lon), sites, radius_km + edge_km)
        is_cut = np.zeros(len(here.row), dtype=bool)
        is_cut[near.demand[near.km > radius_km - edge_km]] = True
        is_cut &= grid.people[here.row] > 0
        added += 6 * int(is_cut.sum())
        if added > most:
            break
        done.append(here.of(np.flatnonzero(~is_cut)))
        made = _split(here.of(np.flatnonzero(is_cut)), grid)
        edge_km, level = edge_km / np.sqrt(7), level + 1
    return _joined([*done, made, pieces.of(np.flatnonzero(pieces.level >= level))])


def _joined(parts: Sequence[_Pieces]) -> _Pieces:
    names = ("lat", "lon", "row", "level", "steps")
    return _Pieces(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


_SEVEN = np.array([(0, 0), (1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)], dtype=np.float64)


def _split(pieces: _Pieces, grid: DemandGrid) -> _Pieces:
    """Seven for one, as H3 does it: the middle and its six neighbours in a grid turned by 19 degrees."""
    steps, middle = pieces.steps.copy(), np.column_stack((pieces.lat, pieces.lon))
    fresh = np.isnan(steps[:, 0, 0])
    around = hexagons.corners(grid.index[pieces.row[fresh]])[:, :3] - middle[fresh][:, None]
    steps[fresh] = around[:, :2] + around[:, 1:]  # the way to a neighbour is the sum of the ways to two corners
    first, second = steps[:, 0], steps[:, 1]
    # the finer steps u, v make first = 2 u + v and second = 3 v - u: seven times the area, a sixth of a turn apart
    finer = np.stack(((3 * first - second) / 7, (first + 2 * second) / 7), axis=1)
    places = middle[:, None] + _SEVEN @ finer
    return _Pieces(
        lat=places[..., 0].ravel(),
        lon=places[..., 1].ravel(),
        row=np.repeat(pieces.row, 7),
        level=np.repeat(pieces.level + 1, 7),
        steps=np.repeat(finer, 7, axis=0),
    )


def units_above(villages: Sequence[str], parts: int) -> tuple[tuple[str, ...], Ints]:
    """The codes of the units `parts` wide (1 province, 2 regency, 3 district) and, for each village, which is its."""
    codes = np.array([".".join(code.split(".")[:parts]) for code in villages], dtype=np.str_)
    found, index = np.unique(codes, return_inverse=True)
    return tuple(str(code) for code in found), index.astype(np.int64)
