"""Objectives over how far people have to go: p-median (mean distance) and p-center (largest distance).

First as many people as possible get a way to some site; then their distance is made small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planning.cover import merge
from planning.mclp import coverage
from planning.question import Question
from planning.reach import Reach, sums
from planning.siting import TOLERANCE, Deadline, Floats, Limit, Siting

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """Who goes where.

    reach: pairs of demand with people and candidate sites. weight: people, shape (n_demand,).
    already_km: distance to the nearest standing site, `inf` where there is none. cost, allowed: shape (n_sites,).
    """

    reach: Reach
    weight: Floats
    already_km: Floats
    cost: Floats
    allowed: Mask
    limit: Limit
    locked: tuple[int, ...] = ()

    def nearest(self, chosen: Sequence[int]) -> Floats:
        """Distance of each demand point to the nearest site of the plan or standing site."""
        mask = np.zeros(self.reach.n_sites, dtype=bool)
        mask[list(chosen)] = True
        return np.minimum(self.already_km, self.reach.of_sites(mask).nearest_km())

    def reached(self, chosen: Sequence[int]) -> float:
        """People with a way to some site."""
        return float(self.weight[np.isfinite(self.nearest(chosen))].sum())

    def total_km(self, chosen: Sequence[int]) -> float:
        """Sum of people x km over those who have a way."""
        km = self.nearest(chosen)
        way = np.isfinite(km)
        return float(self.weight[way] @ km[way])

    def farthest_km(self, chosen: Sequence[int]) -> float:
        """Largest distance of a demand point with people that has a way."""
        km = self.nearest(chosen)[self.weight > 0]
        km = km[np.isfinite(km)]
        return float(km.max()) if len(km) else 0.0

    def farthest_listed(self) -> float:
        """Largest finite distance there is."""
        stands = self.already_km[np.isfinite(self.already_km)]
        return max([float(x.max()) for x in (self.reach.km, stands) if len(x)], default=0.0)


def most_people(travel: Travel, radius_km: float, deadline: Deadline) -> tuple[Siting, float]:
    """The plan that brings most people within `radius_km`, and the people that no plan can exceed."""
    near = travel.reach.within(radius_km)
    served = np.isfinite(travel.already_km) & (travel.already_km <= radius_km * (1 + 1e-12))
    cover = merge(near, travel.weight, np.zeros(near.n_demand, dtype=np.int64), 1, served)
    question = Question(cover=cover, cost=travel.cost, limit=travel.limit, allowed=travel.allowed, locked=travel.locked)
    plan = coverage(question, deadline=deadline)
    return plan, plan.objective_value


class Median:
    """Greedy and exchange over pairs; people without a way count at `far`, many times the largest distance."""

    def __init__(self, travel: Travel) -> None:
        self.travel = travel
        reach = travel.reach
        connected = len(reach.km) == reach.n_demand * reach.n_sites or bool(np.isfinite(travel.already_km).all())
        # where any site serves everybody the largest distance will do; else enough to put a way for anybody before
        # distance for all, small enough to leave digits for the distance
        self.far = (1.0 if connected else 1e3) * max(travel.farthest_listed(), 1e-3)
        self.base = np.minimum(travel.already_km, self.far)

    def state(self, chosen: Sequence[int]) -> Floats:
        """Distance with `far` for nobody's way."""
        return np.minimum(self.travel.nearest(chosen), self.far)

    def savings(self, current: Floats) -> Floats:
        """What each site would save of people x km, shape (n_sites,)."""
        reach = self.travel.reach
        closer = reach.km < current[reach.demand]
        i, j = reach.demand[closer], reach.site[closer]
        saved = self.travel.weight[i] * (current[i] - reach.km[closer])
        return sums(j, saved, reach.n_sites)

    def grow(self, chosen: list[int], allowed: Mask, limit: Limit, *, by_cost: bool = False) -> list[int]:
        """Add the site that saves most, as far as the limit goes and anything is saved."""
        chosen, allowed = list(chosen), allowed.copy()
        allowed[chosen] = False
        current = self.state(chosen)
        cost = self.travel.cost
        dust = 1e-12 * float(self.travel.weight @ self.base + 1e-12)
        while True:
            room = allowed & limit.room(float(cost[chosen].sum()), len(chosen), cost)
            saved = np.where(room, self.savings(current), -1.0)
            score = saved / np.maximum(cost, 1e-12) if by_cost else saved
            if not room.any() or saved.max() <= dust:
                return chosen
            top = float(score.max())
            site = int(np.flatnonzero(score >= top - TOLERANCE * abs(top))[0])
            chosen.append(site)
            allowed[site] = False
            current = np.minimum(current, self._of(site))

    def _of(self, site: int) -> Floats:
        reach = self.travel.reach
        mine = reach.site == site
        km = np.full(reach.n_demand, np.inf)
        np.minimum.at(km, reach.demand[mine], reach.km[mine])
        return km

    def value(self, chosen: Sequence[int]) -> float:
        """People x km with `far` for those without a way; smaller is better."""
        return float(self.travel.weight @ self.state(chosen))

    def improve(self, chosen: list[int], deadline: Deadline, *, passes: int = 6) -> list[int]:
        """Exchange one site for the best other while that shortens the way (Teitz & Bart 1968)."""
        travel = self.travel
        best = self.value(chosen)
        for _ in range(passes):
            changed = False
            for site in sorted(set(chosen) - set(travel.locked)):
                if deadline.left() <= 0:
                    return chosen
                rest = [j for j in chosen if j != site]
                current = self.state(rest)
                room = travel.allowed & travel.limit.room(float(travel.cost[rest].sum()), len(rest), travel.cost)
                room[rest] = False
                saved = np.where(room, self.savings(current), -1.0)
                other = int(np.argmax(saved))
                found = float(travel.weight @ current) - float(saved[other])
                if saved[other] > 0 and other != site and found < best - TOLERANCE * max(abs(best), 1e-12):
                    chosen, best, changed = [*rest, other], self.value([*rest, other]), True
            if not changed:
                break
        return chosen


def build_order(travel: Travel, chosen: Sequence[int]) -> tuple[int, ...]:
    """The same set in the order of what each next site saves; what saves nothing is dropped unless locked."""
    allowed = np.zeros(travel.reach.n_sites, dtype=bool)
    allowed[list(chosen)] = True
    ordered = Median(travel).grow([], allowed, Limit())
    return (*ordered, *sorted(set(travel.locked) - set(ordered)))


def farthest(travel: Travel, *, deadline: Deadline) -> Siting:
    """Smallest largest distance (p-center): for which radius do all who can have a way have a site within it?

    Halving over the distances that occur; each question is a covering problem. Source: Hakimi (1964) Operations
    Research 12, 450-459; Minieka (1970) SIAM Review 12, 138-139.
    """
    best, people = most_people(travel, np.inf, deadline)
    chosen = list(best.chosen)
    proven = best.is_optimal
    lived = travel.weight[travel.reach.demand] > 0
    distances = np.unique(np.concatenate((travel.reach.km[lived], travel.already_km[np.isfinite(travel.already_km)])))
    enough = people - TOLERANCE * max(people, 1e-12)
    low, high = 0, int(np.searchsorted(distances, travel.farthest_km(chosen) * (1 - 1e-12)))
    floor = 0.0
    while low < high and deadline.left() > 0:
        middle = (low + high) // 2
        plan, found = most_people(travel, float(distances[middle]), deadline)
        if found >= enough:
            chosen = list(plan.chosen)
            high = min(middle, int(np.searchsorted(distances, travel.farthest_km(chosen) * (1 - 1e-12))))
        elif plan.bound < enough:
            low = middle + 1
            floor = float(distances[min(low, len(distances) - 1)])
        else:
            proven = False
            low = middle + 1
    value = travel.farthest_km(chosen)
    is_proven = proven and low >= high
    kept = _without_idle(travel, chosen, value)
    return Siting(chosen=_center_order(travel, kept), objective_value=value, bound=value if is_proven else floor)


def _without_idle(travel: Travel, chosen: Sequence[int], value: float) -> list[int]:
    """Drop what neither the people reached nor the largest distance needs."""
    kept, people = sorted(chosen), travel.reached(chosen)
    for site in sorted(set(chosen) - set(travel.locked), reverse=True):
        rest = [j for j in kept if j != site]
        same_people = travel.reached(rest) >= people - TOLERANCE * max(people, 1e-12)
        if same_people and travel.farthest_km(rest) <= value * (1 + TOLERANCE):
            kept = rest
    return kept


def _center_order(travel: Travel, chosen: Sequence[int]) -> tuple[int, ...]:
    """Each next site the one that leaves most people with a way, then the smallest largest distance."""
    left, ordered = sorted(chosen), list[int]()
    while left:
        site = min(left, key=lambda j: (-travel.reached([*ordered, j]), travel.farthest_km([*ordered, j]), j))
        ordered.append(site)
        left.remove(site)
    return tuple(ordered)
