"""A bound tighter than the relaxation's: the few neighbourhoods that it leaves undecided, decided one by one.

The relaxation of a covering problem is wrong only here and there: in some neighbourhoods it builds halves of sites. Its
prices cut the problem apart. A group outside such a neighbourhood pays every site that reaches it its price and keeps
the rest; a site pays for its place under the limit. What is left is one small problem a neighbourhood, whole within
itself, and the sum of their exact answers is a bound for everything (Lagrangian decomposition with copied variables).
A site that reaches into several neighbourhoods is copied, and what it loses is shared among the copies.

Source: Guignard & Kim (1987), Mathematical Programming 39, 215-228; Geoffrion (1974) on why whole subproblems bound
better than relaxed ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from planning.core import Core, Cut, fold
from planning.siting import Deadline, Floats
from planning.solver import Answer, Model, solve

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
_WHOLE = 1e-6  # a share this near to 0 or 1 is decided
_NEAR = 0.02  # sites that lose less than this part of a site's mean worth are of the neighbourhood
_MOST_SITES = 800  # a larger neighbourhood is left as the relaxation has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """The relaxation of a core. share: 0..1; loss: what moving a site off its bound costs, at least; price: of a group.

    share, loss: shape (n_open,). price: shape (n_groups,). value: without the core's constant.
    """

    share: Floats
    loss: Floats
    price: Floats
    value: float

    @classmethod
    def of(cls, kept: Core, answer: Answer) -> Relaxed | None:
        """From a solved relaxation of `kept.model`; None where it was not solved."""
        if answer.x is None or answer.reduced is None or answer.prices is None or not np.isfinite(answer.bound):
            return None
        n_open = len(kept.sites)
        return cls(
            share=answer.x[:n_open],
            loss=answer.reduced[:n_open],
            price=np.maximum(answer.prices[: len(kept.weight)], 0.0),
            value=answer.bound,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tightened:
    """What deciding the neighbourhoods brought.

    less: how far the bound falls below the relaxation's. spared: shape (n_open,), the part of `less` that is not sure
    where that site is moved off its bound. share: 0 or 1, the relaxation with every neighbourhood decided (it may break
    the limit). cuts: each neighbourhood's own bound as a row, valid for every plan.
    """

    less: float
    spared: Floats
    share: Floats
    cuts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Map:
    """Which pairs of group and site belong to an undecided neighbourhood. label: of sites, -1 for none."""

    label: Ints
    undecided: Ints
    group: Ints
    site: Ints
    home: Ints  # neighbourhood of each pair
    copies: Ints  # shape (n_open,): in how many neighbourhoods a site plays


def tighten(kept: Core, relaxed: Relaxed, *, built: int, deadline: Deadline) -> Tightened:
    """Decide each neighbourhood in which the relaxation builds parts of sites.

    Args:
        kept: the problem.
        relaxed: its relaxation.
        built: sites in the relaxation, for the mean worth of one.
        deadline: what is not decided by then is left as the relaxation has it.
    """
    near = _NEAR * relaxed.value / max(built, 1)
    where = _neighbourhoods(kept, relaxed, near)
    share = np.where(relaxed.share > 0.5, 1.0, 0.0)
    spared = np.zeros(len(kept.sites))
    less, cuts = 0.0, list[Cut]()
    for number in where.undecided:
        if deadline.left() <= 0 or np.count_nonzero(where.label == number) > _MOST_SITES:
            continue
        if not np.any(where.home == number):
            continue
        members, decided, cut, gap = _decide(kept, relaxed, where, int(number), deadline)
        mine = where.label[members] == number
        share[members[mine]] = decided[mine]
        if gap > 0:
            less += gap
            spared[np.unique(where.site[where.home == number])] += gap
            cuts.append(cut)
    return Tightened(less=less, spared=spared, share=share, cuts=tuple(cuts))


def _neighbourhoods(kept: Core, relaxed: Relaxed, near: float) -> _Map:
    """Connected by groups that nothing surely built reaches, over sites that lose little or nothing."""
    n_open, groups = len(kept.sites), len(kept.weight)
    rows = np.repeat(np.arange(groups), np.diff(kept.ptr))
    loose = relaxed.loss <= near
    sure = (relaxed.share > 1 - _WHOLE) & ~loose
    served = np.zeros(groups, dtype=bool)
    served[rows[sure[kept.reach]]] = True
    binds = loose[kept.reach] & ~served[rows]
    table = csr_matrix((np.ones(int(binds.sum())), (rows[binds], kept.reach[binds])), shape=(groups, n_open))
    _, label = connected_components(table.T @ table, directed=False)
    label = np.where(loose, label, -1).astype(np.int64)
    is_part = (relaxed.share > _WHOLE) & (relaxed.share < 1 - _WHOLE)
    undecided = np.unique(label[is_part & loose])
    home = np.full(groups, -1, dtype=np.int64)
    inside = binds & np.isin(label[kept.reach], undecided)
    home[rows[inside]] = label[kept.reach[inside]]
    counted = home[rows] >= 0
    rows, sites = rows[counted], kept.reach[counted]
    pairs = np.unique(np.column_stack((sites, home[rows])), axis=0)
    return _Map(
        label=label, undecided=undecided, group=rows, site=sites, home=home[rows],
        copies=np.bincount(pairs[:, 0], minlength=n_open).astype(np.int64),
    )  # fmt: skip


def _decide(
    kept: Core, relaxed: Relaxed, where: _Map, number: int, deadline: Deadline
) -> tuple[Ints, Floats, Cut, float]:
    """(sites, 0 or 1 for each, the bound as a cut, how far it lies below the relaxation)."""
    mine = where.home == number
    group, site = where.group[mine], where.site[mine]
    groups, inner = np.unique(group), np.flatnonzero(where.label == number)
    outer = np.setdiff1d(site, inner)
    paid = np.bincount(site, weights=relaxed.price[group], minlength=len(kept.sites))
    sign = np.where(relaxed.share > 1 - _WHOLE, 1.0, -1.0)
    alone = sign * relaxed.loss / np.maximum(where.copies, 1)  # gain or loss of a site at the prices of all its groups
    alone[inner] = (sign * relaxed.loss)[inner]
    worth = alone - paid
    most = float(np.maximum(kept.weight[groups] - relaxed.price[groups], 0.0).sum() + np.maximum(alone[inner], 0).sum())
    answer, members = _solve(kept, worth, inner, (group, site), deadline), inner
    # a site around takes no part that could not earn its loss alone, or that loses more than may be missing
    surplus = np.maximum(kept.weight - relaxed.price, 0.0)
    outer = outer[-alone[outer] < np.bincount(site, weights=surplus[group], minlength=len(kept.sites))[outer]]
    takes_part = -alone[outer] <= most - answer.value
    if takes_part.any():
        members = np.concatenate((inner, outer[takes_part]))
        answer = _solve(kept, worth, members, (group, site), deadline)
    least_loss = float((-alone[outer[~takes_part]]).min(initial=np.inf))
    bound = min(most, max(answer.bound, most - least_loss))
    built = np.zeros(len(members)) if answer.x is None else np.round(answer.x[: len(members)])
    everyone = np.union1d(site, inner)
    cut = Cut(sites=everyone, worth=worth[everyone], groups=groups, weight=kept.weight[groups], most=bound)
    return members, built, cut, most - bound


def _solve(kept: Core, worth: Floats, members: Ints, pairs: tuple[Ints, Ints], deadline: Deadline) -> Answer:
    """Most weight less what the sites cost, over some sites of a neighbourhood; groups with equal sites are one."""
    position = np.full(len(kept.sites), -1, dtype=np.int64)
    position[members] = np.arange(len(members))
    inside = position[pairs[1]] >= 0
    folded = fold(pairs[0][inside], position[pairs[1][inside]], kept.weight, len(members))
    groups, n = len(folded.weight), len(members)
    rows = np.repeat(np.arange(groups), np.diff(folded.ptr))
    triples = (
        np.concatenate((np.full(len(rows), -1.0), np.ones(groups))),
        (np.concatenate((rows, np.arange(groups))), np.concatenate((folded.reach, n + np.arange(groups)))),
    )
    model = Model(
        gain=np.concatenate((worth[members] + folded.own, folded.weight)),
        a=csr_matrix(triples, shape=(groups, n + groups)),
        row_low=np.full(groups, -np.inf),
        row_high=np.zeros(groups),
        low=np.zeros(n + groups),
        high=np.ones(n + groups),
        whole=np.arange(n + groups) < n,
    )
    return solve(model, time_limit_s=deadline.left())
