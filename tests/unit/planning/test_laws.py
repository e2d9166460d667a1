"""Brute force on small random cases, and the laws that hold without knowing any answer."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.coverage.contract import Ask, Thresholds, coverage, site
from controller.coverage.tables import Candidates, Demand, Existing, no_existing
from planning import access, equity
from planning.cover import Total, Welfare, WorstRegion, heuristic, merge
from planning.reach import by_radius, haversine_km
from planning.siting import Limit

RADIUS = 12.0


def world(seed: int, n: int = 14, m: int = 7, stands: int = 2) -> tuple[Demand, Candidates, Existing]:
    random = np.random.default_rng(seed)

    def points(count: int) -> tuple[np.ndarray, np.ndarray]:
        return random.uniform(-0.2, 0.2, count), random.uniform(110.0, 110.4, count)

    lat, lon = points(n)
    people = random.integers(0, 900, n).astype(float)
    demand = Demand(
        ids=tuple(f"d{i:02}" for i in range(n)),
        lat=lat,
        lon=lon,
        people=people,
        priority=np.ones(n),
        region=tuple(random.choice(["hilir", "hulu", "pesisir"], n)),
    )
    lat, lon = points(m)
    cost = random.integers(1, 4, m).astype(float)
    candidates = Candidates(ids=tuple(f"c{j}" for j in range(m)), lat=lat, lon=lon, cost=cost)
    lat, lon = points(stands)
    existing = Existing(
        ids=tuple(f"e{j}" for j in range(stands)),
        lat=lat,
        lon=lon,
        availability_pct=random.choice([99.0, 80.0, np.nan], stands),
        throughput_mbps=None,
        supply=np.ones(stands),
    )
    return demand, candidates, existing


def ask(objective: str, limit: Limit, aversion: float = 0.0) -> Ask:
    return Ask(
        objective=objective,
        radius_km=RADIUS,
        limit=limit,
        aversion=aversion,
        time_limit_s=20,
        thresholds=Thresholds(min_availability=95),
    )


def distances(a: Demand, b: Candidates | Existing) -> np.ndarray:
    return haversine_km(a.lat[:, None], a.lon[:, None], b.lat[None, :], b.lon[None, :])


def plans(candidates: Candidates, limit: Limit) -> list[tuple[int, ...]]:
    m = len(candidates.ids)
    every = (c for k in range(m + 1) for c in itertools.combinations(range(m), k))
    return [
        c
        for c in every
        if (limit.count is None or len(c) <= limit.count)
        and (limit.budget is None or candidates.cost[list(c)].sum() <= limit.budget)
    ]


def brute(
    objective: str, demand: Demand, candidates: Candidates, existing: Existing, limit: Limit, aversion: float
) -> float:
    """The best figure over every plan, by enumeration and plain loops."""
    working = existing.availability_pct >= 95
    d_new, d_old = distances(demand, candidates), distances(demand, existing)[:, working]
    regions = sorted(set(demand.region))
    total = np.array([demand.people[[r == name for r in demand.region]].sum() for name in regions])
    best = None
    for plan in plans(candidates, limit):
        near = np.minimum(d_new[:, list(plan)].min(axis=1, initial=np.inf), d_old.min(axis=1, initial=np.inf))
        covered = near <= RADIUS
        by_region = np.array(
            [
                sum(p for p, c, r in zip(demand.people, covered, demand.region, strict=True) if c and r == name)
                for name in regions
            ]
        )
        lived = total > 0
        if objective == "coverage" and aversion == 0:
            value = by_region.sum()
        elif objective == "coverage":
            value = float(Welfare(weight=total, aversion=aversion).value(by_region))
        elif objective == "maxmin":
            value = (by_region[lived] / total[lived]).min()
        elif objective == "mean-distance":
            value = -float(demand.people @ near) if np.isfinite(near).all() else -np.inf
        else:
            value = -float(near[demand.people > 0].max())
        best = value if best is None or value > best else best
    assert best is not None
    return float(best)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    ("objective", "aversion"),
    [
        ("coverage", 0),
        ("coverage", 0.5),
        ("coverage", 1),
        ("coverage", 2),
        ("maxmin", 0),
        ("mean-distance", 0),
        ("max-distance", 0),
    ],
)
def test_every_objective_equals_brute_force(seed: int, objective: str, aversion: float) -> None:
    demand, candidates, existing = world(seed)
    limit = Limit(count=3) if seed % 2 else Limit(budget=5)
    got = site(demand, candidates, existing, None, ask(objective, limit, aversion))
    want = brute(objective, demand, candidates, existing, limit, aversion)
    sign = -1 if objective.endswith("distance") else 1
    assert got["status"] == "optimal"
    assert sign * got["objective_value"] == pytest.approx(want, rel=1e-6, abs=1e-6)
    assert sum(s["cost"] for s in got["selected"]) <= (limit.budget or np.inf)
    assert len(got["selected"]) <= (limit.count or np.inf)


@pytest.mark.parametrize("seed", range(8))
def test_set_cover_needs_no_more_sites_than_brute_force(seed: int) -> None:
    demand, candidates, existing = world(seed)
    got = site(demand, candidates, existing, None, ask("set-cover", Limit()))
    d_new = distances(demand, candidates) <= RADIUS
    served = (distances(demand, existing)[:, existing.availability_pct >= 95] <= RADIUS).any(axis=1)
    must = d_new.any(axis=1) & ~served & (demand.people > 0)
    fewest = min(len(c) for c in plans(candidates, Limit()) if d_new[:, list(c)].any(axis=1)[must].all())
    assert got["status"] == "optimal"
    assert got["objective_value"] == fewest == len(got["selected"])


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rows_changes_nothing_but_the_seconds(seed: int, tmp_path) -> None:
    from controller.coverage.tables import read_demand

    demand, candidates, existing = world(seed)
    lines = [
        f"{i},{a},{o},{p},{r}"
        for i, a, o, p, r in zip(demand.ids, demand.lat, demand.lon, demand.people, demand.region, strict=True)
    ]
    answers = []
    for order in (lines, lines[::-1]):
        path = tmp_path / "demand.csv"
        path.write_text("\n".join(["id,lat,lon,population,region", *order]))
        got = site(read_demand(path), candidates, existing, None, ask("coverage", Limit(count=3)))
        answers.append({k: v for k, v in got.items() if k != "seconds"})
    assert answers[0] == answers[1]


@pytest.mark.parametrize("seed", range(6))
def test_the_first_k_of_a_plan_gain_less_and_less(seed: int) -> None:
    demand, candidates, _ = world(seed, n=40, m=12)
    got = site(demand, candidates, no_existing(), None, ask("coverage", Limit(count=6)))
    gains = [s["gain"] for s in got["selected"]]
    assert gains == sorted(gains, reverse=True)
    assert all(g > 0 for g in gains)
    assert sum(gains) == pytest.approx(got["covered_after"] - got["covered_before"])


@pytest.mark.parametrize("seed", range(4))
def test_coverage_never_falls_with_more_sites_or_a_wider_radius(seed: int) -> None:
    demand, candidates, existing = world(seed, n=30, m=9)
    by_count = [
        site(demand, candidates, existing, None, ask("coverage", Limit(count=k)))["covered_after"] for k in range(5)
    ]
    assert by_count == sorted(by_count)
    wider = [
        coverage(demand, existing, None, radius_km=r, thresholds=Thresholds())["covered"] for r in (1, 5, 10, 20, 60)
    ]
    assert wider == sorted(wider)


@pytest.mark.parametrize("objective", ["total", "welfare", "worst"])
@pytest.mark.parametrize("seed", range(5))
def test_the_kept_gains_equal_gains_counted_afresh(objective: str, seed: int) -> None:
    demand, candidates, _ = world(seed, n=60, m=20)
    reach = by_radius((demand.lat, demand.lon), (candidates.lat, candidates.lon), RADIUS)
    names = sorted(set(demand.region))
    code = np.array([names.index(r) for r in demand.region])
    total = np.bincount(code, weights=demand.people)
    cover = merge(reach, demand.people, code, len(names), np.zeros(len(demand.ids), dtype=bool))
    chosen_by = {"total": Total(), "welfare": Welfare(weight=total, aversion=1), "worst": WorstRegion(weight=total)}
    found = heuristic(cover, chosen_by[objective], candidates.cost, Limit(count=5), allowed=np.ones(20, dtype=bool))
    near = distances(demand, candidates)[:, found] <= RADIUS
    afresh = np.bincount(code, weights=demand.people * near.any(axis=1), minlength=len(names))
    from planning.cover import build_order

    plan = build_order(cover, chosen_by[objective], candidates.cost, found, ())
    assert plan.covered == pytest.approx(afresh)


FIGURES = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))
VALUES = st.lists(st.tuples(FIGURES, st.floats(0.01, 1e5), st.sampled_from("abc")), min_size=1, max_size=30)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_theil_splits_into_between_and_within(rows: list[tuple[float, float, str]]) -> None:
    value, people = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    total, split = equity.theil_t(value, people), equity.theil_split(value, people, [r[2] for r in rows])
    if total is None:
        assert split is None
        return
    assert split is not None
    assert sum(split) == pytest.approx(total, abs=1e-9)
    assert 0 <= split[0] <= total + 1e-9


@given(VALUES, st.floats(0.1, 50))
@settings(max_examples=150, deadline=None)
def test_inequality_ignores_the_unit_and_the_splitting_of_rows(
    rows: list[tuple[float, float, str]], scale: float
) -> None:
    value, people = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    for measure in (equity.gini, equity.theil_t, equity.ratio_20_20, equity.palma):
        whole = measure(value, people)
        if whole is None or whole > 1e9:
            continue
        assert measure(value * scale, people) == pytest.approx(whole, rel=1e-6, abs=1e-9)
        halves = measure(np.concatenate((value, value)), np.concatenate((people / 2, people / 2)))
        assert halves == pytest.approx(whole, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_access_hands_out_exactly_the_supply_that_has_anybody_in_reach(seed: int) -> None:
    random = np.random.default_rng(seed)
    demand, candidates, _ = world(seed, n=50, m=10)
    reach = by_radius((demand.lat, demand.lon), (candidates.lat, candidates.lon), RADIUS)
    weight = access.band_weights(reach.km, [(2.0, 1.0), (6.0, 0.68), (12.0, 0.22)])
    supply = random.uniform(1, 9, 10)
    value, used = access.e2sfca(reach, demand.people, supply, weight)
    assert float(demand.people @ value) == pytest.approx(used)


def test_a_pair_at_exactly_the_radius_is_inside() -> None:
    at = (np.array([0.0]), np.array([110.0]))
    other = (np.array([0.0]), np.array([110.1]))
    km = float(haversine_km(at[0], at[1], other[0], other[1])[0])
    assert len(by_radius(at, other, km).km) == 1
    assert len(by_radius(at, other, km * (1 - 1e-9)).km) == 0


def test_a_site_that_lacks_a_measurement_is_unknown_and_one_that_fails_is_not() -> None:
    demand, _, existing = world(1, stands=3)
    table = replace(
        existing, availability_pct=np.array([99.0, np.nan, 50.0]), throughput_mbps=np.array([np.nan, 9.0, np.nan])
    )
    from controller.coverage.contract import states

    effective, unknown = states(table, Thresholds(min_availability=95, min_mbps=4))
    assert effective.tolist() == [False, False, False]
    assert unknown.tolist() == [True, True, False]
    assert states(table, Thresholds())[0].all()
    assert len(demand.ids)
