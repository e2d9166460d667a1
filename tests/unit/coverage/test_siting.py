from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.coverage import costs
from controller.coverage.candidates import Brought, Point
from controller.coverage.errors import BadInput
from controller.coverage.model import LivePlan, Remedy, SiteWorth, Verdict
from controller.coverage.siting import Ask, Ground, plan
from planning.errors import Infeasible
from planning.siting import Limit
from tests.unit.coverage.make import INPUTS, grid, units, worth

CODES = [f"61.0{1 + k // 3}.01.200{k % 3 + 1}" for k in range(6)]
PRICES = costs.load()
STANDING = [None, Verdict.EFFECTIVE, Verdict.DOWN, Verdict.FULL, Verdict.UNMEASURED]


def world(people: list[int], *sites: SiteWorth, radius_km: float = 5.0, area: str | None = None) -> Ground:
    """Villages in a row, 7 km apart: each can be served by itself only."""
    places = {code: (0.5 + 0.063 * k, 110.0, n) for k, (code, n) in enumerate(zip(CODES, people, strict=True))}
    rows = [(lat, lon, float(n), code) for code, (lat, lon, n) in places.items()]
    return Ground(grid(rows), sites, units(places), INPUTS, radius_km=radius_km, area=area)


def near(k: int, name: str, verdict: Verdict, **more: object) -> SiteWorth:
    return worth(name, 0.5 + 0.063 * k, 110.0, verdict, area=CODES[k], **more)


def asked(ground: Ground, **more: object) -> LivePlan:
    return plan(ground, Ask(**({"limit": Limit(count=2)} | more)), PRICES)  # type: ignore[arg-type]


PEOPLE = [100, 600, 300, 500, 200, 400]


def test_the_most_people_first_and_proven() -> None:
    found = asked(world(PEOPLE))
    assert [(s.place, s.action) for s in found.steps] == [(CODES[1], Remedy.BUILD), (CODES[3], Remedy.BUILD)]
    assert (found.status, found.gap_pct) == ("optimal", 0.0)
    assert found.objective_value == pytest.approx(1100)
    assert found.covered_after == pytest.approx(1100)


def test_a_repair_stands_beside_new_sites_with_its_own_price() -> None:
    ground = world(PEOPLE, near(1, "broken", Verdict.DOWN))
    found = asked(ground, limit=Limit(budget=PRICES[Remedy.REPAIR]["radio"]))
    assert [(s.place, s.action, s.because) for s in found.steps] == [("broken", Remedy.REPAIR, "down")]
    step = found.steps[0]
    assert step.rupiah_per_person == pytest.approx(step.cost / step.people)


@pytest.mark.parametrize("verdict", [Verdict.SLOW, Verdict.FULL])
def test_slow_and_full_sites_are_upgraded(verdict: Verdict) -> None:
    found = asked(world(PEOPLE, near(1, "x", verdict)), limit=Limit(budget=PRICES[Remedy.UPGRADE]["radio"]))
    assert [(s.place, s.action) for s in found.steps] == [("x", Remedy.UPGRADE)]


def test_a_broken_site_whose_link_was_bought_too_slow_costs_repair_and_upgrade() -> None:
    ground = world(PEOPLE, near(1, "x", Verdict.DOWN, plan_down_bps=2e6))
    price = PRICES[Remedy.REPAIR]["radio"] + PRICES[Remedy.UPGRADE]["radio"]
    found = asked(ground, limit=Limit(count=1), locked=("x",))
    assert [(s.action, s.cost) for s in found.steps] == [(Remedy.UPGRADE, price)]


def test_people_near_an_unmeasured_site_wait_for_a_measurement_unless_told_otherwise() -> None:
    ground = world(PEOPLE, near(1, "quiet", Verdict.UNMEASURED, reason="speed"))
    found = asked(ground)
    assert CODES[1] not in [s.place for s in found.steps]
    assert [(m.site, m.reason) for m in found.measure] == [("quiet", "speed")]
    assert found.measure[0].people == pytest.approx(600)
    opened = asked(ground, is_unknown_open=True)
    assert opened.steps[0].place == CODES[1]
    assert opened.steps[0].duplicates == ("quiet (unmeasured)",)


def test_nothing_is_built_where_a_working_site_stands() -> None:
    found = asked(world(PEOPLE, near(1, "good", Verdict.EFFECTIVE)), limit=Limit(count=6))
    assert CODES[1] not in [s.place for s in found.steps]
    assert found.covered_before == pytest.approx(600)


def test_other_programmes_within_the_radius_are_named() -> None:
    ground = world(PEOPLE, near(1, "other", Verdict.DOWN, programme="Other"))
    found = asked(ground, locked=(CODES[1],), forbidden=("other",))
    assert next(s for s in found.steps if s.place == CODES[1]).duplicates == ("other (Other, down)",)


def test_offered_places_compete_at_their_own_price_and_points_of_others_are_named() -> None:
    places = {code: (0.5 + 0.063 * k, 110.0, n) for k, (code, n) in enumerate(zip(CODES, PEOPLE, strict=True))}
    rows = [(lat, lon, float(n), code) for code, (lat, lon, n) in places.items()]
    brought = Brought(
        offered=(Point(id="p1", name="Hall", lat=places[CODES[4]][0] + 0.001, lon=110.0, cost=1e6),),
        others=(Point(id="o1", name="AKSI-7", lat=places[CODES[4]][0], lon=110.001),),
    )
    ground = Ground(grid(rows), (), units(places), INPUTS, radius_km=5.0, brought=brought)
    found = asked(ground, limit=Limit(budget=1e6))
    assert [(s.place, s.name, s.cost) for s in found.steps] == [("point:p1", "Hall", 1e6)]
    assert found.steps[0].duplicates == ("AKSI-7 (other programme)",)
    assert (found.steps[0].district, round(found.steps[0].people)) == (CODES[4].rpartition(".")[0], PEOPLE[4])


def test_locked_and_forbidden_places_are_kept_to() -> None:
    found = asked(world(PEOPLE), locked=(CODES[0],), forbidden=(CODES[1],))
    assert [s.place for s in found.steps] == [CODES[3], CODES[0]]
    assert [s.is_locked for s in found.steps] == [False, True]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"locked": ("nowhere",)}, "neither a village's code nor a site"),
        ({"forbidden": ("nowhere",)}, "neither a village's code nor a site"),
        ({"locked": ("good",)}, "nothing to build, repair or upgrade"),
        ({"locked": (CODES[1],), "forbidden": (CODES[1],)}, "locked and forbidden"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(more: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        asked(world(PEOPLE, near(0, "good", Verdict.EFFECTIVE)), **more)


def test_locked_places_beyond_the_limit_are_infeasible() -> None:
    with pytest.raises(Infeasible):
        asked(world(PEOPLE), locked=tuple(CODES[:3]))


def test_a_regency_plans_for_its_own_people_and_compares_its_districts() -> None:
    found = asked(world(PEOPLE, area="61.02"))
    assert {s.regency for s in found.steps} == {"61.02"}
    assert found.people == pytest.approx(1100)
    assert [row[0] for row in found.by_regency] == ["61.02.01"]


def test_an_unknown_area_is_refused() -> None:
    with pytest.raises(BadInput, match="no unit"):
        world(PEOPLE, area="99.99")


def test_the_quick_answer_is_the_plan_without_its_proof() -> None:
    ground = world(PEOPLE)
    quick, proven = asked(ground, is_quick=True), asked(ground)
    assert [s.place for s in quick.steps] == [s.place for s in proven.steps]
    assert quick.bound == pytest.approx(sum(PEOPLE))
    assert quick.status == "feasible"


def test_max_min_lifts_the_worst_region() -> None:
    found = asked(world([900, 800, 700, 10, 10, 10]), objective="maxmin")
    assert {s.regency for s in found.steps} == {"61.01", "61.02"}
    assert found.lowest_after == pytest.approx(1 / 3, abs=0.01)


def test_expected_people_rise_by_the_promise_of_what_is_built() -> None:
    found = asked(world(PEOPLE), limit=Limit(count=1))
    assert found.expected_before == 0
    assert found.expected_after == pytest.approx(0.95 * 600)


def test_what_the_steps_add_to_the_expected_figure_is_its_whole_rise() -> None:
    ground = world(PEOPLE, near(1, "x", Verdict.DOWN), near(4, "y", Verdict.EFFECTIVE))
    for objective in ("coverage", "expected"):
        found = asked(ground, objective=objective, limit=Limit(count=4))
        assert sum(s.expected or 0.0 for s in found.steps) == pytest.approx(
            found.expected_after - found.expected_before
        )


def test_the_same_question_gives_the_same_answer() -> None:
    ground = world(PEOPLE, near(1, "x", Verdict.DOWN))
    first, second = asked(ground), asked(ground)
    assert replace(first, seconds=0) == replace(second, seconds=0)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 900), min_size=6, max_size=6),
    st.lists(st.sampled_from(STANDING), min_size=6, max_size=6),
    st.integers(1, 8),
)
def test_a_budget_is_spent_as_well_as_brute_force_does(
    people: list[int], stand: list[Verdict | None], tens: int
) -> None:
    ground = world(people, *[near(k, f"s{k}", v) for k, v in enumerate(stand) if v is not None])
    budget = tens * 10e6
    found = asked(ground, limit=Limit(budget=budget))
    weight = ground.weight(is_unknown_open=False)
    best = 0.0
    price = [c.cost(PRICES) for c in ground.candidates]
    for size in range(len(price) + 1):
        for chosen in itertools.combinations(range(len(price)), size):
            if sum(price[j] for j in chosen) <= budget:
                hit = np.zeros(len(weight), dtype=bool)
                hit[ground.reach.demand[np.isin(ground.reach.site, chosen)]] = True
                best = max(best, float(weight[hit | ground.covered].sum()))
    assert found.objective_value == pytest.approx(best)
    assert found.bound == pytest.approx(best)
    assert found.covered_after == pytest.approx(best)
    assert found.cost <= budget + 1e-6


def test_the_expected_figure_can_be_what_a_plan_is_chosen_for() -> None:
    """A second way for many who have a shaky one is worth more than a first way for a few."""
    ground = world([1000, 10, 0, 0, 0, 0], near(0, "shaky", Verdict.DOWN, worth_ratio=0.5))
    nominal = asked(ground, limit=Limit(count=1), forbidden=("shaky",), is_unknown_open=True)
    wished = asked(ground, limit=Limit(count=1), objective="expected")
    assert nominal.steps[0].place == CODES[0]
    assert wished.status == "optimal"
    assert wished.objective_value == pytest.approx(wished.expected_after)
    assert wished.expected_after >= nominal.expected_after - 1e-9
    both = asked(ground, limit=Limit(count=2), objective="expected")
    assert both.expected_after == pytest.approx(1000 * (1 - 0.05 * 0.05))
    assert {s.place for s in both.steps} == {"shaky", CODES[0]}


@pytest.mark.parametrize("seed", range(4))
def test_no_pair_of_steps_is_expected_to_serve_more(seed: int) -> None:
    random = np.random.default_rng(seed)
    sites = [near(k, f"s{k}", Verdict.DOWN, worth_ratio=float(random.uniform(0, 0.9))) for k in range(3)]
    ground = world([int(n) for n in random.integers(10, 900, 6)], *sites, radius_km=8.0)
    found = asked(ground, objective="expected")
    assert found.bound >= found.objective_value >= found.expected_before
    for pair in itertools.combinations([c.place for c in ground.candidates], 2):
        other = asked(ground, objective="expected", locked=pair, limit=Limit(count=2))
        assert other.objective_value <= found.bound + 1e-6
        assert found.status != "optimal" or other.objective_value <= found.objective_value + 1e-6


def test_as_few_steps_as_reach_everybody() -> None:
    found = asked(world(PEOPLE, near(1, "works", Verdict.EFFECTIVE), near(2, "broken", Verdict.DOWN)), limit=Limit(),
                  objective="set-cover")  # fmt: skip
    assert (found.status, found.objective_value, len(found.steps)) == ("optimal", 5, 5)
    assert found.covered_after == pytest.approx(sum(PEOPLE))


def test_the_mean_and_the_largest_distance_are_made_small() -> None:
    ground = world([10, 10, 10, 10, 10, 900])
    mean = asked(ground, limit=Limit(count=1), objective="mean-distance")
    assert [s.place for s in mean.steps] == [CODES[5]]
    assert mean.status == "optimal"
    assert mean.objective_value == pytest.approx(10 * 7.005 * (1 + 2 + 3 + 4 + 5), rel=1e-3)
    assert mean.inputs.notes[0] == "distances are from village points, on straight lines up to 40 km"
    largest = asked(ground, limit=Limit(count=1), objective="max-distance")
    assert [s.place for s in largest.steps] in ([CODES[2]], [CODES[3]])
    assert largest.objective_value == pytest.approx(3 * 7.005, rel=1e-3)


def test_ways_by_river_decide_who_reaches_what() -> None:
    ways = {(code, code): 0.0 for code in CODES} | {(CODES[0], CODES[1]): 3.0, (CODES[2], CODES[1]): 4.0}
    ways[CODES[3], "works"] = 2.0
    places = {code: (0.5 + 0.063 * k, 110.0, n) for k, (code, n) in enumerate(zip(CODES, PEOPLE, strict=True))}
    rows = [(lat, lon, float(n), code) for code, (lat, lon, n) in places.items()]
    ground = Ground(grid(rows), [near(5, "works", Verdict.EFFECTIVE)], units(places), INPUTS, radius_km=5.0, ways=ways)
    found = asked(ground, limit=Limit(count=1))
    assert found.covered_before == pytest.approx(PEOPLE[3]), "only the village that the table lets through"
    assert [s.place for s in found.steps] == [CODES[1]]
    assert found.steps[0].people == pytest.approx(100 + 600 + 300)
    far = asked(ground, limit=Limit(count=1), objective="mean-distance")
    assert far.inputs.notes[0] == "distances are from village points, by the table"
    assert far.steps[0].place == CODES[1]
