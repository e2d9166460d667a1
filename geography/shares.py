"""How much of each hexagon lies within a radius of a site: exact area shares instead of yes or no by the centre.

A hexagon of the grid is 0.9 km across, so a band of 0.15 km cannot be judged by centres at all and one of 1 km hardly.
The cell is laid flat about the site (azimuthal equidistant: distances from the site stay true, so the radius stays a
circle, areas are off by less than 1 in 100,000 at 50 km) and the area common to the polygon and the circle is summed
edge by edge, as triangles inside and sectors outside. That is exact, so it grows with the radius and adds up to the
circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from geography import hexagons
from geography.hexagons import Cells, Floats

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG; the same as in planning.reach
_CHUNK = 100_000  # pairs at a time: 40 MB
_ROWS = 8  # a sampled cell is 6 x 8 x 8 points
_NOTHING = 1e-12  # of a cell: rounding, not land

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Hexes(Protocol):
    """What is asked of a grid (`geography.grid.DemandGrid` is one)."""

    @property
    def resolution(self) -> int:
        """Of H3."""
        ...

    @property
    def index(self) -> Cells:
        """Cells as numbers."""
        ...

    @property
    def lat(self) -> Floats:
        """Of the centres, degrees."""
        ...

    @property
    def lon(self) -> Floats:
        """Of the centres, degrees."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachShare:
    """Pairs (row of the grid, site) with a share above 0, sorted by row, then site, as `planning.reach.Reach` has them.

    demand, site: indices. share: 0..1, of the cell's area within the radius. km: from the site to the cell's centre.
    """

    n_demand: int
    n_sites: int
    demand: Ints
    site: Ints
    share: Floats
    km: Floats

    def of_sites(self, chosen: Bools) -> ReachShare:
        """The pairs whose site is chosen (mask of shape (n_sites,)); indices stay."""
        keep = chosen[self.site]
        return ReachShare(
            n_demand=self.n_demand, n_sites=self.n_sites, demand=self.demand[keep], site=self.site[keep],
            share=self.share[keep], km=self.km[keep],
        )  # fmt: skip


def reach_share(grid: Hexes, sites_lat: Floats, sites_lon: Floats, radius_km: float) -> ReachShare:
    """Share of each cell's area within `radius_km` of each site, great circle.

    Args:
        grid: rows with their cells; a cell in two rows has the same share in both.
        sites_lat: shape (n_sites,), degrees.
        sites_lon: likewise.
        radius_km: above 0, up to 200.

    Raises:
        ValueError: the radius is outside 0 to 200 km.
    """
    if not 0 < radius_km <= 200:
        raise ValueError(f"the radius must be above 0 and at most 200 km, not {radius_km:g}")
    n_demand, n_sites = len(grid.index), len(sites_lat)
    row, site = _near(grid, sites_lat, sites_lon, radius_km)
    km = _distance_km(sites_lat[site], sites_lon[site], grid.lat[row], grid.lon[row])
    share = np.ones(len(row))
    rim = np.flatnonzero(km > radius_km - hexagons.circumradius_km(grid.resolution))
    rows, which = np.unique(row[rim], return_inverse=True)
    corners = hexagons.corners(grid.index[rows])
    for start in range(0, len(rim), _CHUNK):
        part = rim[start : start + _CHUNK]
        flat = _laid_flat(sites_lat[site[part]], sites_lon[site[part]], corners[which[start : start + _CHUNK]])
        share[part] = np.clip(_common_area(flat, radius_km) / _area(flat), 0.0, 1.0)
    keep = share > _NOTHING
    return ReachShare(
        n_demand=n_demand, n_sites=n_sites, demand=row[keep], site=site[keep], share=share[keep], km=km[keep]
    )


def covered_share(grid: Hexes, sites_lat: Floats, sites_lon: Floats, radius_km: float) -> Floats:
    """Share of each row's cell within `radius_km` of at least one of the sites, shape (n_demand,).

    Exact where one site touches the cell, or one covers it whole. Where several touch it in part, their overlap is
    found with 384 points, held between the largest share and the sum of the shares.

    Raises:
        ValueError: the radius is outside 0 to 200 km.
    """
    found = reach_share(grid, sites_lat, sites_lon, radius_km)
    most = np.zeros(found.n_demand)
    np.maximum.at(most, found.demand, found.share)
    total = np.bincount(found.demand, weights=found.share, minlength=found.n_demand)
    shared = np.flatnonzero((most < 1.0) & (total > most + _NOTHING))
    if len(shared):
        sampled = _sampled(hexagons.corners(grid.index[shared]), sites_lat, sites_lon, radius_km)
        most[shared] = np.minimum(1.0, np.maximum(most[shared], np.minimum(total[shared], sampled)))
    return most


# --- who is near whom ------------------------------------------------------------------------------------------------


def _near(grid: Hexes, lat: Floats, lon: Floats, radius_km: float) -> tuple[Ints, Ints]:
    """Pairs whose cell may touch the circle, sorted by row, then site."""
    if not len(grid.index) or not len(lat):
        return np.array([], dtype=np.int64), np.array([], dtype=np.int64)
    tree, other = KDTree(_on_sphere(grid.lat, grid.lon)), KDTree(_on_sphere(lat, lon))
    reach = _chord(radius_km + hexagons.circumradius_km(grid.resolution))
    found = tree.sparse_distance_matrix(other, reach, output_type="ndarray")
    order = np.lexsort((found["j"], found["i"]))
    return found["i"][order].astype(np.int64), found["j"][order].astype(np.int64)


def _on_sphere(lat: Floats, lon: Floats) -> Floats:
    phi, lam = np.radians(lat), np.radians(lon)
    return np.stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)), axis=-1)


def _chord(km: float) -> float:
    """Length of the straight line under an arc, on the unit sphere."""
    return 2.0 * float(np.sin(km / (2 * EARTH_RADIUS_KM)))


def _distance_km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    p1, p2 = np.radians(lat1), np.radians(lat2)
    half = np.sin((p2 - p1) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    found: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(half)))
    return found


# --- polygon and circle ----------------------------------------------------------------------------------------------


def _laid_flat(lat: Floats, lon: Floats, corners: Floats) -> Floats:
    """Corners in km east and north of the site, shape (n, k, 2), distances from the site kept."""
    p1, p2 = np.radians(lat)[:, None], np.radians(corners[..., 0])
    turn = np.radians(corners[..., 1] - lon[:, None])
    east = np.cos(p2) * np.sin(turn)
    north = np.sin(p2 - p1) + 2 * np.sin(p1) * np.cos(p2) * np.sin(turn / 2) ** 2  # without loss at short range
    far = np.hypot(east, north)
    km = _distance_km(lat[:, None], lon[:, None], corners[..., 0], corners[..., 1])
    stretch = np.divide(km, far, out=np.full_like(km, EARTH_RADIUS_KM), where=far > 0)
    return np.stack((east * stretch, north * stretch), axis=-1)


def _area(polygon: Floats) -> Floats:
    following = np.roll(polygon, -1, axis=1)
    found: Floats = _cross(polygon, following).sum(axis=1) / 2
    return found


def _common_area(polygon: Floats, radius: float) -> Floats:
    """Area common to anticlockwise polygons, shape (n, k, 2), and the circle of that radius about the origin."""
    a, b = polygon, np.roll(polygon, -1, axis=1)
    step = b - a
    square = np.einsum("...i,...i", step, step)
    along = np.einsum("...i,...i", a, step)
    disc = along**2 - square * (np.einsum("...i,...i", a, a) - radius**2)
    crosses = (disc > 0) & (square > 0)
    root, divisor = np.sqrt(np.where(crosses, disc, 0.0)), np.where(square > 0, square, 1.0)
    enter = np.where(crosses, np.clip((-along - root) / divisor, 0.0, 1.0), 0.0)
    leave = np.where(crosses, np.clip((-along + root) / divisor, 0.0, 1.0), 0.0)
    p, q = a + enter[..., None] * step, a + leave[..., None] * step
    parts = radius**2 * (_angle(a, p) + _angle(q, b)) + _cross(p, q)
    found: Floats = parts.sum(axis=1) / 2
    return found


def _cross(u: Floats, v: Floats) -> Floats:
    found: Floats = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return found


def _angle(u: Floats, v: Floats) -> Floats:
    """From u to v as seen from the origin, -pi to pi; 0 where they are one place."""
    found: Floats = np.arctan2(_cross(u, v), np.einsum("...i,...i", u, v))
    return np.where((u == v).all(axis=-1), 0.0, found)


# --- overlaps --------------------------------------------------------------------------------------------------------


def _sampled(corners: Floats, lat: Floats, lon: Floats, radius_km: float) -> Floats:
    """Share of each cell's sample points that have a site within the radius."""
    tree = KDTree(_on_sphere(lat, lon))
    limit, found = _chord(radius_km), np.empty(len(corners))
    for start in range(0, len(corners), 2000):
        points, weight = _samples(corners[start : start + 2000])
        inside = np.isfinite(tree.query(_on_sphere(points[..., 0], points[..., 1]), distance_upper_bound=limit)[0])
        found[start : start + 2000] = (inside * weight).sum(axis=1)
    return found


def _samples(corners: Floats) -> tuple[Floats, Floats]:
    """Points (n, m, 2) and weights (n, m) of each cell: the middles of equal triangles about its centre."""
    middle = corners.mean(axis=1, keepdims=True)
    spokes, after = corners - middle, np.roll(corners, -1, axis=1) - middle
    upright = [(i + 1 / 3, j + 1 / 3) for i in range(_ROWS) for j in range(_ROWS - i)]
    inverted = [(i + 2 / 3, j + 2 / 3) for i in range(_ROWS - 1) for j in range(_ROWS - 1 - i)]
    mix = np.array(upright + inverted) / _ROWS
    points = middle[:, :, None] + mix[:, :1] * spokes[:, :, None] + mix[:, 1:] * after[:, :, None]
    size = np.abs(_cross(spokes, after))
    weight = np.repeat(size / size.sum(axis=1, keepdims=True), len(mix), axis=1) / len(mix)
    return points.reshape(len(corners), -1, 2), weight
