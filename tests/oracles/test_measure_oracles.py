"""Access held to PySAL's `access`; inequality held to `inequality`, which knows no population weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from access.fca import two_stage_fca
from access.weights import step_fn
from inequality.gini import Gini
from inequality.theil import Theil, TheilD

from planning.access import band_weights, e2sfca
from planning.equity import gini, theil_split, theil_t
from tests.oracles.small import Small, small

SEEDS = range(6)
BANDS = [(4.0, 1.0), (8.0, 0.68), (16.0, 0.22)]


def theirs(case: Small, supply: np.ndarray, bands: list[tuple[float, float]]) -> np.ndarray:
    n_demand, n_sites = case.km.shape
    people = pd.DataFrame({"demand": case.people}, index=range(n_demand))
    sites = pd.DataFrame({"supply": supply}, index=range(n_sites))
    cost = pd.DataFrame(
        {
            "origin": np.repeat(np.arange(n_demand), n_sites),
            "dest": np.tile(np.arange(n_sites), n_demand),
            "cost": case.km.ravel(),
        }
    )
    found = two_stage_fca(
        people, sites, cost, max_cost=bands[-1][0], demand_index=True, supply_index=True, weight_fn=step_fn(dict(bands))
    )
    return found.reindex(range(n_demand)).fillna(0.0).to_numpy()


@pytest.mark.parametrize("bands", [[(16.0, 1.0)], BANDS], ids=["2SFCA", "E2SFCA"])
@pytest.mark.parametrize("seed", SEEDS)
def test_access_is_what_pysal_finds(seed: int, bands: list[tuple[float, float]]) -> None:
    case = small(seed)
    supply = np.random.default_rng(seed).uniform(1, 50, case.km.shape[1])
    reach = case.reach(bands[-1][0])
    ours, _ = e2sfca(reach, case.people, supply, band_weights(reach.km, bands))
    np.testing.assert_allclose(ours, theirs(case, supply, bands), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_inequality_among_equals_is_what_pysal_finds(seed: int) -> None:
    random = np.random.default_rng(seed)
    value, one = random.lognormal(2, 1, 80), np.ones(80)
    region = random.choice(["hilir", "hulu", "pesisir"], 80)
    assert gini(value, one) == pytest.approx(Gini(value).g, rel=1e-9)
    assert theil_t(value, one) == pytest.approx(float(Theil(value).T), rel=1e-9)
    split, other = theil_split(value, one, list(region)), TheilD(value, region)
    assert split is not None
    assert split[0] == pytest.approx(float(np.ravel(other.bg)[0]), rel=1e-9)
    assert split[1] == pytest.approx(float(np.ravel(other.wg)[0]), rel=1e-9)
