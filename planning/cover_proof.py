"""The proof for objectives over who is within reach: the same problems as mixed-integer programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from planning.cover import Cover, Total, Welfare, WorstRegion, build_order, is_better
from planning.mclp import PRECISION, coverage
from planning.question import Question, best_start, finish, undominated, worth
from planning.siting import Deadline, Floats, Limit, Siting
from planning.solver import Answer, Model, solve

Mask = NDArray[np.bool_]


class _Rows:
    """Rows of a sparse matrix, collected."""

    def __init__(self) -> None:
        self.i: list[NDArray[np.int64]] = []
        self.j: list[NDArray[np.int64]] = []
        self.v: list[Floats] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, columns: Sequence[int] | NDArray[np.int64], values: Floats, low: float, high: float) -> None:
        row = len(self.low)
        self.i.append(np.full(len(columns), row, dtype=np.int64))
        self.j.append(np.asarray(columns, dtype=np.int64))
        self.v.append(np.asarray(values, dtype=np.float64))
        self.low.append(low)
        self.high.append(high)

    def add_cover(self, cover: Cover) -> None:
        """One row a group: served only if a site that reaches it is built (y - sum x <= 0)."""
        groups = len(cover.weight)
        base = len(self.low)
        rows = np.repeat(np.arange(groups), np.diff(cover.group_ptr))
        self.i += [base + rows, base + np.arange(groups)]
        self.j += [cover.group_sites, cover.n_sites + np.arange(groups)]
        self.v += [np.full(len(rows), -1.0), np.ones(groups)]
        self.low += [-np.inf] * groups
        self.high += [0.0] * groups

    def matrix(self, columns: int) -> csr_matrix:
        triples = (np.concatenate(self.v), (np.concatenate(self.i), np.concatenate(self.j)))
        return csr_matrix(coo_matrix(triples, shape=(len(self.low), columns)))


def _frame(question: Question, extra: int, *, keep_limit: bool = True) -> tuple[_Rows, Floats, Floats]:
    """Rows and bounds of sites x, groups y and `extra` free columns after them."""
    cover, rows = question.cover, _Rows()
    rows.add_cover(cover)
    if keep_limit and (limit := question.limit.row(question.cost)) is not None:
        rows.add(np.arange(cover.n_sites), limit[0], -np.inf, limit[1])
    groups = len(cover.weight)
    low = np.concatenate((np.zeros(cover.n_sites + groups), np.full(extra, -np.inf)))
    low[list(question.locked)] = 1.0
    high = np.concatenate((question.allowed.astype(float), np.ones(groups), np.full(extra, np.inf)))
    high[list(question.locked)] = 1.0
    return rows, low, high


def _region_columns(cover: Cover, region: int) -> tuple[NDArray[np.int64], Floats]:
    groups = np.flatnonzero(cover.region == region)
    return cover.n_sites + groups, cover.weight[groups]


def _start(question: Question, chosen: Sequence[int]) -> Floats:
    """The point of a plan: sites and the groups that they reach."""
    cover = question.cover
    x = np.zeros(cover.n_sites + len(cover.weight))
    x[list(chosen)] = 1.0
    for site in chosen:
        x[cover.n_sites + cover.groups_of(site)] = 1.0
    return x


def _sites(answer: Answer, n_sites: int) -> list[int]:
    assert answer.x is not None  # noqa: S101 - asked only where a solution was found
    return [int(j) for j in np.flatnonzero(answer.x[:n_sites] > 0.5)]


def fewest(question: Question, *, deadline: Deadline) -> Siting:
    """Fewest (cheapest, where costs differ nothing changes: sites are counted) that cover all that can be covered.

    LSCP. Source: Toregas, Swain, ReVelle & Bergman (1971), Operations Research 19, 1363-1373.
    """
    cover = question.cover
    free = Question(cover=cover, cost=question.cost, limit=Limit(), allowed=question.allowed, locked=question.locked)
    chosen = list(build_order(cover, Total(), question.cost, best_start(free, Total()), question.locked).chosen)
    if not len(cover.weight):
        return Siting(chosen=tuple(chosen), objective_value=float(len(chosen)), bound=float(len(chosen)))
    reachable = np.zeros(len(cover.weight), dtype=bool)
    usable = question.allowed.copy()
    usable[list(question.locked)] = True
    rows = np.repeat(np.arange(len(cover.weight)), np.diff(cover.group_ptr))
    reachable[rows[usable[cover.group_sites]]] = True
    frame, low, high = _frame(free, 0, keep_limit=False)
    low[cover.n_sites :] = reachable
    gain = np.concatenate((-np.ones(cover.n_sites), np.zeros(len(cover.weight))))
    model = Model(
        gain=gain,
        a=frame.matrix(len(gain)),
        row_low=np.array(frame.low),
        row_high=np.array(frame.high),
        low=low,
        high=high,
        whole=np.arange(len(gain)) < cover.n_sites,
    )
    answer = solve(model, time_limit_s=deadline.left(), start=_start(free, chosen), presolve=True)
    if answer.x is not None and len(_sites(answer, cover.n_sites)) < len(chosen):
        chosen = _sites(answer, cover.n_sites)
    ordered = build_order(cover, Total(), question.cost, chosen, question.locked).chosen
    bound = float(np.ceil(-answer.bound - 1e-6)) if np.isfinite(answer.bound) else 0.0
    return Siting(chosen=tuple(ordered), objective_value=float(len(ordered)), bound=min(bound, float(len(ordered))))


def _weighed(question: Question, price: Floats) -> tuple[Question, float]:
    """The same question with people of each region at a price, and what its figures must be divided by."""
    cover = question.cover
    held = float((cover.weight * price[cover.region]).sum())
    scale = float(cover.weight.sum()) / held if held > 0 else 1.0  # keeps the size that the solver's tolerances suit
    priced = replace(cover, weight=cover.weight * price[cover.region] * scale, base=cover.base * price * scale)
    return replace(question, cover=priced), scale


def fair(question: Question, *, weight: Floats, aversion: float, deadline: Deadline) -> Siting:
    """Largest welfare: concave in each region's share, so tangents from above close in on it from cut to cut."""
    objective = Welfare(weight=weight, aversion=aversion)
    question, chosen = undominated(question, best_start(question, objective))
    best = worth(question, objective, chosen)
    cover = question.cover
    lived = np.flatnonzero(weight > 0)
    columns = cover.n_sites + len(cover.weight) + len(lived)
    gain = np.concatenate((np.zeros(columns - len(lived)), np.ones(len(lived))))
    rows, low, high = _frame(question, len(lived))
    at = cover.n_sites + len(cover.weight)

    def cut(k: int, share: float) -> None:
        """P U(c/P) <= P U(s) + U'(s) (c - P s): one more tangent for a region."""
        region = int(lived[k])
        people, slope = float(weight[region]), float(objective.slope(np.array(share)))
        groups, value = _region_columns(cover, region)
        height = people * float(objective.utility(np.array(share))) + slope * (cover.base[region] - people * share)
        rows.add(np.append(groups, at + k), np.append(-slope * value, 1.0), -np.inf, height)

    def begin() -> Floats:
        """The plan in hand: what a region is worth lies below all its tangents."""
        shares = build_order(cover, objective, question.cost, chosen, question.locked).covered[lived] / weight[lived]
        worths = weight[lived] * objective.utility(shares)
        return np.append(_start(question, chosen), worths - 1e-9 * np.abs(worths))

    for k in range(len(lived)):
        for share in np.linspace(0, 1, 9) ** 1.5:
            cut(k, float(share))

    def relaxed(until: Deadline) -> Floats | None:
        """Shares of the relaxation, after tangents where it stands."""
        shares = None
        for _ in range(_RELAXATIONS):
            model = Model(
                gain=gain,
                a=rows.matrix(columns),
                row_low=np.array(rows.low),
                row_high=np.array(rows.high),
                low=low,
                high=high,
                whole=np.arange(columns) < cover.n_sites,
            )
            answer = solve(model, time_limit_s=until.left(), presolve=True, relaxed=True)
            if answer.x is None or not np.isfinite(answer.bound):
                return shares
            reached = np.bincount(
                cover.region, weights=cover.weight * answer.x[cover.n_sites : at], minlength=len(weight)
            )
            shares = np.divide(cover.base + reached, weight, out=np.zeros(len(weight)), where=weight > 0)
            for k, region in enumerate(lived):
                cut(k, float(shares[region]))
        return shares

    bound = np.inf
    if len(lived):
        shares = relaxed(Deadline(0.3 * deadline.left()))
        chosen, bound = _fair_by_tangents(question, objective, chosen, shares, Deadline(0.5 * deadline.left()))
    best = worth(question, objective, chosen)
    while len(lived) and bound - best[0] > PRECISION * max(abs(best[0]), 1e-9):
        model = Model(
            gain=gain,
            a=rows.matrix(columns),
            row_low=np.array(rows.low),
            row_high=np.array(rows.high),
            low=low,
            high=high,
            whole=np.arange(columns) < cover.n_sites,
        )
        answer = solve(model, time_limit_s=deadline.left(), start=begin(), presolve=True)
        bound = min(bound, answer.bound)
        if answer.x is None:
            break
        found = _sites(answer, cover.n_sites)
        plan = build_order(cover, objective, question.cost, found, question.locked)
        if is_better(plan.worth(), best):
            chosen, best = found, plan.worth()
        if bound - best[0] <= 2e-7 * max(abs(best[0]), 1e-9) or deadline.left() <= 0:
            break
        shares = plan.covered[lived] / weight[lived]
        for k, share in enumerate(shares):
            cut(k, float(share))
    return finish(question, objective, chosen, bound if len(lived) else best[0])


def _fair_by_tangents(
    question: Question, objective: Welfare, chosen: list[int], shares: Floats | None, deadline: Deadline
) -> tuple[list[int], float]:
    """Welfare lies below its tangent, and the tangent is coverage with people of each region at a price.

    Args:
        question: the problem.
        objective: the welfare.
        chosen: the plan in hand.
        shares: of the relaxation, where the tangent cuts lowest; None: those of the plan.
        deadline: for all tangents.
    """
    lived, people = objective.weight > 0, objective.weight
    best, bound = worth(question, objective, chosen), np.inf
    for left in range(_TANGENTS, 0, -1):
        if shares is None:
            covered = build_order(question.cover, objective, question.cost, chosen, question.locked).covered
            shares = np.divide(covered, people, out=np.zeros(len(covered)), where=lived)
        slope = np.where(lived, objective.slope(shares), 0.0)
        priced, scale = _weighed(question, slope)
        found = coverage(priced, deadline=Deadline(deadline.left() / left), is_swapped=False)
        height = float(objective.value(shares * people)) - float(slope @ (shares * people))
        bound = min(bound, height + found.bound / scale)
        value = worth(question, objective, found.chosen)
        if is_better(value, best):
            chosen, best = list(found.chosen), value
        elif left < _TANGENTS:
            break
        shares = None
        if deadline.left() <= 0 or bound - best[0] <= PRECISION * max(abs(best[0]), 1e-9):
            break
    return chosen, bound


def max_min(question: Question, *, weight: Floats, deadline: Deadline) -> Siting:
    """Largest covered share of the worst region, then most in total; never worse than greedy with swaps."""
    objective = WorstRegion(weight=weight)
    question, chosen = undominated(question, best_start(question, objective))
    cover = question.cover
    lived = np.flatnonzero(weight > 0)
    if not len(lived):
        return finish(question, objective, chosen, 0.0)
    columns = cover.n_sites + len(cover.weight) + 1
    rows, low, high = _frame(question, 1)
    low[-1], high[-1] = 0.0, _PER_MILLE
    for region in lived:
        groups, value = _region_columns(cover, int(region))
        share = _PER_MILLE / float(weight[region])
        rows.add(np.append(groups, columns - 1), np.append(value * share, -1.0), -cover.base[region] * share, np.inf)
    model = Model(
        gain=np.concatenate((np.zeros(columns - 1), [1.0])),
        a=rows.matrix(columns),
        row_low=np.array(rows.low),
        row_high=np.array(rows.high),
        low=low,
        high=high,
        whole=np.arange(columns) < cover.n_sites,
    )
    relaxed = solve(model, time_limit_s=0.3 * deadline.left(), presolve=True, relaxed=True)
    bound = min(1.0, relaxed.bound / _PER_MILLE)
    price = np.where(weight > 0, weight, 0.0)  # without a relaxation the mean share of all is the first bound
    if relaxed.prices is not None:
        price[lived] = np.abs(relaxed.prices[-len(lived) :])
    bound = min(bound, _floor_bound(question, weight, price, Deadline(0.4 * deadline.left())))
    start = np.append(_start(question, chosen), _PER_MILLE * worth(question, objective, chosen)[0])
    answer = solve(model, time_limit_s=0.7 * deadline.left(), start=start, presolve=True)
    bound = min(bound, answer.bound / _PER_MILLE)
    if answer.x is not None:
        found = _sites(answer, cover.n_sites)
        if is_better(worth(question, objective, found), worth(question, objective, chosen)):
            chosen = found
    chosen = _most_at_floor(question, objective, weight, chosen, deadline)
    return finish(question, objective, chosen, bound)


def _floor_bound(question: Question, weight: Floats, price: Floats, deadline: Deadline) -> float:
    """No plan lifts the worst region above this: the worst share is at most any weighted mean of the shares.

    The mean with prices as weights is coverage with people of each region at a price, whose bound is near the truth;
    prices move towards the regions that its plan leaves behind.

    Args:
        question: the problem.
        weight: people of each region.
        price: shape (n_regions,), 0 or more: those of the relaxation to begin with.
        deadline: for all rounds.
    """
    lived = weight > 0
    bound, current = 1.0, price
    for left in range(_ROUNDS, 0, -1):
        if current.sum() <= 0 or deadline.left() <= 0:
            break
        current = current / current.sum()
        per_head = np.divide(current, weight, out=np.zeros(len(weight)), where=lived)
        priced, scale = _weighed(question, per_head)
        found = coverage(priced, deadline=Deadline(deadline.left() / left), is_swapped=False)
        if found.bound / scale < bound:
            bound, price = found.bound / scale, current
        covered = build_order(question.cover, Total(), question.cost, found.chosen, question.locked).covered
        share = np.divide(covered, weight, out=np.zeros(len(weight)), where=lived)
        # a tenth of the way: a region's price moves by what its share lacks of the bound
        current = price * np.exp(0.1 / (1 + _ROUNDS - left) * np.clip((bound - share) / max(bound, 1e-9), -1.0, 1.0))
    return bound


_TANGENTS, _RELAXATIONS, _ROUNDS = 4, 3, 5
_PER_MILLE = 1000.0  # shares in thousandths: the solver's tolerances are absolute


def _most_at_floor(
    question: Question, objective: WorstRegion, weight: Floats, chosen: Sequence[int], deadline: Deadline
) -> list[int]:
    """Second stage: most weight in total while no region falls below the floor that the plan has."""
    cover = question.cover
    floor = worth(question, objective, chosen)[0]
    columns = cover.n_sites + len(cover.weight)
    rows, low, high = _frame(question, 0)
    for region in np.flatnonzero(weight > 0):
        groups, value = _region_columns(cover, int(region))
        need = floor * float(weight[region]) - float(cover.base[region])
        rows.add(groups, value, need - 1e-9 * float(weight[region]), np.inf)
    model = Model(
        gain=np.concatenate((np.zeros(cover.n_sites), cover.weight)),
        a=rows.matrix(columns),
        row_low=np.array(rows.low),
        row_high=np.array(rows.high),
        low=low,
        high=high,
        whole=np.arange(columns) < cover.n_sites,
    )
    if not len(cover.weight):
        return list(chosen)
    answer = solve(model, time_limit_s=deadline.left(), start=_start(question, chosen), presolve=True)
    if answer.x is None:
        return list(chosen)
    found = _sites(answer, cover.n_sites)
    is_more = is_better(worth(question, objective, found), worth(question, objective, chosen))
    return found if is_more else list(chosen)
