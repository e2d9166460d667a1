"""Where in a village people rather live: near its schools, health posts, offices and hamlets, where those are known.

A village of 2,700 km2 with 650 people is not settled evenly. Where such points were imported, half of a village's
people are put within a kilometre of them, each point alike, and half stay spread evenly. Both figures are our choice,
not a measurement: no source for them was found. They are said in the notes of the grid, the half is its argument.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

from geography.hexagons import Floats, at, centres
from geography.land import locate
from geography.layers import Layers
from geography.places import SETTLED, places

NEAR_SHARE = 0.5  # of a village's people
NEAR_KM = 1.0
_KM_A_DEGREE = 111.2

Ints = NDArray[np.int64]


def lean(
    layers: Layers,
    codes: list[str],
    shapes: Mapping[str, BaseGeometry],
    rows: tuple[NDArray[np.uint64], Ints, Floats],
    *,
    resolution: int,
    near_share: float,
) -> tuple[Floats, int]:
    """Weights of rows that lean towards the points of their village.

    Args:
        layers: with the imported points.
        codes: of the villages.
        shapes: land of the villages.
        rows: cell, village (index into `codes`) and even weight of each row.
        resolution: of the cells.
        near_share: 0..1, of a village's people who live near its points.

    Returns:
        Weights that add up to 1 in each village with any, and how many villages have a point.
    """
    index, owner, even = rows
    weight = _of_one(even, owner, len(codes))
    spots = [place for kind in SETTLED for place in places(layers, kind)]
    if not spots or not len(index) or near_share <= 0:
        return weight, 0
    lat, lon = np.array([p.lat for p in spots]), np.array([p.lon for p in spots])
    number = {code: place for place, code in enumerate(codes)}
    of = [number.get(code, -1) if code is not None else -1 for code in locate(dict(shapes), lat, lon)]
    near = _near(index, owner, (lat, lon), of, resolution)
    held = np.bincount(owner, weights=near, minlength=len(codes)) > 0
    leaning = (1 - near_share) * weight + near_share * _of_one(near, owner, len(codes))
    return np.where(held[owner], leaning, weight), int(held.sum())


def _near(index: NDArray[np.uint64], owner: Ints, at_: tuple[Floats, Floats], of: list[int], resolution: int) -> Floats:
    """For each row, the parts it has in the points of its village: a point is shared by the rows around it."""
    lat, lon = at_
    squeeze = np.cos(np.radians(lat.mean()))
    rows_lat, rows_lon = centres(index)
    tree = KDTree(np.column_stack((rows_lat, rows_lon * squeeze)))
    around = tree.query_ball_point(np.column_stack((lat, lon * squeeze)), NEAR_KM / _KM_A_DEGREE)
    own = at(lat, lon, resolution)
    near = np.zeros(len(index))
    for point, village in enumerate(of):
        mine = [row for row in around[point] if owner[row] == village]
        if not mine:  # at the village's edge: its own cell may have its centre next door
            mine = [r for r in np.flatnonzero(index == own[point]).tolist() if owner[r] == village]
        if mine:
            near[mine] += 1.0 / len(mine)
    return near


def _of_one(weight: Floats, owner: Ints, villages: int) -> Floats:
    """Weights as shares of their village; equal ones where all are 0."""
    sums = np.bincount(owner, weights=weight, minlength=villages)
    weight = np.where(sums[owner] > 0, weight, 1.0)
    found: Floats = weight / np.bincount(owner, weights=weight, minlength=villages)[owner]
    return found
