"""Expected coverage: sites work with a chance of their own, and people count by the chance that one in reach works.

With chances a_j a group of weight w counts w (1 - prod(1 - a_j)) over the built sites that reach it: submodular, so
greedy is never below 1 - 1/e of the best. The proof is a mixed-integer program in which two straight lines lie above
each group's curve: exact for none, one or two built sites of the largest chance in reach, never too low for others.

Source: Daskin (1983), Transportation Science 17, 48-70; Hogan & ReVelle (1986), Management Science 32, 1434-1444.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from planning.cover import Cover
from planning.errors import Infeasible
from planning.question import Question
from planning.siting import TOLERANCE, Deadline, Floats, Siting
from planning.solver import Model, solve

Mask = NDArray[np.bool_]
_PASSES = 3


def expected(question: Question, *, chance: Floats, deadline: Deadline, is_quick: bool = False) -> Siting:
    """The plan with the largest expected weight.

    Args:
        question: its groups weigh what is not yet served on average; its `base` is added to the value.
        chance: shape (n_sites,), 0 to 1, how much of what is missing a site gives to those whom it reaches.
        deadline: for swaps and proof.
        is_quick: greedy with swaps, and the bound of submodularity only.

    Raises:
        Infeasible: the locked sites alone break the limit.
    """
    search = _Search(question, chance, deadline)
    if not question.limit.holds(float(question.cost[list(question.locked)].sum()), len(question.locked)):
        raise Infeasible(f"{len(question.locked)} locked sites are more than the limit holds")
    plans = [search.grow(question.locked, by_cost=False)]
    if question.limit.budget is not None:
        plans.append(search.grow(question.locked, by_cost=True))
    chosen = search.improve(max(plans, key=search.value))
    bound = search.most_above(chosen)
    if not is_quick and len(question.cover.weight):
        found, proven = _program(question, chance, chosen, deadline)
        bound = min(bound, proven)
        if found is not None:
            chosen = max((chosen, search.improve(found)), key=search.value)
    base, ordered = float(question.cover.base.sum()), search.build_order(chosen)
    value = base + search.value(ordered)
    return Siting(chosen=tuple(ordered), objective_value=value, bound=max(base + bound, value))


class _Search:
    """Greedy and exchange with exact gains."""

    def __init__(self, question: Question, chance: Floats, deadline: Deadline) -> None:
        self.question, self.chance, self.deadline = question, chance, deadline
        cover: Cover = question.cover
        shape = (cover.n_sites, len(cover.weight))
        self.reaches = csr_matrix((np.ones(len(cover.site_groups)), cover.site_groups, cover.site_ptr), shape)
        with np.errstate(divide="ignore"):
            self.fails = np.maximum(np.log1p(-np.clip(chance, 0.0, 1.0)), -700.0)  # a sure site leaves e^-700
        self.dust = 1e-12 * float(cover.weight.sum())

    def left(self, chosen: Sequence[int]) -> Floats:
        """Weight of each group that is still expected to be missed."""
        built = np.zeros(self.question.cover.n_sites)
        built[list(chosen)] = self.fails[list(chosen)]
        return np.asarray(self.question.cover.weight * np.exp(self.reaches.T @ built))

    def value(self, chosen: Sequence[int]) -> float:
        """Expected weight."""
        return float((self.question.cover.weight - self.left(chosen)).sum())

    def gains(self, chosen: Sequence[int]) -> Floats:
        """What each site would add, shape (n_sites,); 0 for those that are in or must not be."""
        gain = np.where(self.question.allowed, self.chance * (self.reaches @ self.left(chosen)), 0.0)
        gain[list(chosen)] = 0.0
        return gain

    def best(self, chosen: Sequence[int], *, by_cost: bool = False) -> int | None:
        """The site that adds most within the limit; the lowest index among equals; None where nothing adds."""
        question = self.question
        room = question.limit.room(float(question.cost[list(chosen)].sum()), len(chosen), question.cost)
        gain = np.where(room, self.gains(chosen), 0.0)
        gain[gain <= self.dust] = 0.0
        score = gain / np.maximum(question.cost, 1e-12) if by_cost else gain
        top = float(score.max(initial=0.0))
        return int(np.argmax(score >= top * (1 - TOLERANCE))) if top > 0 else None

    def grow(self, chosen: Sequence[int], *, by_cost: bool) -> list[int]:
        """As far as the limit goes."""
        grown = list(chosen)
        while (site := self.best(grown, by_cost=by_cost)) is not None:
            grown.append(site)
        return grown

    def improve(self, chosen: Sequence[int]) -> list[int]:
        """Exchange one site for the best other while that adds, then fill up."""
        current = list(chosen)
        for _ in range(_PASSES):
            before = self.value(current)
            for site in sorted(set(current) - set(self.question.locked)):
                if self.deadline.left() <= 0:
                    return current
                rest = [j for j in current if j != site]
                other = self.best(rest)
                if other is not None and other != site:
                    tried = [*rest, other]
                    if self.value(tried) > self.value(current) * (1 + TOLERANCE):
                        current = tried
            current = self.grow(current, by_cost=False)
            if self.value(current) <= before * (1 + TOLERANCE):
                break
        return current

    def most_above(self, chosen: Sequence[int]) -> float:
        """No plan is worth more: any other site adds at most what it adds now (submodularity)."""
        question, gain = self.question, self.gains(chosen)
        if question.limit.count is not None:
            extra = float(np.sort(gain)[::-1][: question.limit.count].sum())
        elif question.limit.budget is not None:
            order = np.argsort(-gain / np.maximum(question.cost, 1e-12), kind="stable")
            cost = np.maximum(question.cost[order], 1e-12)
            part = np.clip((question.limit.budget - np.cumsum(cost) + cost) / cost, 0.0, 1.0)
            extra = float(part @ gain[order])
        else:
            extra = float(gain.sum())
        return min(self.value(chosen) + extra, float(question.cover.weight.sum()))

    def build_order(self, chosen: Sequence[int]) -> list[int]:
        """Each next site the one that adds most; what adds nothing is dropped unless locked."""
        left, ordered = sorted(chosen), list[int]()
        while left:
            gain = self.gains(ordered)
            locked = np.isin(left, self.question.locked)
            worth = np.where(locked, self.chance[left] * (self.reaches[left] @ self.left(ordered)), gain[left])
            at = int(np.argmax(worth))
            if worth[at] <= self.dust:
                break
            ordered.append(left.pop(at))
        return [*ordered, *(j for j in left if j in self.question.locked)]


def _program(
    question: Question, chance: Floats, chosen: Sequence[int], deadline: Deadline
) -> tuple[list[int] | None, float]:
    """(the sites of the best solution found, no plan is worth more than this); both without what is served already."""
    cover = question.cover
    groups, n_sites = len(cover.weight), cover.n_sites
    usable = question.allowed.copy()
    usable[list(question.locked)] = True
    rows = np.repeat(np.arange(groups), np.diff(cover.group_ptr))
    most = np.zeros(groups)
    np.maximum.at(most, rows, np.where(usable, chance, 0.0)[cover.group_sites])
    # with a = the largest chance: y <= sum a_j x_j, and y <= a^2 + a (1 - a) sum x, which is met at one and two sites
    i = [rows, np.arange(groups), groups + rows, groups + np.arange(groups)]
    y = n_sites + np.arange(groups)
    j = [cover.group_sites, y, cover.group_sites, y]
    v = [-chance[cover.group_sites], np.ones(groups), -(most * (1 - most))[rows], np.ones(groups)]
    high = [np.zeros(groups), most**2]
    if (limit := question.limit.row(question.cost)) is not None:
        i.append(np.full(n_sites, 2 * groups))
        j.append(np.arange(n_sites))
        v.append(limit[0])
        high.append(np.array([limit[1]]))
    width, count = n_sites + groups, 2 * groups + (limit is not None)
    matrix = csr_matrix(coo_matrix((np.concatenate(v), (np.concatenate(i), np.concatenate(j))), shape=(count, width)))
    low = np.zeros(width)
    low[list(question.locked)] = 1.0
    built = np.zeros(n_sites)
    built[list(chosen)] = 1.0
    start = np.concatenate((built, np.zeros(groups)))
    single, double = (high[k] - matrix[k * groups : (k + 1) * groups, :n_sites] @ built for k in (0, 1))
    start[n_sites:] = np.minimum(1.0, np.minimum(single, double))
    model = Model(
        gain=np.concatenate((np.zeros(n_sites), cover.weight)),
        a=matrix,
        row_low=np.full(count, -np.inf),
        row_high=np.concatenate(high),
        low=low,
        high=np.concatenate((usable.astype(float), np.ones(groups))),
        whole=np.arange(width) < n_sites,
    )
    answer = solve(
        model,
        time_limit_s=deadline.left(),
        start=start,
        close_enough=5e-7 * float(cover.weight.sum() + cover.base.sum()),
    )
    if answer.x is None:
        return None, float(answer.bound)
    return [int(s) for s in np.flatnonzero(answer.x[:n_sites] > 0.5)], float(answer.bound)
