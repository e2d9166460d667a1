from math import pi

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from geography import hexagons
from geography.grid import DemandGrid, build
from geography.shares import ReachShare, _common_area, covered_share, reach_share
from geography.units import Units, load
from planning.reach import Reach, by_radius

UNITS = load()


@pytest.fixture(scope="module")
def grid() -> DemandGrid:
    """Whole regencies about one that holds the sites: no site is near the grid's edge."""
    return build(Units(u for u in UNITS.values() if u.code == "61" or u.code[:5] in {"61.03", "61.09"}))


#: Far inside: Sekadau and Sanggau.
PLACES = st.tuples(st.floats(0.1, 0.3), st.floats(110.7, 110.9))


def shares(grid: DemandGrid, places: list[tuple[float, float]], km: float) -> ReachShare:
    return reach_share(grid, np.array([p[0] for p in places]), np.array([p[1] for p in places]), km)


def area_of(grid: DemandGrid, found: ReachShare) -> float:
    return float((hexagons.areas_km2(grid.index[found.demand]) * found.share).sum())


@settings(deadline=None, max_examples=15, derandomize=True)
@given(place=PLACES, km=st.sampled_from([0.01, 0.15, 0.5, 1.0, 2.0, 5.0, 12.0]))
def test_shares_of_a_site_alone_add_up_to_its_circle(grid: DemandGrid, place: tuple[float, float], km: float) -> None:
    circle = 4 * pi * 6371.0088**2 * np.sin(km / 6371.0088 / 2) ** 2
    assert area_of(grid, shares(grid, [place], km)) == pytest.approx(circle, rel=2e-6)


@settings(deadline=None, max_examples=15, derandomize=True)
@given(place=PLACES, km=st.floats(0.05, 6.0), more=st.floats(0.0, 2.0))
def test_a_larger_radius_never_takes_a_share_away(
    grid: DemandGrid, place: tuple[float, float], km: float, more: float
) -> None:
    small, large = shares(grid, [place], km), shares(grid, [place], km + more)
    wide = np.zeros(len(grid))
    wide[large.demand] = large.share
    assert (wide[small.demand] >= small.share - 1e-9).all()


@pytest.mark.parametrize("km", [0.15, 1.0, 5.0])
def test_shares_agree_with_polygons_cut_by_shapely(grid: DemandGrid, km: float) -> None:
    lat, lon = 0.2, 110.8
    found = shares(grid, [(lat, lon)], km)
    corners = hexagons.corners(grid.index[found.demand])
    flat = np.stack(
        ((corners[..., 1] - lon) * np.cos(np.radians(lat)), corners[..., 0] - lat), axis=-1
    ) * np.radians(6371.0088)  # fmt: skip
    hexes = shapely.polygons(flat)
    cut = shapely.area(shapely.intersection(hexes, Point(0, 0).buffer(km, 512))) / shapely.area(hexes)
    assert found.share == pytest.approx(cut, abs=3e-4)


def test_a_circle_inside_a_square_and_around_it() -> None:
    square = np.array([[[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]])
    assert _common_area(square, 0.5)[0] == pytest.approx(pi / 4)
    assert _common_area(square, 1.5)[0] == pytest.approx(4.0)
    assert _common_area(square + 1.0, 1.0)[0] == pytest.approx(pi / 4)  # a corner of the square in the middle
    assert _common_area(square + np.array([1.0, 0.0]), 0.5)[0] == pytest.approx(pi / 8)  # an edge through the middle
    assert _common_area(square + np.array([3.0, 0.0]), 1.0)[0] == pytest.approx(0.0, abs=1e-12)
    assert _common_area(square + np.array([1.5, 0.0]), 1.0)[0] == pytest.approx(np.arccos(0.5) - 0.5 * np.sqrt(0.75))


def test_the_smallest_band_is_seen_although_it_holds_no_centre(grid: DemandGrid) -> None:
    sites = np.array([0.2, 0.21]), np.array([110.8, 110.81])
    by_centres = by_radius((grid.lat, grid.lon), sites, 0.15)
    found = reach_share(grid, *sites, 0.15)
    assert len(by_centres.km) == 0
    assert set(found.site) == {0, 1}
    assert found.share.max() < 0.11


def test_pairs_fit_what_planning_takes(grid: DemandGrid) -> None:
    found = shares(grid, [(0.2, 110.8), (0.23, 110.8)], 5.0)
    reach = Reach(
        n_demand=found.n_demand, n_sites=found.n_sites, demand=found.demand, site=found.site, km=found.km
    )  # fmt: skip
    assert (np.lexsort((reach.site, reach.demand)) == np.arange(len(reach.km))).all()
    centres = by_radius((grid.lat, grid.lon), (np.array([0.2, 0.23]), np.array([110.8, 110.8])), 5.0)
    assert set(zip(centres.demand, centres.site, strict=True)) <= set(zip(reach.demand, reach.site, strict=True))
    assert found.km[found.share >= 1.0].max() <= 5.0


def test_chosen_sites_keep_their_pairs(grid: DemandGrid) -> None:
    found = shares(grid, [(0.2, 110.8), (0.23, 110.8)], 1.0)
    assert set(found.of_sites(np.array([False, True])).site) == {1}


def test_two_sites_at_one_place_cover_what_one_covers(grid: DemandGrid) -> None:
    lat, lon = np.array([0.2, 0.2]), np.array([110.8, 110.8])
    twice, once = covered_share(grid, lat, lon, 0.7), covered_share(grid, lat[:1], lon[:1], 0.7)
    assert twice == pytest.approx(once, abs=0.02)
    assert (twice >= once).all()


def test_sites_apart_cover_the_sum(grid: DemandGrid) -> None:
    lat, lon = np.array([0.2, 0.2]), np.array([110.8, 110.8 + 0.32 / 111.2])
    found = covered_share(grid, lat, lon, 0.15)
    area = float((hexagons.areas_km2(grid.index) * found).sum())
    assert area == pytest.approx(2 * pi * 0.15**2, rel=0.05)


@settings(deadline=None, max_examples=8, derandomize=True)
@given(places=st.lists(PLACES, min_size=1, max_size=6), km=st.floats(0.1, 3.0))
def test_one_more_site_never_covers_less(grid: DemandGrid, places: list[tuple[float, float]], km: float) -> None:
    lat, lon = np.array([p[0] for p in places]), np.array([p[1] for p in places])
    fewer, all_of_them = covered_share(grid, lat[:-1], lon[:-1], km), covered_share(grid, lat, lon, km)
    assert (all_of_them >= fewer - 1e-9).all()
    assert ((all_of_them >= 0) & (all_of_them <= 1)).all()


def test_no_sites_reach_nobody(grid: DemandGrid) -> None:
    assert len(reach_share(grid, np.array([]), np.array([]), 1.0).share) == 0
    assert not covered_share(grid, np.array([]), np.array([]), 1.0).any()


@pytest.mark.parametrize("km", [0.0, -1.0, 300.0, float("nan")])
def test_a_radius_without_sense_is_refused(grid: DemandGrid, km: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        reach_share(grid, np.array([0.0]), np.array([110.0]), km)
