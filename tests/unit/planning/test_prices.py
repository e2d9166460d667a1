"""The bound by prices holds, and closes in."""

from __future__ import annotations

import numpy as np
import pytest

from planning.cover import Cover, merge
from planning.mclp import coverage
from planning.prices import price_bound
from planning.question import Question
from planning.reach import by_radius
from planning.siting import Deadline, Limit


def cover(seed: int) -> Cover:
    random = np.random.default_rng(seed)
    cells = random.uniform(-0.5, 0.5, 800), random.uniform(109, 110, 800)
    sites = random.uniform(-0.5, 0.5, 120), random.uniform(109, 110, 120)
    people, stands = random.integers(1, 90, 800).astype(float), random.random(800) < 0.1
    return merge(by_radius(cells, sites, 6.0), people, np.zeros(800, dtype=np.int64), 1, stands)


@pytest.mark.parametrize("count", [0, 3, 15, 200])
@pytest.mark.parametrize("seed", range(4))
def test_no_plan_is_worth_more_than_the_bound_by_prices(seed: int, count: int) -> None:
    problem, allowed = cover(seed), np.arange(120) % 7 != 0
    locked = (5, 9) if count > 2 else ()
    asked = Question(cover=problem, cost=np.ones(120), limit=Limit(count=count), allowed=allowed, locked=locked)
    best = coverage(asked, deadline=Deadline(20)).objective_value
    bound = price_bound(problem, count=count, allowed=allowed, locked=locked)
    assert best <= bound * (1 + 1e-9)
    assert bound <= best * 1.05
