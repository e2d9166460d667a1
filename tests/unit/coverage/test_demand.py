"""Hexagons that a radius cuts count by the share of their area inside."""

from __future__ import annotations

import numpy as np
import pytest

from controller.coverage import demand
from geography import hexagons
from geography.grid import DemandGrid
from planning.reach import by_radius
from tests.unit.coverage.make import grid


def land(side: int = 80) -> DemandGrid:
    """Hexagons around Pontianak, 900 people in each, of two districts."""
    step = np.linspace(0, 0.2, side)
    lat, lon = (axis.ravel() for axis in np.meshgrid(-0.1 + step, 109.2 + step))
    cells = np.unique(hexagons.at(lat, lon, 8))
    at = hexagons.centres(cells)
    return grid([(y, x, 900.0, "61.71.01.1001" if x < 109.3 else "61.71.02.1001") for y, x in zip(*at, strict=True)])


LAND = land()
RANDOM = np.random.default_rng(5)
SITES = RANDOM.uniform(-0.08, 0.08, 40), RANDOM.uniform(109.22, 109.38, 40)


def reached(people: demand.People, sites: tuple[np.ndarray, np.ndarray], radius_km: float) -> float:
    return float(people.people[by_radius((people.lat, people.lon), sites, radius_km).reached()].sum())


@pytest.mark.parametrize(("radius_km", "within"), [(0.15, 0.03), (0.5, 0.03), (1.0, 0.02)])
def test_one_site_reaches_the_people_of_its_circle(radius_km: float, within: float) -> None:
    people_km2 = 900 / hexagons.areas_km2(LAND.index).mean()
    for lat, lon in zip(*SITES, strict=True):
        site = np.array([lat]), np.array([lon])
        found = reached(demand.split(LAND, site, radius_km), site, radius_km)
        assert found == pytest.approx(np.pi * radius_km**2 * people_km2, rel=within + 0.03)  # cells differ by 3 %


def test_splitting_keeps_the_people_of_each_row_and_only_near_the_edge() -> None:
    people = demand.split(LAND, SITES, 0.15)
    assert np.bincount(people.row, weights=people.people) == pytest.approx(LAND.people)
    assert len(people.people) < len(LAND) + 40 * 700
    km = by_radius((people.lat, people.lon), SITES, np.inf).km.reshape(-1, 40)
    coarse = people.people > 899
    assert np.all(np.abs(km[coarse] - 0.15) > hexagons.circumradius_km(8))


def test_places_to_build_at_do_not_change_what_standing_sites_reach() -> None:
    alone = demand.split(LAND, SITES, 0.15)
    more = RANDOM.uniform(-0.08, 0.08, 60), RANDOM.uniform(109.22, 109.38, 60)
    both = demand.split(LAND, SITES, 0.15, more=more)
    assert len(both.people) > len(alone.people)
    assert reached(both, SITES, 0.15) == pytest.approx(reached(alone, SITES, 0.15))


def test_with_less_room_the_pieces_are_coarser_and_still_hold_everybody() -> None:
    people = demand.split(LAND, SITES, 0.15, most=1500)
    assert len(people.people) <= len(LAND) + 1500
    assert people.people.sum() == pytest.approx(LAND.people.sum())
    assert people.kind.endswith("split to 9 where a radius cuts them")


def test_an_area_keeps_its_own_rows_only() -> None:
    one = demand.within(LAND, "61.71.01")
    assert set(one.village.tolist()) == {"61.71.01.1001"}
    assert len(one) + len(demand.within(LAND, "61.71.02")) == len(LAND)
    assert len(demand.within(LAND, "61.7")) == 0
