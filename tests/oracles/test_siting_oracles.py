"""Siting held to spopt (CBC underneath) and to CBC on our own sparse model."""

from __future__ import annotations

import numpy as np
import pulp
import pytest
from spopt.locate import LSCP, MCLP, PCenter, PMedian

from planning.cover import Cover, merge
from planning.cover_proof import fewest
from planning.distance import Travel, farthest
from planning.distance_proof import median
from planning.mclp import coverage
from planning.question import Question
from planning.siting import Deadline, Limit
from tests.oracles.small import Floats, Small, small

RADIUS = 9.0
SEEDS = range(6)


def question(case: Small, limit: Limit, cost: Floats | None = None) -> Question:
    n_demand, n_sites = case.km.shape
    nobody = np.zeros(n_demand, dtype=bool)
    cover = merge(case.reach(RADIUS), case.people, np.zeros(n_demand, dtype=np.int64), 1, nobody)
    price = np.ones(n_sites) if cost is None else cost
    return Question(cover=cover, cost=price, limit=limit, allowed=np.ones(n_sites, dtype=bool))


def travel(case: Small, count: int) -> Travel:
    n_demand, n_sites = case.km.shape
    return Travel(
        reach=case.reach(np.inf),
        weight=case.people,
        already_km=np.full(n_demand, np.inf),
        cost=np.ones(n_sites),
        allowed=np.ones(n_sites, dtype=bool),
        limit=Limit(count=count),
    )


def cbc() -> pulp.LpSolver:
    return pulp.PULP_CBC_CMD(msg=False, gapRel=0)


def by_cbc(cover: Cover, cost: Floats, budget: float) -> float:
    """The sparse model as CBC solves it."""
    model = pulp.LpProblem("cover", pulp.LpMaximize)
    x = [pulp.LpVariable(f"x{j}", cat="Binary") for j in range(cover.n_sites)]
    y = [pulp.LpVariable(f"y{i}", 0, 1) for i in range(len(cover.weight))]
    model += pulp.lpSum(float(w) * v for w, v in zip(cover.weight, y, strict=True))
    for i, v in enumerate(y):
        model += v <= pulp.lpSum(x[j] for j in cover.group_sites[cover.group_ptr[i] : cover.group_ptr[i + 1]])
    model += pulp.lpSum(float(c) * v for c, v in zip(cost, x, strict=True)) <= budget
    assert model.solve(cbc()) == pulp.LpStatusOptimal
    return float(pulp.value(model.objective))


@pytest.mark.parametrize("count", [1, 4, 9])
@pytest.mark.parametrize("seed", SEEDS)
def test_coverage_is_what_spopt_reaches_counted_in_people(seed: int, count: int) -> None:
    case = small(seed)
    ours = coverage(question(case, Limit(count=count)), deadline=Deadline(30))
    theirs = MCLP.from_cost_matrix(case.km, case.people, RADIUS, p_facilities=count).solve(cbc())
    # its perc_cov is a share of points; people are counted here from the sites that it opened
    opened = [j for j, clients in enumerate(theirs.fac2cli) if clients]
    people = case.people[(case.km[:, opened] <= RADIUS).any(axis=1)].sum()
    assert ours.objective_value == pytest.approx(people)
    assert ours.is_optimal


@pytest.mark.parametrize("seed", SEEDS)
def test_coverage_within_a_budget_is_what_cbc_proves(seed: int) -> None:
    case = small(seed)
    cost = np.random.default_rng(seed).integers(1, 6, case.km.shape[1]).astype(float)
    asked = question(case, Limit(budget=14.0), cost)
    ours = coverage(asked, deadline=Deadline(30))
    assert ours.objective_value == pytest.approx(by_cbc(asked.cover, cost, 14.0))
    assert cost[list(ours.chosen)].sum() <= 14.0


@pytest.mark.parametrize("seed", SEEDS)
def test_coverage_by_many_sites_is_what_cbc_proves(seed: int) -> None:
    case = small(100 + seed, n_demand=400, n_sites=120)
    asked = question(case, Limit(count=12))
    ours = coverage(asked, deadline=Deadline(30))
    assert ours.objective_value == pytest.approx(by_cbc(asked.cover, asked.cost, 12.0))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fewest_sites_are_as_many_as_spopt_needs(seed: int) -> None:
    case = small(seed)
    case = Small(km=case.km[(reachable := (case.km <= RADIUS).any(axis=1))], people=case.people[reachable])
    ours = fewest(question(case, Limit()), deadline=Deadline(30))
    theirs = LSCP.from_cost_matrix(case.km, RADIUS).solve(cbc())
    assert ours.objective_value == pytest.approx(pulp.value(theirs.problem.objective))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_p_median_is_spopts(seed: int) -> None:
    case = small(seed, n_demand=40, n_sites=15)
    ours = median(travel(case, 4), deadline=Deadline(30))
    theirs = PMedian.from_cost_matrix(case.km, case.people, p_facilities=4).solve(cbc())
    assert ours.objective_value == pytest.approx(pulp.value(theirs.problem.objective), rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_p_center_is_spopts(seed: int) -> None:
    case = small(seed, n_demand=40, n_sites=15)
    ours = farthest(travel(case, 4), deadline=Deadline(30))
    theirs = PCenter.from_cost_matrix(case.km, p_facilities=4).solve(cbc())
    assert ours.objective_value == pytest.approx(pulp.value(theirs.problem.objective), rel=1e-6)
