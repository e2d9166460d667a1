"""Objectives over who is within reach: coverage, fair coverage, max-min. Greedy with swaps, exact gains throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from planning.reach import Reach, sums
from planning.siting import TOLERANCE, Limit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Objective(Protocol):
    """What a vector of covered weight by region is worth. `covered`: shape (..., n_regions)."""

    def value(self, covered: Floats) -> Floats:
        """The figure to make large, shape (...)."""
        ...

    def tie(self, covered: Floats) -> Floats:
        """What decides between equal figures, shape (...)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Covered weight. Source: Church & ReVelle (1974), Papers of the Regional Science Association 32, 101-118."""

    def value(self, covered: Floats) -> Floats:
        """Sum over regions."""
        return np.asarray(covered.sum(axis=-1))

    def tie(self, covered: Floats) -> Floats:
        """Nothing decides."""
        return np.zeros(covered.shape[:-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Welfare:
    """Sum over regions of P U(covered / P), U(s) = (s + .01)^(1-E) / (1-E), ln at E = 1.

    `weight`: P, shape (n_regions,).
    """

    weight: Floats
    aversion: float

    def utility(self, share: Floats) -> Floats:
        """U at each share."""
        s = share + 0.01
        return np.log(s) if self.aversion == 1 else s ** (1 - self.aversion) / (1 - self.aversion)

    def slope(self, share: Floats) -> Floats:
        """U' at each share."""
        return np.asarray((share + 0.01) ** -self.aversion)

    def value(self, covered: Floats) -> Floats:
        """The welfare."""
        share = np.divide(covered, self.weight, out=np.zeros(covered.shape), where=self.weight > 0)
        return np.asarray((self.weight * self.utility(share)).sum(axis=-1))

    def tie(self, covered: Floats) -> Floats:
        """Total coverage."""
        return np.asarray(covered.sum(axis=-1))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstRegion:
    """Smallest covered share of any region that has people, then total coverage. `weight`: shape (n_regions,)."""

    weight: Floats

    def value(self, covered: Floats) -> Floats:
        """The smallest share, 0 to 1."""
        lived = self.weight > 0
        if not lived.any():
            return np.zeros(covered.shape[:-1])
        return np.asarray((covered[..., lived] / self.weight[lived]).min(axis=-1))

    def tie(self, covered: Floats) -> Floats:
        """Total coverage."""
        return np.asarray(covered.sum(axis=-1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Demand not yet covered, merged where the same sites reach it in the same region.

    weight, region: shape (n_groups,). demand_ptr/demand_sites and site_ptr/site_groups: both directions of the pairs.
    base: shape (n_regions,), weight covered already.
    """

    n_sites: int
    weight: Floats
    region: Ints
    group_ptr: Ints
    group_sites: Ints
    site_ptr: Ints
    site_groups: Ints
    base: Floats

    def groups_of(self, site: int) -> Ints:
        """The groups that a site reaches."""
        return self.site_groups[self.site_ptr[site] : self.site_ptr[site + 1]]


def merge(reach: Reach, weight: Floats, region: Ints, n_regions: int, covered: Mask) -> Cover:
    """Merge open demand with equal site sets.

    Args:
        reach: pairs of demand and candidate sites within the radius, sorted by demand, then site.
        weight: shape (n_demand,).
        region: shape (n_demand,), codes 0..n_regions-1.
        n_regions: how many.
        covered: shape (n_demand,), served already.
    """
    ptr = np.searchsorted(reach.demand, np.arange(reach.n_demand + 1))
    index: dict[tuple[int, bytes], int] = {}
    weights: list[float] = []
    regions: list[int] = []
    rows: list[Ints] = []
    sites32 = reach.site.astype(np.int32)
    for i in np.flatnonzero(~covered & (weight > 0) & (np.diff(ptr) > 0)):
        row = sites32[ptr[i] : ptr[i + 1]]
        key = (int(region[i]), row.tobytes())
        if (known := index.get(key)) is None:
            index[key] = len(weights)
            weights.append(float(weight[i]))
            regions.append(int(region[i]))
            rows.append(row.astype(np.int64))
        else:
            weights[known] += float(weight[i])
    lengths = np.array([len(r) for r in rows], dtype=np.int64)
    group_sites = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    groups = np.repeat(np.arange(len(rows)), lengths)
    by_site = np.argsort(group_sites, kind="stable")
    return Cover(
        n_sites=reach.n_sites,
        weight=np.array(weights),
        region=np.array(regions, dtype=np.int64),
        group_ptr=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        group_sites=group_sites,
        site_ptr=np.searchsorted(group_sites[by_site], np.arange(reach.n_sites + 1)),
        site_groups=groups[by_site],
        base=sums(region[covered], weight[covered], n_regions),
    )


class Plan:
    """A set of sites with the exact gain of every other site, kept up to date as sites come and go."""

    def __init__(self, cover: Cover, objective: Objective, cost: Floats, limit: Limit) -> None:
        self.cover, self.objective, self.cost, self.limit = cover, objective, cost, limit
        self.chosen: list[int] = []
        self.covered = cover.base.copy()
        self._times = np.zeros(len(cover.weight), dtype=np.int64)
        # a sum over regions needs no regions: one column keeps the whole country in memory
        self._is_total = isinstance(objective, Total)
        self._columns = 1 if self._is_total else len(cover.base)
        self._gain = np.zeros((cover.n_sites, self._columns))
        self._dust = 1e-12 * float(cover.weight.sum())  # what sums and differences may leave of a zero
        rows = np.repeat(np.arange(len(cover.weight)), np.diff(cover.group_ptr))
        self._pay(cover.group_sites, rows, cover.weight[rows])

    def _pay(self, sites: Ints, groups: Ints, weight: Floats) -> None:
        """Add weight of groups to the gain of sites, pair by pair."""
        flat = sites if self._is_total else sites * self._columns + self.cover.region[groups]
        np.add.at(self._gain.reshape(-1), flat, weight)

    def _shift(self, groups: Ints, sign: float) -> None:
        """These groups became open (+1) or covered (-1): every site that reaches them gains or loses their weight."""
        if not len(groups):
            return
        cover = self.cover
        start, length = cover.group_ptr[groups], cover.group_ptr[groups + 1] - cover.group_ptr[groups]
        ends = np.cumsum(length)
        at = np.repeat(start - ends + length, length) + np.arange(ends[-1])
        which = np.repeat(groups, length)
        self._pay(cover.group_sites[at], which, sign * cover.weight[which])
        moved = sums(cover.region[groups], cover.weight[groups], len(cover.base))
        self.covered -= sign * moved

    def add(self, site: int) -> None:
        """Build a site."""
        groups = self.cover.groups_of(site)
        self._shift(groups[self._times[groups] == 0], -1.0)
        self._times[groups] += 1
        self.chosen.append(site)

    def remove(self, site: int) -> None:
        """Take a site out again."""
        groups = self.cover.groups_of(site)
        self._times[groups] -= 1
        self._shift(groups[self._times[groups] == 0], 1.0)
        self.chosen.remove(site)

    def adds_nothing(self, site: int) -> bool:
        """True when everything the site reaches is reached by another of the plan."""
        return bool(np.all(self._times[self.cover.groups_of(site)] > 1))

    def gain(self, site: int) -> float:
        """Weight that the site would newly cover."""
        return float(self._gain[site].sum())

    def worth(self) -> tuple[float, float]:
        """Figure and tie-breaker of the plan as it is."""
        return float(self.objective.value(self.covered)), float(self.objective.tie(self.covered))

    def best(self, open_sites: Mask, *, by_cost: bool = False) -> int | None:
        """The site that adds most (per cost when asked); the lowest index among equals; None when nothing adds."""
        if self._is_total:
            return self._most(open_sites, by_cost=by_cost)
        useful = np.flatnonzero(open_sites & (self._gain.sum(axis=1) > self._dust))
        if not len(useful):
            return None
        after = self.covered + self._gain[useful]
        now, now_tie = self.worth()
        value, tie = self.objective.value(after) - now, self.objective.tie(after) - now_tie
        if by_cost:
            cost = np.maximum(self.cost[useful], 1e-12)
            value, tie = value / cost, tie / cost
        slack = TOLERANCE * max(abs(float(value.max())), 1e-12)
        top = np.flatnonzero(value >= value.max() - slack)
        top = top[tie[top] >= tie[top].max() - TOLERANCE * max(abs(float(tie[top].max())), 1e-12)]
        return int(useful[top[0]])

    def _most(self, open_sites: Mask, *, by_cost: bool) -> int | None:
        """`best` where the gains are the figure itself."""
        gain = np.where(open_sites, self._gain[:, 0], -1.0)
        gain[gain <= self._dust] = -1.0
        if by_cost:
            gain /= np.maximum(self.cost, 1e-12)
        top = float(gain.max(initial=-1.0))
        return int(np.argmax(gain >= top * (1 - TOLERANCE))) if top > 0 else None

    def spent(self) -> float:
        """Cost of the plan."""
        return float(self.cost[self.chosen].sum())

    def grow(self, allowed: Mask, *, by_cost: bool = False) -> None:
        """Add the best site again and again, as far as the limit goes."""
        allowed = allowed.copy()
        allowed[self.chosen] = False
        while True:
            room = allowed & self.limit.room(self.spent(), len(self.chosen), self.cost)
            site = self.best(room, by_cost=by_cost)
            if site is None:
                return
            self.add(site)
            allowed[site] = False

    def shrink(self, locked: Sequence[int]) -> None:
        """Take out the site that loses least for its cost, again and again, until the limit holds."""
        sites = np.repeat(np.arange(self.cover.n_sites), np.diff(self.cover.site_ptr))
        while left := [j for j in self.chosen if j not in locked]:
            if self.limit.holds(self.spent(), len(self.chosen)):
                return
            alone = np.where(self._times == 1, self.cover.weight, 0.0)
            loss = sums(sites, alone[self.cover.site_groups], self.cover.n_sites) / np.maximum(self.cost, 1e-12)
            self.remove(min(left, key=lambda j: (loss[j], -j)))

    def improve(self, allowed: Mask, locked: Sequence[int], *, passes: int = 8) -> None:
        """Exchange one site for another while that makes the plan better."""
        for _ in range(passes):
            changed = False
            for site in sorted(set(self.chosen) - set(locked)):
                before = self.worth()
                self.remove(site)
                room = allowed & self.limit.room(self.spent(), len(self.chosen), self.cost)
                room[self.chosen] = False
                other = self.best(room)
                if other is not None and other != site:
                    self.add(other)
                    if is_better(self.worth(), before):
                        changed = True
                        continue
                    self.remove(other)
                self.add(site)
            self.grow(allowed)
            if not changed:
                return


def is_better(a: tuple[float, float], b: tuple[float, float]) -> bool:
    """True when `a` is worth more than `b` by more than rounding, figure before tie-breaker."""
    for x, y in zip(a, b, strict=True):
        slack = TOLERANCE * max(abs(x), abs(y), 1e-12)
        if abs(x - y) > slack:
            return x > y
    return False


def build_order(cover: Cover, objective: Objective, cost: Floats, chosen: Sequence[int], locked: Sequence[int]) -> Plan:
    """The same set, without what adds nothing, each next site the one that adds most."""
    whole = Plan(cover, objective, cost, Limit())
    for site in sorted(chosen):
        whole.add(site)
    for site in sorted(set(chosen) - set(locked), reverse=True):
        if whole.adds_nothing(site):
            whole.remove(site)
    kept = np.zeros(cover.n_sites, dtype=bool)
    kept[whole.chosen] = True
    plan = Plan(cover, objective, cost, Limit())
    plan.grow(kept)
    for site in sorted(set(whole.chosen) - set(plan.chosen)):  # locked sites that add nothing
        plan.add(site)
    return plan


def heuristic(
    cover: Cover,
    objective: Objective,
    cost: Floats,
    limit: Limit,
    *,
    allowed: Mask,
    locked: Sequence[int] = (),
    passes: int = 8,
) -> list[int]:
    """Greedy with swaps; with a budget both greedy rules are tried (Khuller, Moss & Naor 1999)."""
    plans = []
    for by_cost in (False, True) if limit.budget is not None else (False,):
        plan = Plan(cover, objective, cost, limit)
        for site in locked:
            plan.add(site)
        plan.grow(allowed, by_cost=by_cost)
        plan.improve(allowed, locked, passes=passes)
        plans.append(plan)
    best = plans[0]
    for plan in plans[1:]:
        if is_better(plan.worth(), best.worth()):
            best = plan
    return list(best.chosen)
