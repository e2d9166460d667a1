from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from geography.grid import DemandGrid, GridBasis, build
from geography.hexagons import areas_km2
from geography.units import Level, Units, load

UNITS = load()
SAMBAS = Units(u for u in UNITS.values() if u.code == "61" or u.code.startswith("61.01"))


@pytest.fixture(scope="module")
def grid() -> DemandGrid:
    return build(UNITS, resolution=7)


def test_nobody_is_lost_or_made_in_any_regency(grid: DemandGrid) -> None:
    for regency in UNITS.level(Level.REGENCY):
        assert grid.people[grid.regency == regency.code].sum() == regency.population
    assert grid.people.sum() == UNITS["61"].population


def test_the_order_of_adding_up_changes_nothing(grid: DemandGrid) -> None:
    shuffled = np.random.default_rng(3).permutation(grid.people)
    assert shuffled.sum() == grid.people.sum() == grid.people[::-1].cumsum()[-1]


def test_every_village_with_land_has_its_people_but_for_those_of_villages_without(grid: DemandGrid) -> None:
    hosts = set(grid.displaced.values())
    for village in UNITS.level(Level.VILLAGE):
        people = grid.people[grid.village == village.code].sum()
        if village.code in grid.displaced:
            assert people == 0
        elif village.parent in hosts:
            assert people >= village.population
        else:
            assert people == village.population


def test_the_fifteen_villages_without_a_point_are_named_and_go_with_their_district(grid: DemandGrid) -> None:
    assert len(grid.displaced) == 15
    assert Counter(code[:5] for code in grid.displaced) == {"61.01": 2, "61.09": 7, "61.12": 6}
    assert all(code.startswith(host + ".") for code, host in grid.displaced.items())
    assert all(UNITS[code].name in grid.notes[-1] for code in grid.displaced)


def test_a_village_too_small_for_a_centre_has_a_row_all_the_same(grid: DemandGrid) -> None:
    guests = grid.area_share == 0
    assert guests.any()
    assert (grid.people[guests] > 0).all()
    assert set(grid.village) | set(grid.displaced) == {u.code for u in UNITS.level(Level.VILLAGE)}


def test_rows_are_in_order_and_no_village_has_a_cell_twice(grid: DemandGrid) -> None:
    rows = list(zip(grid.cell.tolist(), grid.village.tolist(), strict=True))
    assert rows == sorted(set(rows))


def test_the_land_of_cells_is_the_land_they_were_made_from(grid: DemandGrid) -> None:
    coarse = float((areas_km2(grid.index) * grid.area_share).sum())
    coarser = build(UNITS, resolution=6)
    assert coarse == pytest.approx(float((areas_km2(coarser.index) * coarser.area_share).sum()), rel=0.02)


def test_every_figure_is_called_an_estimate(grid: DemandGrid) -> None:
    assert grid.is_estimate
    assert set(grid.basis) == {GridBasis.SPREAD.value} == {"estimate"}
    assert "estimate" in grid.notes[0]


def test_a_kept_grid_reads_back_as_itself_and_other_facts_make_another(tmp_path: Path) -> None:
    first = build(SAMBAS, resolution=6, cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    again = build(SAMBAS, resolution=6, cache=tmp_path)
    for name in ("index", "lat", "lon", "people", "village", "basis", "area_share"):
        assert (getattr(first, name) == getattr(again, name)).all()
    assert (first.displaced, first.notes, first.inputs) == (again.displaced, again.notes, again.inputs)
    fewer = build(Units(u for u in SAMBAS.values() if not u.code.startswith("61.01.02")), resolution=6, cache=tmp_path)
    assert fewer.inputs != first.inputs
    assert not kept.exists()


def test_a_broken_file_is_made_anew(tmp_path: Path) -> None:
    first = build(SAMBAS, resolution=5, cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert (build(SAMBAS, resolution=5, cache=tmp_path).people == first.people).all()


def test_units_without_any_land_make_an_empty_grid() -> None:
    assert len(build(Units([]))) == 0


@pytest.mark.parametrize("resolution", [4, 11])
def test_a_resolution_that_makes_no_sense_is_refused(resolution: int) -> None:
    with pytest.raises(ValueError, match="5 to 10"):
        build(UNITS, resolution=resolution)
