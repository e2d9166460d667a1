"""Expected coverage: never below brute force where it says optimal, and its bound never below the truth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planning.errors import Infeasible
from planning.expected import expected
from planning.question import Question
from planning.siting import Deadline, Limit
from tests.unit.planning.test_blocks import town

SITES = 9


def asked(seed: int, limit: Limit, *, locked: tuple[int, ...] = ()) -> tuple[Question, np.ndarray]:
    random = np.random.default_rng(seed)
    chance = np.where(random.random(SITES) < 0.6, 0.95, random.uniform(0.1, 0.95, SITES))
    cost = random.integers(1, 4, SITES).astype(float)
    allowed = np.ones(SITES, dtype=bool)
    allowed[7] = False
    cover = town(seed, people=40, sites=SITES)
    return Question(cover=cover, cost=cost, limit=limit, allowed=allowed, locked=locked), chance


def truth(question: Question, chance: np.ndarray, chosen: tuple[int, ...]) -> float:
    """Group by group, as the definition says."""
    cover, total = question.cover, 0.0
    for group, weight in enumerate(cover.weight):
        sites = cover.group_sites[cover.group_ptr[group] : cover.group_ptr[group + 1]]
        total += weight * (1 - np.prod([1 - chance[j] for j in sites if j in chosen]))
    return total


def best(question: Question, chance: np.ndarray) -> float:
    return max(
        truth(question, chance, chosen)
        for size in range(SITES + 1)
        for chosen in itertools.combinations([j for j in range(SITES) if question.allowed[j]], size)
        if set(question.locked) <= set(chosen) and question.limit.holds(float(question.cost[list(chosen)].sum()), size)
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("limit", [Limit(count=3), Limit(budget=6.0), Limit(count=99)])
@pytest.mark.parametrize("is_quick", [False, True])
def test_the_plan_is_worth_what_it_says_and_no_plan_exceeds_the_bound(seed: int, limit: Limit, is_quick: bool) -> None:
    question, chance = asked(seed, limit, locked=(2,))
    found = expected(question, chance=chance, deadline=Deadline(20), is_quick=is_quick)
    assert found.objective_value == pytest.approx(truth(question, chance, found.chosen))
    assert 2 in found.chosen
    assert 7 not in found.chosen
    assert limit.holds(float(question.cost[list(found.chosen)].sum()), len(found.chosen))
    top = best(question, chance)
    assert found.bound >= top - 1e-6
    assert found.objective_value >= (1 - 1 / np.e) * top
    if found.is_optimal:
        assert found.objective_value == pytest.approx(top)


def test_the_program_proves_most_of_them() -> None:
    proven = 0
    for seed in range(8):
        question, chance = asked(seed, Limit(count=3))
        found = expected(question, chance=chance, deadline=Deadline(20))
        assert found.objective_value == pytest.approx(best(question, chance), rel=2e-3)
        proven += found.gap_pct < 1
    assert proven >= 6


def test_locked_sites_beyond_the_limit_are_refused() -> None:
    question, chance = asked(1, Limit(count=1), locked=(1, 2))
    with pytest.raises(Infeasible):
        expected(question, chance=chance, deadline=Deadline(1))
