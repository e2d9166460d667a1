"""The proof for objectives over who is within reach: the same problems as mixed-integer programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from planning.core import Core, core, replacements
from planning.cover import Cover, Objective, Plan, Total, Welfare, WorstRegion, build_order, heuristic, is_better
from planning.errors import Infeasible
from planning.reach import sums
from planning.siting import Deadline, Floats, Limit, Siting
from planning.solver import Answer, Model, solve

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A covering problem. `allowed`, `cost`: shape (n_sites,); `locked`: sites that must be in."""

    cover: Cover
    cost: Floats
    limit: Limit
    allowed: Mask
    locked: tuple[int, ...] = ()


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


def _finish(question: Question, objective: Objective, chosen: Sequence[int], bound: float) -> Siting:
    plan = build_order(question.cover, objective, question.cost, chosen, question.locked)
    value = plan.worth()[0]
    return Siting(chosen=tuple(plan.chosen), objective_value=value, bound=max(bound, value))


def _worth(question: Question, objective: Objective, chosen: Sequence[int]) -> tuple[float, float]:
    return build_order(question.cover, objective, question.cost, chosen, question.locked).worth()


def _best_start(question: Question, objective: Objective, *, passes: int = 8) -> list[int]:
    """Greedy with swaps.

    Raises:
        Infeasible: the locked sites alone break the limit.
    """
    spent = float(question.cost[list(question.locked)].sum())
    limit = question.limit
    if limit.count is not None and len(question.locked) > limit.count:
        raise Infeasible(f"{len(question.locked)} sites are locked, {limit.count} may be chosen")
    if limit.budget is not None and spent > limit.budget * (1 + 1e-12) + 1e-12:
        raise Infeasible(f"the locked sites cost {spent:g}, the budget is {limit.budget:g}")
    return heuristic(
        question.cover,
        objective,
        question.cost,
        limit,
        allowed=question.allowed,
        locked=question.locked,
        passes=passes,
    )


def _undominated(question: Question, chosen: Sequence[int]) -> tuple[Question, list[int]]:
    """Without sites that another replaces in every plan; the plan in hand exchanges them and is none the worse."""
    instead = replacements(question.cover, question.cost, question.allowed)
    instead[list(question.locked)] = list(question.locked)
    stays = instead == np.arange(question.cover.n_sites)
    return replace(question, allowed=question.allowed & stays), sorted({int(instead[j]) for j in chosen})


def quick(question: Question, objective: Objective) -> Siting:
    """Greedy with swaps, at once and without a proof: the bound is only what could be reached without a limit.

    Raises:
        Infeasible: the locked sites alone break the limit.
    """
    chosen = _best_start(question, objective)
    cover = question.cover
    usable = question.allowed.copy()
    usable[list(question.locked)] = True
    reachable = np.zeros(len(cover.weight), dtype=bool)
    rows = np.repeat(np.arange(len(cover.weight)), np.diff(cover.group_ptr))
    reachable[rows[usable[cover.group_sites]]] = True
    most = cover.base + sums(cover.region[reachable], cover.weight[reachable], len(cover.base))
    return _finish(question, objective, chosen, float(objective.value(most)))


def coverage(question: Question, *, deadline: Deadline) -> Siting:
    """Most weight covered (MCLP). Source: Church & ReVelle (1974)."""
    objective = Total()
    chosen = _best_start(question, objective, passes=0)  # exchanges cost more than the relaxation that follows
    question, chosen = _undominated(question, chosen)
    value = _worth(question, objective, chosen)
    bound = float(question.cover.base.sum() + question.cover.weight.sum())
    if len(question.cover.weight):
        chosen, bound = _prove(question, objective, chosen, value, deadline)
    if bound - _worth(question, objective, chosen)[0] > 1e-9 * max(abs(bound), 1e-9):
        plan = Plan(question.cover, objective, question.cost, question.limit)
        for site in chosen:
            plan.add(site)
        plan.improve(question.allowed, question.locked)
        chosen = plan.chosen
    return _finish(question, objective, chosen, bound)


def _prove(
    question: Question, objective: Total, chosen: list[int], value: tuple[float, float], deadline: Deadline
) -> tuple[list[int], float]:
    """The relaxation first, then the best plan among the sites that it uses, then branch and bound on what is left.

    A site whose reduced cost is more than what is left between bound and plan keeps its place (in or out) in every
    better plan. So a good plan early makes the last step small: it is looked for among the few sites in the relaxation.
    """
    cover = question.cover
    base = float(cover.base.sum())
    surely_in = np.zeros(cover.n_sites, dtype=bool)
    surely_in[list(question.locked)] = True
    surely_out = ~(question.allowed | surely_in)
    bound = base + float(cover.weight.sum())

    def ask(within: Mask, *, seconds: float, relaxed: bool = False) -> tuple[Core, Answer]:
        kept = core(cover, surely_in=surely_in, surely_out=~(within | surely_in))
        start = None if relaxed else kept.start(chosen)
        return kept, solve(
            kept.model(question.cost, question.limit), time_limit_s=seconds, relaxed=relaxed, start=start
        )

    def take(sites: list[int]) -> None:
        nonlocal chosen, value
        if is_better(worth := _worth(question, objective, sites), value):
            chosen, value = sites, worth

    def is_done() -> bool:
        return bound - value[0] <= 1e-9 * max(abs(value[0]), 1e-9)

    kept, relaxed = ask(~surely_out, seconds=deadline.left(), relaxed=True)
    bound = min(bound, base + kept.constant + relaxed.bound)
    if relaxed.x is None or relaxed.reduced is None:
        return chosen, bound
    share = surely_in.astype(float)
    share[kept.sites] = relaxed.x[: len(kept.sites)]
    reduced = relaxed.reduced[: len(kept.sites)]
    ceiling = base + kept.constant + relaxed.bound
    if is_done():
        return chosen, bound
    used = share > 1e-6
    used[chosen] = True
    few, answer = ask(used, seconds=0.3 * deadline.left())
    take(_built(few, answer))
    if not is_done():
        settled = ceiling - reduced < value[0] - 1e-9 * max(abs(value[0]), 1e-9)
        at = share[kept.sites]
        surely_out[kept.sites[settled & (at < 1e-9)]] = True
        surely_in[kept.sites[settled & (at > 1 - 1e-9)]] = True
        rest, answer = ask(~surely_out, seconds=deadline.left())
        # what was settled cannot beat the plan in hand, so the best of both is the bound of all
        bound = min(bound, max(base + rest.constant + answer.bound, value[0]))
        take(_built(rest, answer))
    return chosen, bound


def _built(kept: Core, answer: Answer) -> list[int]:
    """The sites of an answer about a core; with none, what was settled before."""
    new = kept.sites[answer.x[: len(kept.sites)] > 0.5] if answer.x is not None else kept.sites[:0]
    return [int(j) for j in np.sort(np.concatenate((kept.surely_in, new)))]


def fewest(question: Question, *, deadline: Deadline) -> Siting:
    """Fewest (cheapest, where costs differ nothing changes: sites are counted) that cover all that can be covered.

    LSCP. Source: Toregas, Swain, ReVelle & Bergman (1971), Operations Research 19, 1363-1373.
    """
    cover = question.cover
    free = Question(cover=cover, cost=question.cost, limit=Limit(), allowed=question.allowed, locked=question.locked)
    chosen = list(build_order(cover, Total(), question.cost, _best_start(free, Total()), question.locked).chosen)
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


def fair(question: Question, *, weight: Floats, aversion: float, deadline: Deadline) -> Siting:
    """Largest welfare: concave in each region's share, so tangents from above close in on it from cut to cut."""
    objective = Welfare(weight=weight, aversion=aversion)
    question, chosen = _undominated(question, _best_start(question, objective))
    best = _worth(question, objective, chosen)
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
        worth = weight[lived] * objective.utility(shares)
        return np.append(_start(question, chosen), worth - 1e-9 * np.abs(worth))

    for k in range(len(lived)):
        for share in np.linspace(0, 1, 9) ** 1.5:
            cut(k, float(share))
    bound = np.inf
    while len(lived):
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
    return _finish(question, objective, chosen, bound if len(lived) else best[0])


def max_min(question: Question, *, weight: Floats, deadline: Deadline) -> Siting:
    """Largest covered share of the worst region, then most in total; never worse than greedy with swaps."""
    objective = WorstRegion(weight=weight)
    question, chosen = _undominated(question, _best_start(question, objective))
    cover = question.cover
    lived = np.flatnonzero(weight > 0)
    if not len(lived):
        return _finish(question, objective, chosen, 0.0)
    columns = cover.n_sites + len(cover.weight) + 1
    rows, low, high = _frame(question, 1)
    low[-1], high[-1] = 0.0, 1.0
    for region in lived:
        groups, value = _region_columns(cover, int(region))
        people = float(weight[region])
        rows.add(np.append(groups, columns - 1), np.append(value / people, -1.0), -cover.base[region] / people, np.inf)
    model = Model(
        gain=np.concatenate((np.zeros(columns - 1), [1.0])),
        a=rows.matrix(columns),
        row_low=np.array(rows.low),
        row_high=np.array(rows.high),
        low=low,
        high=high,
        whole=np.arange(columns) < cover.n_sites,
    )
    start = np.append(_start(question, chosen), _worth(question, objective, chosen)[0])
    answer = solve(model, time_limit_s=0.7 * deadline.left(), start=start, presolve=True)
    bound = min(1.0, answer.bound)
    if answer.x is not None:
        found = _sites(answer, cover.n_sites)
        if is_better(_worth(question, objective, found), _worth(question, objective, chosen)):
            chosen = found
    chosen = _most_at_floor(question, objective, weight, chosen, deadline)
    return _finish(question, objective, chosen, bound)


def _most_at_floor(
    question: Question, objective: WorstRegion, weight: Floats, chosen: Sequence[int], deadline: Deadline
) -> list[int]:
    """Second stage: most weight in total while no region falls below the floor that the plan has."""
    cover = question.cover
    floor = _worth(question, objective, chosen)[0]
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
    is_more = is_better(_worth(question, objective, found), _worth(question, objective, chosen))
    return found if is_more else list(chosen)
