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
class Cut:
    """What no plan exceeds: worth @ (its sites) + weight @ (its groups reached) <= most. Indices of one core."""

    sites: Ints
    worth: Floats
    groups: Ints
    weight: Floats
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The sites still open and the groups that two or more of them reach.

    sites: their indices in the whole problem. own: shape (n_open,), weight that one site alone can cover.
    ptr, reach: shape (n_groups + 1,), and the open sites of each group. constant: weight covered by what is settled in.
    example: shape (n_groups,), a group of the whole problem that each stands for. column: the column of `model` that
    says whether a group of the whole problem is reached, `SERVED` and `LOST` where that is settled.
    """

    sites: Ints
    surely_in: Ints
    own: Floats
    weight: Floats
    ptr: Ints
    reach: Ints
    constant: float
    example: Ints
    column: Ints

    def model(self, cost: Floats, limit: Limit, rows: Sequence[tuple[Ints, Floats, float]] = ()) -> Model:
        """Most open weight: columns are open sites, then groups. rows: (columns, values, upper bound) besides."""
        n_open, groups = len(self.sites), len(self.weight)
        i = [np.repeat(np.arange(groups), np.diff(self.ptr)), np.arange(groups)]
        j = [self.reach, n_open + np.arange(groups)]
        v = [np.full(len(self.reach), -1.0), np.ones(groups)]
        high = [0.0] * groups
        if (row := limit.row(cost)) is not None:
            spent = float(row[0][self.surely_in].sum())
            rows = [(np.arange(n_open), row[0][self.sites], row[1] - spent), *rows]
        for columns, values, most in rows:
            i.append(np.full(len(columns), len(high)))
            j.append(columns)
            v.append(values)
            high.append(most)
        width = n_open + groups
        triples = (np.concatenate(v), (np.concatenate(i), np.concatenate(j)))
        return Model(
            gain=np.concatenate((self.own, self.weight)),
            a=csr_matrix(triples, shape=(len(high), width)),
            row_low=np.full(len(high), -np.inf),
            row_high=np.array(high),
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

    def row(self, cut: Cut, of: Core) -> tuple[Ints, Floats, float]:
        """A cut of a core with more open sites, as a row of this one's model."""
        position = np.full(max(int(of.sites.max(initial=-1)), int(self.sites.max(initial=-1))) + 1, -1, dtype=np.int64)
        position[self.sites] = np.arange(len(self.sites))
        sites = of.sites[cut.sites]
        settled_in = np.isin(sites, self.surely_in)
        columns = np.concatenate((position[sites], self.column[of.example[cut.groups]]))
        values = np.concatenate((cut.worth, cut.weight))
        served = np.concatenate((settled_in, self.column[of.example[cut.groups]] == SERVED))
        most = cut.most - float(values[served].sum())
        is_open = columns >= 0
        return columns[is_open], values[is_open], most


SERVED, LOST = -1, -2


def core(cover: Cover, *, surely_in: Mask, surely_out: Mask) -> Core:
    """Drop what is settled, fold groups with one site left into that site, merge groups with equal sites."""
    groups = len(cover.weight)
    rows = np.repeat(np.arange(groups), np.diff(cover.group_ptr))
    done = np.zeros(groups, dtype=bool)
    done[rows[surely_in[cover.group_sites]]] = True
    is_open = ~(surely_in | surely_out)
    sites = np.flatnonzero(is_open)
    position = np.cumsum(is_open) - 1
    keep = is_open[cover.group_sites] & ~done[rows]
    folded = fold(rows[keep], position[cover.group_sites[keep]], cover.weight, len(sites))
    column = np.where(done, SERVED, folded.column)
    return Core(
        sites=sites,
        surely_in=np.flatnonzero(surely_in),
        own=folded.own,
        weight=folded.weight,
        ptr=folded.ptr,
        reach=folded.reach,
        constant=float(cover.weight[done].sum()),
        example=folded.example,
        column=column,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """As the fields of `Core` of the same names; column: LOST where no pair is."""

    own: Floats
    weight: Floats
    ptr: Ints
    reach: Ints
    example: Ints
    column: Ints


def fold(rows: Ints, sites: Ints, weight: Floats, n_sites: int) -> Folded:
    """Pairs of group and site, sorted by group: single ones to their site, groups with equal sites to one."""
    lengths = np.bincount(rows, minlength=len(weight))
    single = lengths[rows] == 1
    own = sums(sites[single], weight[rows[single]], n_sites)
    column = np.full(len(weight), LOST, dtype=np.int64)
    column[rows[single]] = sites[single]
    ends = np.cumsum(lengths)
    index: dict[bytes, int] = {}
    kept: list[Ints] = []
    several = np.flatnonzero(lengths > 1)
    number = np.zeros(len(several), dtype=np.int64)
    for k, i in enumerate(several):
        row = sites[ends[i] - lengths[i] : ends[i]]
        if (known := index.setdefault(row.tobytes(), len(kept))) == len(kept):
            kept.append(row)
        number[k] = known
    column[several] = n_sites + number
    _, first = np.unique(number, return_index=True)
    return Folded(
        own=own,
        weight=sums(number, weight[several], len(kept)),
        ptr=np.concatenate(([0], np.cumsum([len(row) for row in kept], dtype=np.int64))).astype(np.int64),
        reach=np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64),
        example=several[first],
        column=column,
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
