"""Sharing whole numbers of people among places so that nothing is lost, whatever the order of adding up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: People are dealt in steps of 1/1024: such numbers, and all sums of them up to 2^43, are exact in floating point.
STEPS_A_PERSON = 1024


def spread(totals: Floats, pot: Ints, weights: Floats) -> Floats:
    """Share each pot's people among its places in proportion to their weights.

    Args:
        totals: shape (n_pots,), people; rounded to 1/1024 first.
        pot: shape (n_places,), the pot of each place; -1: of none.
        weights: shape (n_places,), not negative. A pot whose weights are all 0 is shared equally.

    Returns:
        Shape (n_places,), multiples of 1/1024 that add up to each total exactly, in any order. What rounding leaves
        goes to the places with the largest remainders, then to the first. A pot without a place deals nobody.
    """
    people = np.zeros(len(pot), dtype=np.float64)
    rows = np.flatnonzero(pot >= 0)
    if not len(rows):
        return people
    of, weight = pot[rows], weights[rows].astype(np.float64)
    sums = np.bincount(of, weights=weight, minlength=len(totals))
    weight = np.where(sums[of] > 0, weight, 1.0)
    sums = np.bincount(of, weights=weight, minlength=len(totals))
    steps = np.rint(totals * STEPS_A_PERSON)
    ideal = steps[of] * (weight / sums[of])
    dealt = np.floor(ideal)
    left = steps - np.bincount(of, weights=dealt, minlength=len(totals))
    order = np.lexsort((dealt - ideal, of))  # by pot, largest remainder first; stable: then the first place
    sorted_of = of[order]
    first = np.searchsorted(sorted_of, np.arange(len(totals)))
    rank = np.arange(len(rows)) - first[sorted_of]
    size = np.bincount(of, minlength=len(totals))
    each = np.floor(left / np.maximum(size, 1))  # 0 but for rounding of huge pots
    dealt[order] += each[sorted_of] + (rank < (left - each * size)[sorted_of])
    people[rows] = dealt / STEPS_A_PERSON
    return people
