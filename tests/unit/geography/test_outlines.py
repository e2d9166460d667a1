import json
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from geography.outlines import Outline, cells, outlines, to_geojson
from geography.project import Projection, project
from geography.units import Level, Units, load

UNITS = load()


def shapes(level: Level) -> dict[str, shapely.Geometry]:
    return {f["id"]: shape(f["geometry"]) for f in to_geojson(outlines(level))["features"]}


def test_every_regency_and_district_has_an_outline_and_says_that_it_is_approximate() -> None:
    for level, count in ((Level.PROVINCE, 1), (Level.REGENCY, 14), (Level.DISTRICT, 174)):
        found = outlines(level)
        assert [o.code for o in found] == [u.code for u in UNITS.level(level)]
        assert len(found) == count
        assert all(o.approximate and o.polygons for o in found)


def test_outlines_of_regencies_do_not_overlap() -> None:
    found = list(cells(UNITS, Level.REGENCY, simplified=True).values())
    assert shapely.coverage_is_valid(found, gap_width=0.0)
    whole = shapely.union_all(found).area
    assert sum(one.area for one in found) == pytest.approx(whole, rel=1e-6)


def test_the_point_of_a_district_lies_in_the_outline_of_its_regency() -> None:
    found = cells(UNITS, Level.REGENCY)
    inside = [
        shapely.contains_xy(found[u.code[:5]], u.point[1], u.point[0]) for u in UNITS.level(Level.DISTRICT) if u.point
    ]
    assert sum(inside) / len(inside) > 0.97


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    ("level", "file", "least"), [(Level.REGENCY, "regencies", 0.955), (Level.DISTRICT, "districts", 0.88)]
)
def test_most_of_the_land_is_given_to_the_right_unit(shared: Path, level: Level, file: str, least: float) -> None:
    real = json.loads((shared / "geo" / f"kalbar-{file}.geojson").read_text())
    truth = {f["properties"]["code"]: shape(f["geometry"]) for f in real["features"]}
    made = cells(UNITS, level, simplified=True)
    right = sum(made[code].intersection(land).area for code, land in truth.items())
    assert right / sum(land.area for land in truth.values()) > least  # 0.957 and 0.886


def test_a_kept_outline_reads_back_as_itself(tmp_path: Path) -> None:
    first = outlines(Level.REGENCY, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    assert outlines(Level.REGENCY, tmp_path) == first


def test_other_facts_make_another_file_and_the_old_one_goes(tmp_path: Path) -> None:
    outlines(Level.REGENCY, tmp_path)
    before = {p.name for p in tmp_path.iterdir()}
    outlines(Level.REGENCY, tmp_path, Units(u for u in UNITS.values() if not u.code.startswith("61.01")))
    after = {p.name for p in tmp_path.iterdir()}
    assert len(after) == 1
    assert not before & after


def test_a_broken_file_is_made_anew(tmp_path: Path) -> None:
    outlines(Level.PROVINCE, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:40])
    assert outlines(Level.PROVINCE, tmp_path)[0].code == "61"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert len(outlines(Level.REGENCY, blocked / "cache")) == 14


def test_units_without_points_have_no_outline() -> None:
    assert outlines(Level.REGENCY, None, Units([])) == []


def test_a_drawing_keeps_proportions_and_points_north_up() -> None:
    drawn = project(outlines(Level.REGENCY), width=800)
    x, y = drawn.xy(109.3, 0.0)
    east, north = drawn.xy(110.3, 0.0)[0] - x, y - drawn.xy(109.3, 1.0)[1]
    assert east == pytest.approx(north, rel=0.001)
    assert 0 < drawn.height < 900


@given(
    lon=st.floats(108, 115), lat=st.floats(-4, 3), width=st.integers(100, 2000), height=st.none() | st.integers(80, 900)
)
def test_there_and_back(lon: float, lat: float, width: int, height: int | None) -> None:
    drawn = project(_REGENCIES, width=width, height=height)
    assert drawn.lonlat(*drawn.xy(lon, lat)) == pytest.approx((lon, lat), abs=1e-6)


_REGENCIES = outlines(Level.REGENCY)


@pytest.mark.parametrize(("width", "height"), [(800, None), (390, 300), (200, 900)])
def test_everything_lies_inside_the_drawing(width: int, height: int | None) -> None:
    drawn = project(_REGENCIES, width=width, height=height, margin=5)
    for one in _REGENCIES:
        for polygon in one.polygons:
            for lon, lat in polygon[0]:
                x, y = drawn.xy(lon, lat)
                assert 4.9 <= x <= drawn.width - 4.9
                assert 4.9 <= y <= drawn.height - 4.9


def test_a_path_draws_the_ring() -> None:
    square = Outline(code="1", name="one", polygons=(([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)],),))
    flat = Projection(west=0, north=1, x_scale=100, y_scale=100, left=0, top=0, width=100, height=100)
    assert flat.path(square) == "M0 100l100 0 0 -100 -100 0z"


def test_a_ring_too_small_to_see_is_left_out() -> None:
    speck = Outline(code="1", name="one", polygons=(([(0.0, 0.0), (1e-6, 0.0), (0.0, 1e-6), (0.0, 0.0)],),))
    assert Projection(west=0, north=1, x_scale=9, y_scale=9, left=0, top=0, width=9, height=9).path(speck) == ""


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        project([], width=100)
    assert project([], width=100, also=[(109.0, 0.0)]).height > 0
