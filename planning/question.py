"""A covering problem, the plan that it begins with, and the plan that it ends with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planning.core import replacements
from planning.cover import Cover, Objective, build_order, heuristic
from planning.errors import Infeasible
from planning.reach import sums
from planning.siting import Floats, Limit, Siting

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A covering problem. `allowed`, `cost`: shape (n_sites,); `locked`: sites that must be in."""

    cover: Cover
    cost: Floats
    limit: Limit
    allowed: Mask
    locked: tuple[int, ...] = ()


def finish(question: Question, objective: Objective, chosen: Sequence[int], bound: float) -> Siting:
    """A plan in build order with its value counted again."""
    plan = build_order(question.cover, objective, question.cost, chosen, question.locked)
    value = plan.worth()[0]
    return Siting(chosen=tuple(plan.chosen), objective_value=value, bound=max(bound, value))


def worth(question: Question, objective: Objective, chosen: Sequence[int]) -> tuple[float, float]:
    """Figure and tie-breaker of a set of sites."""
    return build_order(question.cover, objective, question.cost, chosen, question.locked).worth()


def best_start(question: Question, objective: Objective, *, passes: int = 8) -> list[int]:
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


def undominated(question: Question, chosen: Sequence[int]) -> tuple[Question, list[int]]:
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
    chosen = best_start(question, objective)
    cover = question.cover
    usable = question.allowed.copy()
    usable[list(question.locked)] = True
    reachable = np.zeros(len(cover.weight), dtype=bool)
    rows = np.repeat(np.arange(len(cover.weight)), np.diff(cover.group_ptr))
    reachable[rows[usable[cover.group_sites]]] = True
    most = cover.base + sums(cover.region[reachable], cover.weight[reachable], len(cover.base))
    return finish(question, objective, chosen, float(objective.value(most)))
