from pathlib import Path

import numpy as np
import pytest

from geography.grid import build
from geography.layers import Layers
from geography.places import Kind, prepare
from geography.units import Level, Units
from planning.reach import haversine_km
from tests.unit.geography.bringing import EVERYTHING, keep

REGENCY = Units(u for u in EVERYTHING.values() if u.code == "61" or u.code.startswith("61.06"))
LARGE = max((u for u in REGENCY.level(Level.VILLAGE) if u.point), key=lambda u: u.area_km2 or 0)


def school(folder: Path, kind: Kind = Kind.SCHOOL) -> Layers:
    layers = Layers(folder / "geo")
    assert LARGE.point
    (folder / "a.csv").write_text(f"id,lat,lon\ns,{LARGE.point[0]},{LARGE.point[1]}\n")
    keep(layers, prepare(folder / "a.csv", REGENCY, kind)[0])
    return layers


def near(grid, people) -> float:  # type: ignore[no-untyped-def]
    assert LARGE.point
    km = haversine_km(grid.lat, grid.lon, *map(np.float64, LARGE.point))
    return float(people[(km <= 1.0) & (grid.village == LARGE.code)].sum())


def test_half_of_a_large_village_lives_near_its_school_and_nobody_is_lost(tmp_path: Path) -> None:
    even, leaning = build(REGENCY), build(REGENCY, school(tmp_path))
    assert near(even, even.people) < 0.02 * LARGE.population
    assert near(leaning, leaning.people) == pytest.approx(LARGE.population / 2, rel=0.02)
    for grid in (even, leaning):
        assert grid.people[grid.village == LARGE.code].sum() == LARGE.population
        assert grid.people.sum() == REGENCY["61.06"].population
    others = even.village != LARGE.code
    assert (even.people[others] == leaning.people[others]).all()
    assert "in 1 villages 50% of the people" in leaning.notes[-1]


def test_the_share_is_an_argument_and_0_is_even(tmp_path: Path) -> None:
    layers = school(tmp_path)
    assert (build(REGENCY, layers, near_share=0.0).people == build(REGENCY).people).all()
    whole = build(REGENCY, layers, near_share=1.0)
    assert near(whole, whole.people) == LARGE.population
    with pytest.raises(ValueError, match="0 to 1"):
        build(REGENCY, layers, near_share=1.5)


def test_candidates_say_nothing_of_where_people_live(tmp_path: Path) -> None:
    assert (build(REGENCY, school(tmp_path, Kind.CANDIDATE)).people == build(REGENCY).people).all()
