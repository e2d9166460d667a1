"""Small random instances with fixed seeds, as our sparse pairs and as the dense matrix that the others want."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planning.reach import Reach, from_pairs, haversine_km

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """km: shape (n_demand, n_sites). people: shape (n_demand,), whole numbers, so that sums are exact."""

    km: Floats
    people: Floats

    def reach(self, radius_km: float) -> Reach:
        n_demand, n_sites = self.km.shape
        pairs = [(i, j, self.km[i, j]) for i in range(n_demand) for j in range(n_sites) if self.km[i, j] <= radius_km]
        return from_pairs(n_demand, n_sites, pairs)


def small(seed: int, n_demand: int = 60, n_sites: int = 25) -> Small:
    random = np.random.default_rng(seed)
    lat, lon = random.uniform(-0.3, 0.3, n_demand), random.uniform(109.0, 109.6, n_demand)
    at, along = random.uniform(-0.3, 0.3, n_sites), random.uniform(109.0, 109.6, n_sites)
    km = haversine_km(lat[:, None], lon[:, None], at[None, :], along[None, :])
    return Small(km=km, people=random.integers(1, 900, n_demand).astype(float))
