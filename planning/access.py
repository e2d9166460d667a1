"""How much service a person has within reach when those around share it: the two-step floating catchment area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planning.reach import Reach, sums

Floats = NDArray[np.float64]


def band_weights(km: Floats, bands: Sequence[tuple[float, float]]) -> Floats:
    """Weight of each distance: `bands` are (upper edge in km, weight), edges inclusive; beyond the last edge 0."""
    edges = np.array([edge for edge, _ in bands])
    weights = np.array([weight for _, weight in bands] + [0.0])
    found: Floats = weights[np.searchsorted(edges * (1 + 1e-12), km, side="left")]
    return found


def e2sfca(reach: Reach, people: Floats, supply: Floats, weight: Floats) -> tuple[Floats, float]:
    """Supply per person at each demand point (enhanced two-step floating catchment area).

    R_j = supply_j / sum_k people_k w_kj; A_i = sum_j R_j w_ij. A site with nobody in reach is skipped.

    Args:
        reach: pairs in reach.
        people: shape (n_demand,).
        supply: shape (n_sites,), any unit; the answer is that unit per person.
        weight: shape (n_pairs,), of each pair; all ones gives 2SFCA.

    Returns:
        Access, shape (n_demand,), and the supply of the sites that have anybody in reach; sum people x access is it.

    Source: Luo & Wang (2003) Environment and Planning B 30, 865-884; Luo & Qi (2009) Health & Place 15, 1100-1107.
    """
    crowd = sums(reach.site, people[reach.demand] * weight, reach.n_sites)
    ratio = np.divide(supply, crowd, out=np.zeros(reach.n_sites), where=crowd > 0)
    access = sums(reach.demand, ratio[reach.site] * weight, reach.n_demand)
    return access, float(supply[crowd > 0].sum())
