"""The proof for the p-median: a Lagrangian bound that always comes, then the reduced program for HiGHS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from planning.distance import Median, Travel, build_order, most_people
from planning.reach import sums
from planning.siting import Deadline, Floats, Limit, Siting
from planning.solver import Model, solve

MAX_PAIRS = 400_000  # more columns than this are left to the bound


@dataclass(slots=True, kw_only=True)
class _Bound:
    """Best lower bound with the prices that gave it."""

    value: float
    price: Floats
    reduced: Floats


def median(travel: Travel, *, deadline: Deadline) -> Siting:
    """Least people x km (p-median), after as many people as possible have a way. Source: Hakimi (1964).

    The objective value is the sum over those with a way.
    """
    _, people = most_people(travel, np.inf, deadline)
    search = Median(travel)
    plans = []
    for by_cost in (False, True) if travel.limit.budget is not None else (False,):
        grown = search.grow(list(travel.locked), travel.allowed, travel.limit, by_cost=by_cost)
        plans.append(search.improve(grown, deadline))
    first, _ = most_people(travel, np.inf, Deadline(max(0.05, 0.1 * deadline.left())))
    plans.append(search.improve(search.grow(list(first.chosen), travel.allowed, travel.limit), deadline))
    full = [p for p in plans if travel.reached(p) >= people * (1 - 1e-9)] or plans
    chosen = min(full, key=lambda p: (search.value(p), sorted(p)))
    bound = _lagrangian(search, chosen, deadline)
    improved, lower = _program(search, chosen, people, bound, deadline)
    ordered = build_order(travel, improved)
    without_way = float(travel.weight.sum()) - travel.reached(ordered)
    value = travel.total_km(ordered)
    lower = max(0.0, lower - search.far * without_way)
    return Siting(chosen=ordered, objective_value=value, bound=min(lower, value))


def _cheapest(reduced: Floats, travel: Travel) -> float:
    """Least that the sites of any plan can cost: negative reduced costs within the limit, in proportion at the edge."""
    free = np.where(travel.allowed, np.minimum(reduced, 0.0), 0.0)
    locked = np.array(travel.locked, dtype=np.int64)
    total = float(reduced[locked].sum())
    free[locked] = 0.0
    limit: Limit = travel.limit
    if limit.count is not None:
        return total + float(np.sort(free)[: max(0, limit.count - len(locked))].sum())
    if limit.budget is None:
        return total + float(free.sum())
    room = limit.budget - float(travel.cost[locked].sum())
    order = np.argsort(free / np.maximum(travel.cost, 1e-12), kind="stable")
    spent = np.cumsum(travel.cost[order])
    part = np.clip((room - (spent - travel.cost[order])) / np.maximum(travel.cost[order], 1e-12), 0.0, 1.0)
    return total + float(free[order] @ part)


def _lagrangian(search: Median, chosen: list[int], deadline: Deadline, *, rounds: int = 300) -> _Bound:
    """Subgradient on "each demand point is served once".

    Source: Cornuejols, Fisher & Nemhauser (1977), Management Science 23, 789-810.
    """
    travel = search.travel
    i, j, w = travel.reach.demand, travel.reach.site, travel.weight
    km = w[i] * np.minimum(travel.reach.km, search.far)
    stay = w * search.base  # what it costs to be served by what stands (or by nobody, at `far`)
    upper = search.value(chosen)
    price = np.minimum(stay, w * (search.state(chosen) * 1.0 + 1e-9))
    best = _Bound(value=-np.inf, price=price.copy(), reduced=np.zeros(travel.reach.n_sites))
    step, stale = 1.0, 0
    for _ in range(rounds):
        if deadline.left() <= 0:
            break
        gain = price[i] - km
        pays = gain > 0
        reduced = -sums(j[pays], gain[pays], travel.reach.n_sites)
        value = float(np.minimum(stay, price).sum()) + _cheapest(reduced, travel)
        if value > best.value + 1e-12 * abs(upper):
            best, stale = _Bound(value=value, price=price.copy(), reduced=reduced.copy()), 0
        else:
            stale += 1
            if stale >= 12:
                step, stale = step / 2, 0
                price = best.price.copy()
                continue
        if upper - best.value <= 1e-9 * max(abs(upper), 1e-12):
            break
        opened = _opened(reduced, travel)
        served = np.bincount(i[pays & opened[j]], minlength=len(w)).astype(np.float64) + (stay < price)
        slope = 1.0 - served
        length = float(slope @ slope)
        if length == 0:
            break
        price = np.clip(price + step * max(upper - value, 1e-9 * abs(upper)) / length * slope, 0.0, stay)
    return best


def _opened(reduced: Floats, travel: Travel) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The sites that the relaxed problem builds."""
    mask = np.zeros(len(reduced), dtype=bool)
    mask[list(travel.locked)] = True
    order = np.argsort(
        reduced / np.maximum(travel.cost, 1e-12) if travel.limit.budget is not None else reduced, kind="stable"
    )
    taken, spent = len(travel.locked), float(travel.cost[list(travel.locked)].sum())
    for site in order:
        if reduced[site] >= 0:
            break
        if mask[site] or not travel.allowed[site]:
            continue
        if travel.limit.count is not None and taken >= travel.limit.count:
            break
        if travel.limit.budget is not None and spent >= travel.limit.budget:
            break
        mask[site] = True
        taken, spent = taken + 1, spent + float(travel.cost[site])
    return mask


def _program(
    search: Median, chosen: list[int], people: float, bound: _Bound, deadline: Deadline
) -> tuple[list[int], float]:
    """Only pairs and sites that could be in a better plan, to HiGHS; (plan, lower bound)."""
    travel, far = search.travel, search.far
    upper = search.value(chosen)
    slack = upper - bound.value + 1e-6 * max(abs(upper), 1e-12)
    i, j, w = travel.reach.demand, travel.reach.site, travel.weight
    km = w[i] * np.minimum(travel.reach.km, far)
    stay = w * search.base
    keep = (km - bound.price[i] <= slack) & (w[i] > 0) & travel.allowed[j] & (km < stay[i])
    i, j, km = i[keep], j[keep], km[keep]
    if len(i) > MAX_PAIRS or slack <= 2e-6 * max(abs(upper), 1e-12) or deadline.left() <= 0:
        return chosen, bound.value
    points, row_of = np.unique(i, return_inverse=True)
    sites, columns = travel.reach.n_sites, travel.reach.n_sites + len(i)
    # saving of a pair against staying where one is; maximise the sum of savings
    gain = np.concatenate((np.zeros(sites), stay[i] - km))
    pair = np.arange(len(i))
    rows = [row_of, len(points) + pair, len(points) + pair]
    cols = [sites + pair, sites + pair, j]
    vals = [np.ones(len(i)), np.ones(len(i)), -np.ones(len(i))]
    high = [np.ones(len(points)), np.zeros(len(i))]
    count = len(points) + len(i)
    if (row := travel.limit.row(travel.cost)) is not None:
        rows.append(np.full(sites, count))
        cols.append(np.arange(sites))
        vals.append(row[0])
        high.append(np.array([row[1]]))
        count += 1
    low_x, high_x = np.zeros(columns), np.ones(columns)
    high_x[:sites] = travel.allowed
    low_x[list(travel.locked)] = high_x[list(travel.locked)] = 1.0
    matrix = csr_matrix(
        coo_matrix((np.concatenate(vals), (np.concatenate(rows), np.concatenate(cols))), shape=(count, columns))
    )
    model = Model(
        gain=gain,
        a=matrix,
        row_low=np.full(count, -np.inf),
        row_high=np.concatenate(high),
        low=low_x,
        high=high_x,
        whole=np.arange(columns) < sites,
    )
    answer = solve(model, time_limit_s=deadline.left(), presolve=True)
    nothing = float(stay.sum())
    lower = max(bound.value, nothing - answer.bound) if np.isfinite(answer.bound) else bound.value
    if answer.x is not None:
        found = [int(s) for s in np.flatnonzero(answer.x[:sites] > 0.5)]
        keeps_people = travel.reached(found) >= min(people, travel.reached(chosen)) * (1 - 1e-9)
        if keeps_people and search.value(found) < upper:
            chosen = found
    return chosen, min(lower, search.value(chosen))
