"""The core of a covering problem: what is left to decide once a bound has settled most sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from planning.cover import Cover
from planning.reach import sums
from planning.siting import Floats, Limit
from planning.solver import Model

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The sites still open and the groups that two or more of them reach.

    sites: their indices in the whole problem. own: shape (n_open,), weight that one site alone can cover.
    ptr, reach: shape (n_groups + 1,), and the open sites of each group. constant: weight covered by what is settled in.
    """

    sites: Ints
    surely_in: Ints
    own: Floats
    weight: Floats
    ptr: Ints
    reach: Ints
    constant: float

    def model(self, cost: Floats, limit: Limit) -> Model:
        """Most open weight: columns are open sites, then groups."""
        n_open, groups = len(self.sites), len(self.weight)
        lengths = np.diff(self.ptr)
        rows = np.concatenate((np.repeat(np.arange(groups), lengths), np.arange(groups)))
        columns = np.concatenate((self.reach, n_open + np.arange(groups)))
        values = np.concatenate((np.full(len(self.reach), -1.0), np.ones(groups)))
        high = np.zeros(groups)
        if (row := limit.row(cost)) is not None:
            rows = np.concatenate((rows, np.full(n_open, groups)))
            columns = np.concatenate((columns, np.arange(n_open)))
            values = np.concatenate((values, row[0][self.sites]))
            spent = float(row[0][self.surely_in].sum())
            high = np.append(high, row[1] - spent)
        width = n_open + groups
        return Model(
            gain=np.concatenate((self.own, self.weight)),
            a=csr_matrix((values, (rows, columns)), shape=(len(high), width)),
            row_low=np.full(len(high), -np.inf),
            row_high=high,
            low=np.zeros(width),
            high=np.ones(width),
            whole=np.arange(width) < n_open,
        )

    def start(self, chosen: Sequence[int]) -> Floats:
        """The point of a plan that keeps to what is settled."""
        built = np.isin(self.sites, np.asarray(chosen, dtype=np.int64))
        groups = np.repeat(np.arange(len(self.weight)), np.diff(self.ptr))
        served = np.zeros(len(self.weight))
        served[groups[built[self.reach]]] = 1.0
        return np.concatenate((built.astype(float), served))


def core(cover: Cover, *, surely_in: Mask, surely_out: Mask) -> Core:
    """Drop what is settled, fold groups with one site left into that site, merge groups with equal sites."""
    rows = np.repeat(np.arange(len(cover.weight)), np.diff(cover.group_ptr))
    done = np.zeros(len(cover.weight), dtype=bool)
    done[rows[surely_in[cover.group_sites]]] = True
    is_open = ~(surely_in | surely_out)
    sites = np.flatnonzero(is_open)
    position = np.cumsum(is_open) - 1
    keep = is_open[cover.group_sites] & ~done[rows]
    rows, reach = rows[keep], position[cover.group_sites[keep]]
    lengths = np.bincount(rows, minlength=len(cover.weight))
    single = lengths[rows] == 1
    own = sums(reach[single], cover.weight[rows[single]], len(sites))
    ends = np.cumsum(lengths)
    index: dict[bytes, int] = {}
    weights: list[float] = []
    kept: list[Ints] = []
    for i in np.flatnonzero(lengths > 1):
        row = reach[ends[i] - lengths[i] : ends[i]]
        if (known := index.setdefault(row.tobytes(), len(kept))) == len(kept):
            kept.append(row)
            weights.append(0.0)
        weights[known] += float(cover.weight[i])
    return Core(
        sites=sites,
        surely_in=np.flatnonzero(surely_in),
        own=own,
        weight=np.array(weights),
        ptr=np.concatenate(([0], np.cumsum([len(row) for row in kept], dtype=np.int64))).astype(np.int64),
        reach=np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64),
        constant=float(cover.weight[done].sum()),
    )


def replacements(cover: Cover, cost: Floats, allowed: Mask) -> Ints:
    """For each site one that can stand in for it in every plan: it reaches all the same groups and costs no more.

    A site's own index where there is none, and everywhere where so many sites share their groups that looking would
    cost more than it saves.
    """
    degree = np.diff(cover.group_ptr).astype(np.float64)
    instead = np.arange(cover.n_sites)
    if float(degree @ degree) > _MOST_PAIRS:
        return instead
    shape = (cover.n_sites, len(degree))
    reaches = csr_matrix((np.ones(len(cover.site_groups)), cover.site_groups, cover.site_ptr), shape)
    shared = (reaches @ reaches.T).tocoo()
    j, k, size = shared.row, shared.col, np.diff(cover.site_ptr)
    inside = (shared.data == size[j]) & (j != k) & allowed[k] & (cost[k] <= cost[j])
    is_first = (size[k] > size[j]) | (cost[k] < cost[j]) | (k < j)  # among equals the lowest index stays
    order = np.lexsort((-k[inside & is_first], j[inside & is_first]))
    instead[j[inside & is_first][order]] = k[inside & is_first][order]
    while np.any(instead != instead[instead]):
        instead = instead[instead]
    return instead


_MOST_PAIRS = 2e7
