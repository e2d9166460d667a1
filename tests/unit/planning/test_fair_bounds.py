"""Fair and max-min: no plan is better than the bound, whoever the prices of regions favour."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planning.cover import Objective, Plan, Welfare, WorstRegion, merge
from planning.cover_proof import _floor_bound, fair, max_min
from planning.question import Question
from planning.reach import by_radius, sums
from planning.siting import Deadline, Limit

SITES, REGIONS, COUNT = 10, 3, 4


def towns(seed: int) -> tuple[Question, np.ndarray]:
    random = np.random.default_rng(seed)
    people = random.integers(1, 90, 50).astype(float)
    region = random.integers(0, REGIONS, 50)
    lat, lon = random.uniform(0, 0.12, 50), 109 + 0.05 * region + random.uniform(0, 0.06, 50)
    sites = random.uniform(0, 0.12, SITES), random.uniform(109, 109.16, SITES)
    reach = by_radius((lat, lon), sites, 3.5)
    covered = random.random(50) < 0.1
    cover = merge(reach, people, region, REGIONS, covered)
    question = Question(
        cover=cover, cost=np.ones(SITES), limit=Limit(count=COUNT), allowed=np.ones(SITES, dtype=bool), locked=(1,)
    )
    return question, sums(region, people, REGIONS)


def best(question: Question, objective: Objective) -> float:
    found = []
    for chosen in itertools.combinations(range(SITES), COUNT):
        if 1 in chosen:
            plan = Plan(question.cover, objective, question.cost, Limit())
            for site in chosen:
                plan.add(site)
            found.append(plan.worth()[0])
    return max(found)


@pytest.mark.parametrize("seed", range(10))
def test_the_worst_region_is_lifted_as_far_as_any_plan_can(seed: int) -> None:
    question, weight = towns(seed)
    found = max_min(question, weight=weight, deadline=Deadline(20))
    assert found.is_optimal
    assert found.objective_value == pytest.approx(best(question, WorstRegion(weight=weight)))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("prices", [(1.0, 1.0, 1.0), (0.0, 1.0, 5.0), (3.0, 0.0, 0.0)])
def test_no_prices_bring_the_bound_below_the_best_plan(seed: int, prices: tuple[float, ...]) -> None:
    question, weight = towns(seed)
    bound = _floor_bound(question, weight, np.array(prices), Deadline(20))
    assert bound >= best(question, WorstRegion(weight=weight)) - 1e-9


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("aversion", [0.5, 1.0, 3.0])
def test_the_fair_plan_is_the_fairest_of_all(seed: int, aversion: float) -> None:
    question, weight = towns(seed)
    found = fair(question, weight=weight, aversion=aversion, deadline=Deadline(20))
    top = best(question, Welfare(weight=weight, aversion=aversion))
    assert found.bound >= top - 1e-6 * abs(top)
    assert found.objective_value == pytest.approx(top, rel=1e-6)
    assert found.is_optimal
