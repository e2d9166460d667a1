"""Coverage by hexagon: the live figures of one radius, gathered back to the cells of the demand grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from controller.coverage import live
from controller.coverage.demand import People
from controller.coverage.model import Cause, SiteWorth, Verdict
from geography import hexagons
from geography.grid import DemandGrid
from planning.reach import by_radius, nearest, sums

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
CAUSES = tuple(Cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hexagons:
    """Cells of one resolution that hold people, ascending; arrays of one length.

    Attributes:
        resolution: of H3.
        index: the cells.
        lat, lon: degrees, of their centres.
        people, nominal, effective, unknown: people, as in `Coverage`; adequate None: the profile names no speed.
        cause: index into `CAUSES` of the gap with most people, -1 where everybody is served.
        km: straight line from the centre to the nearest working site; `inf` where none works.
        site: index into `sites` of that site, -1 where none works.
        village: index into `villages` of the village with most of the cell's people.
        sites: ids. villages: Kemendagri codes.
    """

    resolution: int
    index: hexagons.Cells
    lat: Floats
    lon: Floats
    people: Floats
    nominal: Floats
    effective: Floats
    adequate: Floats | None
    unknown: Floats
    cause: Ints
    km: Floats
    site: Ints
    village: Ints
    sites: tuple[str, ...]
    villages: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What each row of the grid holds, before it is gathered into cells; `open_by_cause`: shape (n_rows, n causes)."""

    grid: DemandGrid
    people: Floats
    nominal: Floats
    effective: Floats
    adequate: Floats | None
    unknown: Floats
    open_by_cause: Floats
    village: Ints
    villages: tuple[str, ...]
    works: live.Served
    sites: tuple[str, ...]


def spread(
    grid: DemandGrid, people: People, sites: Sequence[SiteWorth], *, radius_km: float, least_kbps: float | None
) -> Spread:
    """The ladder of every row of the grid; a row that a radius cuts counts by the share of it inside.

    Args:
        grid: who lives where.
        people: the same, split for this radius.
        sites: all judged sites.
        radius_km: straight line.
        least_kbps: of *adequate*; None: the profile names no speed.
    """
    served = live.public(sites)
    reach = by_radius((people.lat, people.lon), (served.lat, served.lon), radius_km)
    ladder = live.climb(people.people, reach, served, radius_km=radius_km)

    def rows(mask: Mask) -> Floats:
        return sums(people.row, people.people * mask, len(grid))

    open_ = [rows(ladder.cause == number) for number in range(len(live.CAUSES))]
    villages, village = np.unique(grid.village, return_inverse=True)
    return Spread(
        grid=grid,
        people=grid.people,
        nominal=rows(ladder.nominal),
        effective=rows(ladder.effective),
        adequate=None if least_kbps is None else rows(ladder.effective & (ladder.kbps >= least_kbps)),
        unknown=rows(ladder.unknown),
        open_by_cause=np.stack(open_, axis=1),
        village=village.astype(np.int64),
        villages=tuple(str(code) for code in villages),
        works=live.public([s for s in served.sites if s.verdict is Verdict.EFFECTIVE]),
        sites=tuple(s.site for s in served.sites if s.verdict is Verdict.EFFECTIVE),
    )


def gather(found: Spread, resolution: int, *, effective: Floats | None = None) -> Hexagons:
    """The rows gathered into cells of the grid's resolution, or of a coarser one.

    Args:
        found: the rows.
        resolution: at most the grid's.
        effective: people served by row in place of today's, as a plan would leave them; shape (n_rows,).

    Raises:
        ValueError: the resolution is finer than the grid's.
    """
    if resolution > found.grid.resolution:
        raise ValueError(f"the grid has resolution {found.grid.resolution}, {resolution} is finer")
    lived = np.flatnonzero(found.people > 0)
    cells = found.grid.index[lived]
    if resolution < found.grid.resolution:
        fine, back = np.unique(cells, return_inverse=True)
        cells = hexagons.parents(fine, resolution)[back]
    index, at = np.unique(cells, return_inverse=True)

    def total(rows: Floats) -> Floats:
        return sums(at.astype(np.int64), rows[lived], len(index))

    open_ = np.stack([total(column) for column in found.open_by_cause.T], axis=1)
    lat, lon = hexagons.centres(index)
    site, km = nearest((lat, lon), (found.works.lat, found.works.lon))
    today = total(found.effective)
    numbers = np.array([CAUSES.index(cause) for cause in live.CAUSES], dtype=np.int64)
    return Hexagons(
        resolution=resolution,
        index=index,
        lat=lat,
        lon=lon,
        people=total(found.people),
        nominal=total(found.nominal),
        effective=today if effective is None else total(effective),
        adequate=None if found.adequate is None else total(found.adequate),
        unknown=total(found.unknown),
        cause=np.where(open_.max(axis=1, initial=0) > 0, numbers[open_.argmax(axis=1)], -1),
        km=km,
        site=site,
        village=_fullest(at.astype(np.int64), found.village[lived], found.people[lived], len(index)),
        sites=found.sites,
        villages=found.villages,
    )


def _fullest(cell: Ints, village: Ints, people: Floats, count: int) -> Ints:
    """The village with most of each cell's people; ties go to the first code."""
    pairs, which = np.unique(np.stack((cell, village)), axis=1, return_inverse=True)
    heads = sums(which.reshape(-1).astype(np.int64), people, pairs.shape[1])
    order = np.lexsort((pairs[1], -heads, pairs[0]))
    first = np.full(count, -1, dtype=np.int64)
    cells = pairs[0][order]
    starts = np.flatnonzero(np.r_[True, cells[1:] != cells[:-1]]) if len(cells) else np.zeros(0, dtype=np.int64)
    first[cells[starts]] = pairs[1][order][starts]
    return first
