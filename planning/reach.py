"""Which demand point can use which site, and how far it is: sparse neighbour lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue]  # compiled: scipy ships no types for it

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
_SLACK = 1.0 + 1e-12  # a pair at exactly the radius stays inside whatever the rounding of the last bit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Pairs (demand, site) in reach, sorted by demand, then site.

    demand, site: shape (n_pairs,), indices. km: shape (n_pairs,).
    """

    n_demand: int
    n_sites: int
    demand: Ints
    site: Ints
    km: Floats

    def within(self, radius_km: float) -> Reach:
        """The pairs at most `radius_km` apart (inclusive)."""
        keep = self.km <= radius_km * _SLACK
        return Reach(
            n_demand=self.n_demand,
            n_sites=self.n_sites,
            demand=self.demand[keep],
            site=self.site[keep],
            km=self.km[keep],
        )

    def of_sites(self, chosen: NDArray[np.bool_]) -> Reach:
        """The pairs whose site is chosen (mask of shape (n_sites,)); indices stay."""
        keep = chosen[self.site]
        return Reach(
            n_demand=self.n_demand,
            n_sites=self.n_sites,
            demand=self.demand[keep],
            site=self.site[keep],
            km=self.km[keep],
        )

    def reached(self) -> NDArray[np.bool_]:
        """Shape (n_demand,): has any pair."""
        mask = np.zeros(self.n_demand, dtype=bool)
        mask[self.demand] = True
        return mask

    def nearest_km(self) -> Floats:
        """Shape (n_demand,): smallest distance, `inf` without a pair."""
        nearest = np.full(self.n_demand, np.inf)
        np.minimum.at(nearest, self.demand, self.km)
        return nearest


def sums(index: Ints, weights: Floats, length: int) -> Floats:
    """Sum of `weights` by `index`, shape (length,)."""
    return np.bincount(index, weights=weights, minlength=length).astype(np.float64)


def haversine_km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Great-circle distance in km on a sphere of 6371.0088 km; degrees in, shapes broadcast."""
    p1, p2 = np.radians(lat1), np.radians(lat2)
    half = np.sin((p2 - p1) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    found: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(half)))
    return found


def _unit_sphere(lat: Floats, lon: Floats) -> Floats:
    phi, lam = np.radians(lat), np.radians(lon)
    return np.column_stack((np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)))


def by_radius(demand: tuple[Floats, Floats], sites: tuple[Floats, Floats], radius_km: float) -> Reach:
    """Pairs at most `radius_km` apart along the great circle (inclusive).

    Args:
        demand: (lat, lon) degrees, each of shape (n_demand,).
        sites: (lat, lon) degrees, each of shape (n_sites,).
        radius_km: `inf` gives every pair.
    """
    n_demand, n_sites = len(demand[0]), len(sites[0])
    if not n_demand or not n_sites:
        return from_pairs(n_demand, n_sites, [])
    if radius_km >= np.pi * EARTH_RADIUS_KM:
        rows = np.repeat(np.arange(n_demand), n_sites)
        columns = np.tile(np.arange(n_sites), n_demand)
    else:
        chord = 2 * np.sin(radius_km / (2 * EARTH_RADIUS_KM)) * (1 + 1e-9) + 1e-12
        # a tree that is asked once is not worth balancing
        tree, other = (cKDTree(_unit_sphere(*at), compact_nodes=False, balanced_tree=False) for at in (demand, sites))
        found = tree.sparse_distance_matrix(other, chord, output_type="ndarray")
        order = np.lexsort((found["j"], found["i"]))
        rows, columns = found["i"][order], found["j"][order]
    km = haversine_km(demand[0][rows], demand[1][rows], sites[0][columns], sites[1][columns])
    everything = Reach(
        n_demand=n_demand, n_sites=n_sites, demand=rows.astype(np.int64), site=columns.astype(np.int64), km=km
    )
    return everything.within(radius_km)


def from_pairs(n_demand: int, n_sites: int, pairs: Iterable[tuple[int, int, float]]) -> Reach:
    """Pairs from a table of (demand index, site index, km); a pair not listed is out of reach."""
    listed = sorted(pairs)
    return Reach(
        n_demand=n_demand,
        n_sites=n_sites,
        demand=np.array([p[0] for p in listed], dtype=np.int64),
        site=np.array([p[1] for p in listed], dtype=np.int64),
        km=np.array([p[2] for p in listed], dtype=np.float64),
    )


def nearest(demand: tuple[Floats, Floats], sites: tuple[Floats, Floats]) -> tuple[Ints, Floats]:
    """The nearest site of each demand point and how far it is, km; -1 and `inf` where there are no sites.

    Args:
        demand: (lat, lon) degrees, each of shape (n_demand,).
        sites: (lat, lon) degrees, each of shape (n_sites,).
    """
    count = len(demand[0])
    if not count or not len(sites[0]):
        return np.full(count, -1, dtype=np.int64), np.full(count, np.inf)
    _, found = cKDTree(_unit_sphere(*sites)).query(_unit_sphere(*demand))
    at = found.astype(np.int64)
    return at, haversine_km(demand[0], demand[1], sites[0][at], sites[1][at])
