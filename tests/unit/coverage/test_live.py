from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.coverage import demand, live
from controller.coverage.model import Cause, LiveCoverage, Remedy, SiteWorth, Verdict
from planning.reach import by_radius, haversine_km
from tests.unit.coverage.make import INPUTS, grid, units, worth

A, B, C = "61.01.01.2001", "61.01.01.2002", "61.02.01.2001"
PLACES = {A: (1.0, 109.0, 1000), B: (1.1, 109.0, 500), C: (1.2, 109.0, 300)}
UNITS = units(PLACES)
GRID = grid([(lat, lon, people, code) for code, (lat, lon, people) in PLACES.items()])


def at(code: str, name: str, verdict: Verdict, **more: object) -> SiteWorth:
    lat, lon, _ = PLACES[code]
    return worth(name, lat, lon, verdict, area=code, **more)


def found(*sites: SiteWorth, radius_km: float = 5.0) -> LiveCoverage:
    served = live.public(sites)
    people = demand.split(GRID, (served.lat, served.lon), radius_km)
    return live.coverage(people, sites, UNITS, inputs=INPUTS, radius_km=radius_km)


def test_the_ladder_of_working_failing_and_unmeasured_sites() -> None:
    seen = found(at(A, "a", Verdict.EFFECTIVE), at(B, "b", Verdict.UNMEASURED), at(C, "c", Verdict.DOWN))
    total = seen.total
    assert (total.people, total.nominal, total.effective, total.unknown) == pytest.approx((1800, 1800, 1000, 500))
    assert total.promised == pytest.approx(300)


@pytest.mark.parametrize(
    ("verdict", "cause", "remedy"),
    [
        (Verdict.DOWN, Cause.DOWN, Remedy.REPAIR), (Verdict.SLOW, Cause.SLOW, Remedy.UPGRADE),
        (Verdict.FULL, Cause.FULL, Remedy.UPGRADE), (Verdict.UNMEASURED, Cause.UNMEASURED, Remedy.MEASURE),
    ],
)  # fmt: skip
def test_a_site_that_stands_but_does_not_serve_makes_its_village_a_gap_with_its_cause(
    verdict: Verdict, cause: Cause, remedy: Remedy
) -> None:
    seen = found(at(A, "a", Verdict.EFFECTIVE), at(B, "b", verdict))
    gap = next(g for g in seen.gaps if g.village == B)
    assert (gap.cause, gap.remedy, gap.sites) == (cause, remedy, ("b",))
    assert gap.people == pytest.approx(500)
    assert (gap.nearest_site, round(gap.nearest_km or 0)) == ("a", 11)


def test_a_village_without_any_site_is_to_be_built_at() -> None:
    gap = next(g for g in found(at(A, "a", Verdict.EFFECTIVE)).gaps if g.village == C)
    assert (gap.cause, gap.remedy, gap.sites) == (Cause.NO_SITE, Remedy.BUILD, ())


def test_a_tower_covers_nobody() -> None:
    seen = found(at(A, "t", Verdict.NOT_PUBLIC))
    assert (seen.total.nominal, seen.total.expected) == (0, 0)
    assert {g.cause for g in seen.gaps} == {Cause.NO_SITE}
    assert [s.site for s in seen.sites] == ["t"]


def test_a_working_site_beside_a_broken_one_leaves_no_gap() -> None:
    seen = found(at(A, "a", Verdict.EFFECTIVE), at(A, "b", Verdict.DOWN))
    assert not [g for g in seen.gaps if g.village == A]


def test_expected_people_count_each_site_at_its_measured_worth() -> None:
    seen = found(at(A, "a", Verdict.EFFECTIVE, worth_ratio=0.96), at(A, "b", Verdict.DOWN, worth_ratio=0.5))
    assert seen.total.expected == pytest.approx(1000 * (1 - 0.04 * 0.5))


def test_people_with_one_site_that_fails_are_named() -> None:
    seen = found(at(A, "a", Verdict.EFFECTIVE), at(A, "a2", Verdict.EFFECTIVE), at(B, "b", Verdict.DOWN))
    assert seen.redundancy.sites == (("b", pytest.approx(500)),)
    assert (seen.redundancy.single_unreliable, seen.redundancy.single_effective) == (pytest.approx(500), 0)


def test_speed_is_shared_among_those_in_reach_and_conserved() -> None:
    seen = found(at(A, "a", Verdict.EFFECTIVE, speed_bps=8e6))
    village = next(r for r in seen.rows if r.code == A)
    assert village.kbps_per_person == pytest.approx(8.0)
    assert (seen.total.kbps_per_person or 0) * seen.total.people == pytest.approx(8000)


def test_levels_add_up() -> None:
    seen = found(at(A, "a", Verdict.EFFECTIVE), at(C, "c", Verdict.UNMEASURED), radius_km=1.0)
    for level in ("province", "regency", "district", "village"):
        rows = seen.level(level)
        for figure in ("people", "nominal", "effective", "unknown", "expected"):
            assert sum(getattr(r, figure) for r in rows) == pytest.approx(getattr(seen.total, figure))


def test_a_table_of_ways_takes_the_place_of_straight_lines() -> None:
    sites = [at(A, "a", Verdict.EFFECTIVE), at(B, "b", Verdict.EFFECTIVE)]
    ways = {(A, "a"): 0.5, (B, "b"): 9.0, (C, "b"): 4.0, ("99", "a"): 1.0, (A, "zz"): 1.0}  # a river before B
    seen = live.coverage(demand.of_villages(UNITS), sites, UNITS, inputs=INPUTS, radius_km=5.0, ways=ways)
    assert {r.code: r.effective for r in seen.level("village")} == {A: 1000, B: 0, C: 300}


def test_nothing_anywhere_is_an_answer_too() -> None:
    seen = found()
    assert (seen.total.effective, seen.equity.gini, seen.lorenz) == (0, None, ())
    assert all(g.nearest_site is None and g.nearest_km is None for g in seen.gaps)


def test_a_radius_smaller_than_a_hexagon_counts_by_area_and_not_by_its_centre() -> None:
    centre = live.public([worth("a", float(GRID.lat[0]), float(GRID.lon[0]))])
    split = demand.split(GRID, (centre.lat, centre.lon), 0.15)
    assert split.people.sum() == pytest.approx(1800)
    reached = by_radius((split.lat, split.lon), (centre.lat, centre.lon), 0.15).reached()
    share = split.people[reached].sum() / 1000
    area_km2 = 0.7373  # mean hexagon of resolution 8
    assert share == pytest.approx(np.pi * 0.15**2 / area_km2, rel=0.15)


def test_places_to_build_at_do_not_move_the_figures_of_standing_sites() -> None:
    here = live.public([worth("a", 1.0, 109.0)])
    there = live.public([worth("b", 1.09, 109.01), worth("c", 1.0, 109.004)])
    alone, beside = (
        demand.split(GRID, (here.lat, here.lon), 1.0, more=more) for more in (None, (there.lat, there.lon))
    )
    figures = [p.people[by_radius((p.lat, p.lon), (here.lat, here.lon), 1.0).reached()].sum() for p in (alone, beside)]
    assert figures[0] == pytest.approx(figures[1])


PUBLIC = [v for v in Verdict if v is not Verdict.NOT_PUBLIC]
SITES = st.lists(
    st.tuples(st.floats(0.98, 1.22), st.floats(108.98, 109.02), st.sampled_from(PUBLIC)),
    max_size=5,
)  # fmt: skip


@given(SITES, st.sampled_from([1.0, 5.0]))
def test_every_person_is_served_unknown_or_in_a_gap_and_more_sites_never_serve_less(
    drawn: list[tuple[float, float, Verdict]], radius: float
) -> None:
    sites = [worth(f"s{k}", lat, lon, verdict) for k, (lat, lon, verdict) in enumerate(drawn)]
    seen = found(*sites, radius_km=radius)
    total = seen.total
    assert total.effective + total.unknown <= total.nominal + 1e-6 <= total.people + 2e-6
    missing = total.people - total.effective
    assert sum(g.people for g in seen.gaps) == pytest.approx(missing, abs=0.5 * 5 * 3)  # remainders below half a person
    if sites:
        fewer = demand.split(GRID, (live.public(sites).lat, live.public(sites).lon), radius)
        less = live.coverage(fewer, sites[:-1], UNITS, inputs=INPUTS, radius_km=radius)
        assert less.total.effective <= total.effective + 1e-6
        assert less.total.expected <= total.expected + 1e-6


@given(SITES)
def test_coverage_is_what_counting_by_hand_gives(drawn: list[tuple[float, float, Verdict]]) -> None:
    sites = [worth(f"s{k}", lat, lon, verdict) for k, (lat, lon, verdict) in enumerate(drawn)]
    served = live.public(sites)
    people = demand.of_grid(GRID)
    reach = by_radius((people.lat, people.lon), (served.lat, served.lon), 5.0)
    ladder = live.climb(people.people, reach, served, radius_km=5.0)
    for i in range(len(people.people)):
        near = [s for s in sites if haversine_km(people.lat[i], people.lon[i], np.array(s.lat), np.array(s.lon)) <= 5.0]
        assert ladder.nominal[i] == bool(near)
        assert ladder.effective[i] == any(s.verdict is Verdict.EFFECTIVE for s in near)
        fails = np.prod([1 - s.worth_ratio for s in near])
        assert ladder.expected[i] == pytest.approx(1 - fails)
