"""The core of a covering problem: smaller, and worth the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planning.core import core, replacements
from planning.cover import Cover, Plan, Total, merge
from planning.reach import from_pairs
from planning.siting import Limit


def cover(seed: int) -> Cover:
    random = np.random.default_rng(seed)
    pairs = [(i, j, 1.0) for i in range(30) for j in range(9) if random.random() < 0.25]
    people = random.integers(1, 90, 30).astype(float)
    return merge(from_pairs(30, 9, pairs), people, np.zeros(30, dtype=np.int64), 1, np.zeros(30, dtype=bool))


def worth(problem: Cover, chosen: tuple[int, ...]) -> float:
    plan = Plan(problem, Total(), np.ones(problem.n_sites), Limit())
    for site in chosen:
        plan.add(site)
    return plan.worth()[0]


@pytest.mark.parametrize("seed", range(8))
def test_a_plan_is_worth_the_same_in_the_core(seed: int) -> None:
    problem = cover(seed)
    settled_in, settled_out = np.zeros(9, dtype=bool), np.zeros(9, dtype=bool)
    settled_in[2], settled_out[[4, 7]] = True, True
    kept = core(problem, surely_in=settled_in, surely_out=settled_out)
    model = kept.model(np.ones(9), Limit(count=4))
    for others in itertools.combinations([0, 1, 3, 5, 6, 8], 3):
        point = kept.start((2, *others))
        assert np.all(model.a @ point <= model.row_high)
        assert kept.constant + model.gain @ point == pytest.approx(worth(problem, (2, *others)))


@pytest.mark.parametrize("seed", range(8))
def test_a_replacement_is_never_worth_less_and_never_replaced_itself(seed: int) -> None:
    problem = cover(seed)
    cost = np.random.default_rng(seed).integers(1, 3, 9).astype(float)
    instead = replacements(problem, cost, np.ones(9, dtype=bool))
    assert np.array_equal(instead, instead[instead])
    for site, other in enumerate(instead):
        assert cost[other] <= cost[site]
        assert set(problem.groups_of(site)) <= set(problem.groups_of(int(other)))


def test_of_two_equal_sites_the_first_stays() -> None:
    pairs = [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 1.0)]
    two = merge(from_pairs(2, 2, pairs), np.ones(2), np.zeros(2, dtype=np.int64), 1, np.zeros(2, dtype=bool))
    assert list(replacements(two, np.ones(2), np.ones(2, dtype=bool))) == [0, 0]
    assert replacements(two, np.ones(2), np.array([False, True]))[1] == 1, "a forbidden site stands in for none"
