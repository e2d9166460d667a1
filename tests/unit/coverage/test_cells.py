"""Coverage gathered to hexagons: nobody is lost, nobody is counted twice, and coarser cells say the same."""

from __future__ import annotations

import numpy as np
import pytest

from controller.coverage.cells import CAUSES, Hexagons, Spread, gather, spread
from controller.coverage.model import LiveCoverage, Rules, Verdict
from controller.views.planner_cells import cell_at, side_deg, steps, tiles
from tests.unit.web.planner_world import planner_of
from tests.unit.web.world import NOW


@pytest.fixture(scope="module", params=[5.0, 0.15])
def both(request: pytest.FixtureRequest) -> tuple[LiveCoverage, Spread]:
    planner = planner_of(count=120)
    found = planner.coverage("bakti", request.param, NOW)
    assert found is not None
    live = planner._live
    judged = live.worths(found.inputs.profile, Rules(), now=NOW)
    points = live.points(judged, request.param)
    return found, spread(live.grid(), points, found.sites, radius_km=request.param, least_kbps=1.0)


@pytest.mark.parametrize("resolution", [6, 5, 4])
def test_cells_of_every_size_hold_what_the_units_hold(both: tuple[LiveCoverage, Spread], resolution: int) -> None:
    found, rows = both
    cells = gather(rows, resolution)
    assert cells.people.sum() == pytest.approx(found.total.people)
    assert cells.nominal.sum() == pytest.approx(found.total.nominal)
    assert cells.effective.sum() == pytest.approx(found.total.effective)
    assert cells.unknown.sum() == pytest.approx(found.total.unknown)
    assert np.all(cells.effective + cells.unknown <= cells.nominal + 1e-6)
    assert np.all(cells.nominal <= cells.people + 1e-6)
    assert cells.adequate is not None
    assert np.all(cells.adequate <= cells.effective + 1e-6)
    assert np.all(np.diff(cells.index.astype(np.int64)) > 0)


def test_a_cell_without_gap_has_no_cause_and_one_with_people_left_has(both: tuple[LiveCoverage, Spread]) -> None:
    cells = gather(both[1], 6)
    left = cells.people - cells.effective
    assert np.all(cells.cause[left > 1e-6] >= 0)
    assert np.all(cells.cause[left < 1e-9] == -1)
    lone = cells.cause == CAUSES.index("no_site")
    assert np.all(cells.nominal[lone] < cells.people[lone])


def test_the_nearest_working_site_works_and_is_the_nearest(both: tuple[LiveCoverage, Spread]) -> None:
    found, rows = both
    cells = gather(rows, 5)
    works = {s.site for s in found.sites if s.verdict is Verdict.EFFECTIVE}
    assert {cells.sites[k] for k in cells.site.tolist()} <= works
    assert np.all(np.isfinite(cells.km))


def test_finer_than_the_grid_is_refused(both: tuple[LiveCoverage, Spread]) -> None:
    with pytest.raises(ValueError, match="finer"):
        gather(both[1], 7)


def every_tile(cells: Hexagons) -> list[tuple[int, int]]:
    side = side_deg(cells.resolution)
    pairs = np.stack((np.floor(cells.lon / side), np.floor(cells.lat / side)), axis=1)
    return [(int(x), int(y)) for x, y in np.unique(pairs, axis=0).tolist()]


def test_tiles_hold_every_cell_once_in_its_place_and_class(both: tuple[LiveCoverage, Spread]) -> None:
    cells = gather(both[1], 5)
    made = tiles(cells, "effective", every_tile(cells))
    assert sum(len(tile.step) for tile in made.values()) == len(cells)
    side = side_deg(5)
    wanted = dict(zip(range(len(cells)), steps(cells, "effective").tolist(), strict=True))
    for (column, row), tile in made.items():
        assert len(tile.corners) == 12
        for east, north, step in zip(tile.east, tile.north, tile.step, strict=True):
            at = cell_at(cells, row * side + north * 1e-4, column * side + east * 1e-4)
            assert at is not None
            assert wanted.pop(at) == int(step)
    assert wanted == {}


def test_an_empty_tile_is_there_and_empty(both: tuple[LiveCoverage, Spread]) -> None:
    made = tiles(gather(both[1], 6), "nominal", [(0, 0)])
    assert made[0, 0].step == ""


def test_most_unmeasured_is_hatched_whatever_the_layer_but_the_installed(both: tuple[LiveCoverage, Spread]) -> None:
    cells = gather(both[1], 6)
    doubtful = (cells.nominal > 0) & (cells.unknown > 0.5 * cells.nominal)
    for layer in ("effective", "adequate", "promised"):
        assert np.all(steps(cells, layer)[doubtful] == 0)
    assert np.all(steps(cells, "nominal") >= 1)


@pytest.mark.parametrize(("lat", "lon"), [(float("nan"), 109.0), (95.0, 109.0), (0.0, 181.0), (40.0, 5.0)])
def test_where_nobody_lives_there_is_no_cell(both: tuple[LiveCoverage, Spread], lat: float, lon: float) -> None:
    assert cell_at(gather(both[1], 6), lat, lon) is None
