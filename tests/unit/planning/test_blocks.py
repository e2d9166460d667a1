"""Neighbourhoods decided one by one: a bound that no plan exceeds, and never above the relaxation's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planning.blocks import Relaxed, Tightened, tighten
from planning.core import Core, core
from planning.cover import Cover, Plan, Total, merge
from planning.mclp import coverage
from planning.question import Question
from planning.reach import by_radius
from planning.siting import Deadline, Limit
from planning.solver import solve

SITES = 12


def town(seed: int, people: int = 60, sites: int = SITES) -> Cover:
    """Sites so crowded that the relaxation builds halves of them."""
    random = np.random.default_rng(seed)

    def points(n: int) -> tuple[np.ndarray, np.ndarray]:
        return random.uniform(0, 0.1, n), random.uniform(109, 109.1, n)

    reach = by_radius(points(people), points(sites), 3.2)
    weight = random.integers(1, 90, people).astype(float)
    return merge(reach, weight, np.zeros(people, dtype=np.int64), 1, np.zeros(people, dtype=bool))


def decided(problem: Cover, count: int) -> tuple[Core, Relaxed, Tightened]:
    nobody = np.zeros(problem.n_sites, dtype=bool)
    kept = core(problem, surely_in=nobody, surely_out=nobody)
    one = np.ones(problem.n_sites)
    relaxed = Relaxed.of(kept, solve(kept.model(one, Limit(count=count)), time_limit_s=10, relaxed=True))
    assert relaxed is not None
    return kept, relaxed, tighten(kept, relaxed, built=count, deadline=Deadline(10))


def worth(problem: Cover, chosen: tuple[int, ...]) -> float:
    plan = Plan(problem, Total(), np.ones(problem.n_sites), Limit())
    for site in chosen:
        plan.add(site)
    return plan.worth()[0]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("count", [3, 4])
def test_no_plan_exceeds_the_bound_nor_the_bound_with_a_site_moved(seed: int, count: int) -> None:
    problem = town(seed)
    kept, relaxed, tight = decided(problem, count)
    top = kept.constant + relaxed.value
    for chosen in itertools.combinations(range(SITES), count):
        value = worth(problem, chosen)
        assert value <= top - tight.less + 1e-6
        built = np.isin(kept.sites, chosen)
        moved = built != (relaxed.share > 0.5)
        is_bound = (relaxed.share < 1e-9) | (relaxed.share > 1 - 1e-9)
        for j in np.flatnonzero(moved & is_bound):
            assert value <= top - relaxed.loss[j] - (tight.less - tight.spared[j]) + 1e-6


@pytest.mark.parametrize("seed", range(12))
def test_every_plan_keeps_to_the_cuts_also_in_a_smaller_core(seed: int) -> None:
    problem = town(seed)
    kept, _, tight = decided(problem, 4)
    settled_in, settled_out = np.zeros(SITES, dtype=bool), np.zeros(SITES, dtype=bool)
    settled_in[1], settled_out[[5, 9]] = True, True
    small = core(problem, surely_in=settled_in, surely_out=settled_out)
    rows = [small.row(cut, kept) for cut in tight.cuts]
    for others in itertools.combinations([0, 2, 3, 4, 6, 7, 8, 10, 11], 3):
        point = small.start((1, *others))
        for columns, values, most in rows:
            assert values @ point[columns] <= most + 1e-6


def test_some_town_is_decided_better_than_it_is_relaxed() -> None:
    assert any(decided(town(seed), count)[2].less > 0 for seed in range(12) for count in (3, 4))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("limit", [Limit(count=4), Limit(budget=7.0)])
def test_the_plan_is_the_best_of_all(seed: int, limit: Limit) -> None:
    problem = town(seed)
    cost = np.random.default_rng(seed).integers(1, 4, SITES).astype(float)
    question = Question(cover=problem, cost=cost, limit=limit, allowed=np.ones(SITES, dtype=bool), locked=(3,))
    found = coverage(question, deadline=Deadline(20))
    fits = (
        chosen
        for size in range(1, SITES + 1)
        for chosen in itertools.combinations(range(SITES), size)
        if 3 in chosen and limit.holds(float(cost[list(chosen)].sum()), size)
    )
    assert found.is_optimal
    assert found.objective_value == pytest.approx(max(worth(problem, chosen) for chosen in fits))
    assert 3 in found.chosen
    assert limit.holds(float(cost[list(found.chosen)].sum()), len(found.chosen))
