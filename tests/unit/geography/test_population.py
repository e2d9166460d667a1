from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geography import hexagons
from geography.errors import ImportRefused
from geography.grid import build
from geography.layers import Layers
from geography.population import Report, apply_table, prepare, with_table
from geography.population_file import Form, Wanted
from geography.units import Basis, Level
from tests.unit.geography.bringing import EVERYTHING, SHAPES, TOWN, VILLAGES, geojson, keep

OFFICIAL = TOWN["61.71"].population
NO_LAYERS = Layers(None)


def table(path: Path, rows: list[tuple[object, ...]], header: str = "kode,jumlah_penduduk") -> Path:
    path.write_text(header + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def report_of(path: Path, **more: object) -> Report:
    return prepare(path, TOWN, NO_LAYERS, **more)[1]  # type: ignore[arg-type]


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_table_of_villages_is_held_to_the_official_total_and_the_factor_is_shown(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", [(u.code, 1000) for u in VILLAGES])
    layers = Layers(tmp_path / "geo")
    draft, report = prepare(path, TOWN, layers, year=2023)
    (one,) = report.scaled
    assert (one.brought, one.official) == (1000 * len(VILLAGES), OFFICIAL)
    assert one.factor == pytest.approx(OFFICIAL / (1000 * len(VILLAGES)))
    keep(layers, draft)
    known = with_table(TOWN, layers)
    people = [u.population for u in known.level(Level.VILLAGE)]
    assert sum(people) == OFFICIAL == known["61.71"].population == known["61"].population
    assert max(people) - min(people) <= 1
    assert {u.population_year for u in known.level(Level.VILLAGE)} == {2023}
    assert all(u.is_estimate for u in known.level(Level.VILLAGE))
    assert build(TOWN, layers).people.sum() == OFFICIAL


def test_a_new_total_of_a_regency_is_what_everything_is_held_to(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    path = table(tmp_path / "a.csv", [("6171", 700_000)], "kode,penduduk")
    keep(layers, prepare(path, TOWN, layers, year=2026)[0])
    known = with_table(TOWN, layers)
    assert (known["61.71"].population, known["61.71"].population_year) == (700_000, 2026)
    assert known["61.71"].basis is Basis.OFFICIAL
    assert build(TOWN, layers).people.sum() == 700_000


def test_a_district_is_shared_by_its_villages_that_have_no_row() -> None:
    district = TOWN.level(Level.DISTRICT)[0]
    first, *others = TOWN.children(district)
    known, _ = apply_table(TOWN, {district.code: 50_000.0, first.code: 20_000.0, "61.71": float(OFFICIAL)}, None)
    raw = sum(u.population for u in VILLAGES if u.parent != district.code) + 50_000
    assert known[first.code].population == pytest.approx(20_000 * OFFICIAL / raw, abs=1)
    assert sum(known[u.code].population for u in others) == pytest.approx(30_000 * OFFICIAL / raw, abs=len(others))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from([u.code for u in TOWN.values() if u.code != "61"]), st.integers(0, 500_000), min_size=1
    )
)
def test_whatever_a_table_says_levels_add_up(people: dict[str, int]) -> None:
    known, _ = apply_table(TOWN, {code: float(n) for code, n in people.items()}, None)
    for wide, narrow in (
        (Level.DISTRICT, Level.VILLAGE),
        (Level.REGENCY, Level.DISTRICT),
        (Level.PROVINCE, Level.REGENCY),
    ):
        for unit in known.level(wide):
            assert unit.population == sum(u.population for u in known.within(unit, narrow))
    assert known["61.71"].population == people.get("61.71", OFFICIAL)


def test_regencies_that_a_table_does_not_speak_of_stay() -> None:
    known, scaled = apply_table(EVERYTHING, {"61.71.01.1001": 5000.0}, None)
    assert [one.regency for one in scaled] == ["61.71"]
    assert all(known[c] == u for c, u in EVERYTHING.items() if not c.startswith(("61.71",)) and c != "61")


def test_a_workbook_reads_like_a_csv_and_bps_codes_are_seen(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Penduduk menurut kelurahan", None, None])
    book.active.append(["Kode BPS", "Nama", "Jiwa"])
    for unit in VILLAGES:
        book.active.append([int(unit.bps_code or 0), unit.name, unit.population])
    book.save(tmp_path / "a.xlsx")
    found = report_of(tmp_path / "a.xlsx")
    assert (found.form, found.codes, found.used) == ("table", "bps", len(VILLAGES))
    assert found.scaled[0].factor == 1.0


def test_thousands_may_be_grouped_as_indonesian_tables_do(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("kode;jumlah penduduk\n" + "".join(f"{u.code};4.30{i % 10}\n" for i, u in enumerate(VILLAGES)))
    assert report_of(path).scaled[0].brought > 4300 * len(VILLAGES)


def test_three_decimals_of_points_are_no_thousands(tmp_path: Path) -> None:
    point = SHAPES[VILLAGES[0].code].representative_point()
    path = tmp_path / "a.csv"
    path.write_text(f"lat;lon;people\n{str(point.y).replace('.', ',')};{str(point.x).replace('.', ',')};1.125\n")
    assert report_of(path).people == 1.125


def test_codes_that_are_no_unit_are_listed_with_their_lines(tmp_path: Path) -> None:
    found = report_of(table(tmp_path / "a.csv", [(VILLAGES[0].code, 5), ("61.71.99.1001", 7), ("Total", 12)]))
    assert found.unmatched == ("3: 61.71.99.1001", "4: Total")


def test_bad_tables_are_refused_with_line_and_column(tmp_path: Path) -> None:
    code = VILLAGES[0].code
    cases = [
        ([(code, "many")], r"a\.csv, line 2, column jumlah_penduduk: expected a number of people, found 'many'"),
        ([(code, -3)], r"line 2, column jumlah_penduduk: people cannot be below 0"),
        ([(code, "nan")], r"line 2, column jumlah_penduduk: expected a number"),
        ([(code, 1), (code.replace(".", ""), 2)], r"line 3, column kode: 6171\d+ stands here a second time.*line 2"),
        ([("x", 1)], "column kode: no row has the code of a unit"),
        ([], "holds no rows with people"),
    ]
    for rows, sentence in cases:
        with pytest.raises(ImportRefused, match=sentence):
            report_of(table(tmp_path / "a.csv", rows))
    with pytest.raises(ImportRefused, match="no column of people is known among: kode, warna"):
        report_of(table(tmp_path / "a.csv", [(code, 1)], "kode,warna"))
    with pytest.raises(ImportRefused, match="column nope: there is no such column"):
        report_of(table(tmp_path / "a.csv", [(code, 1)]), wanted=Wanted(people="nope"))
    with pytest.raises(ImportRefused, match=r"has no column of lat"):
        report_of(table(tmp_path / "a.csv", [(code, 1)]), form=Form.POINTS)
    (tmp_path / "b.xlsx").write_text("no workbook")
    with pytest.raises(ImportRefused, match="no workbook that can be read"):
        report_of(tmp_path / "b.xlsx")


# --- points and hexagons ---------------------------------------------------------------------------------------------


def test_points_say_where_people_live_and_keep_the_total(tmp_path: Path) -> None:
    middle = [(SHAPES[u.code].representative_point(), u) for u in VILLAGES]
    rows = [(round(p.y, 6), round(p.x, 6), u.population / 2) for p, u in middle]
    layers = Layers(tmp_path / "geo")
    path = table(tmp_path / "a.csv", rows, "latitude,longitude,idn_general_2020")
    draft, report = prepare(path, TOWN, layers)
    assert (report.form, report.used, report.elsewhere) == ("points", len(VILLAGES), 0)
    assert report.scaled[0].factor == pytest.approx(2.0)
    keep(layers, draft)
    grid = build(TOWN, layers)
    assert grid.people.sum() == OFFICIAL
    assert set(grid.basis) == {"points"}
    assert {u.code for u in VILLAGES} == set(grid.village)
    assert any("points" in note and "2.000" in note for note in grid.notes)


@pytest.mark.parametrize("resolution", [7, 8, 9])
def test_hexagons_of_any_size_keep_the_total(tmp_path: Path, resolution: int) -> None:
    cells = np.unique(np.concatenate([hexagons.inside(s, resolution) for s in SHAPES.values()]))
    rows = [(name, 10 + i % 7) for i, name in enumerate(hexagons.as_text(cells).tolist())]
    layers = Layers(tmp_path / "geo")
    draft, report = prepare(table(tmp_path / "a.csv", rows, "h3,population"), TOWN, layers)
    assert report.form == "hexagons"
    assert report.people == pytest.approx(sum(n for _, n in rows))
    keep(layers, draft)
    grid = build(TOWN, layers)
    assert grid.people.sum() == OFFICIAL
    assert set(grid.basis) == {"hexagons"}
    assert (grid.people > 0).all()
    assert len(set(zip(grid.cell, grid.village, strict=True))) == len(grid)


def test_hexagons_at_the_grid_s_size_stay_where_they_are(tmp_path: Path) -> None:
    cells = np.unique(np.concatenate([hexagons.inside(s, 8) for s in SHAPES.values()]))[:5]
    path = table(tmp_path / "a.csv", list(zip(hexagons.as_text(cells), [1, 2, 3, 4, 0], strict=True)), "h3,population")
    layers = Layers(tmp_path / "geo")
    keep(layers, prepare(path, TOWN, layers)[0])
    grid = build(TOWN, layers)
    assert grid.index.tolist() == cells[:4].tolist()
    assert grid.people * 10 / OFFICIAL == pytest.approx([1, 2, 3, 4], rel=1e-6)


def test_regencies_without_points_keep_their_even_spread(tmp_path: Path) -> None:
    point = SHAPES[VILLAGES[0].code].representative_point()
    layers = Layers(tmp_path / "geo")
    path = table(tmp_path / "a.csv", [(point.y, point.x, 3)], "lat,lon,people")
    draft, report = prepare(path, EVERYTHING, layers)
    assert len(report.missing) == 13
    keep(layers, draft)
    grid = build(EVERYTHING, layers, resolution=6)
    for regency in EVERYTHING.level(Level.REGENCY):
        assert grid.people[grid.regency == regency.code].sum() == regency.population
    assert set(grid.basis[grid.regency == "61.71"]) == {"points"}
    assert set(grid.basis[grid.regency != "61.71"]) == {"estimate"}


def test_people_off_the_land_and_of_other_places_are_left_out_and_counted(tmp_path: Path) -> None:
    point = SHAPES[VILLAGES[0].code].representative_point()
    rows = [(point.y, point.x, 3), (-6.2, 106.8, 9), (0.0, 108.95, 2)]
    found = report_of(table(tmp_path / "a.csv", rows, "lat,lon,people"))
    assert (found.rows, found.used, found.elsewhere) == (3, 1, 2)


def test_points_made_of_a_raster_are_taken_and_its_no_data_is_nobody(tmp_path: Path) -> None:
    point = SHAPES[VILLAGES[0].code].representative_point()
    found = report_of(table(tmp_path / "a.csv", [(point.x, point.y, 3), (point.x, point.y, -99999)], "X,Y,Z"))
    assert (found.form, found.people) == ("points", 3)


def test_bad_points_and_hexagons_are_refused_with_line_and_column(tmp_path: Path) -> None:
    cases = [
        ("lat,lon,people", [(109.3, 0.02, 1)], r"line 2, column lat: expected degrees from -90 to 90.*swapped"),
        ("lat,lon,people", [("x", 109.3, 1)], r"line 2, column lat: expected degrees, found 'x'"),
        ("x,y,people", [(0.02, 80.0, 1)], "lies outside the area"),
        ("h3,population", [("88nothex", 1)], r"line 2, column h3: '88nothex' is no H3 cell"),
        ("h3,population", [("8868e64003fffff", 1), ("8868e64003fffff", 1)], r"line 3, column h3"),
        ("a,people", [(1, 2)], "neither codes, nor lat and lon, nor H3 cells"),
    ]
    for header, rows, sentence in cases:
        with pytest.raises(ImportRefused, match=sentence):
            report_of(table(tmp_path / "a.csv", rows, header))


def test_points_of_a_geojson_count_too(tmp_path: Path) -> None:
    spots = [({"pop_2025": 4}, SHAPES[u.code].representative_point()) for u in VILLAGES]
    assert report_of(geojson(tmp_path / "a.geojson", spots)).form == "points"
    spots[2] = ({"pop_2025": "few"}, spots[2][1])  # type: ignore[dict-item]
    with pytest.raises(ImportRefused, match=r"a\.geojson, feature 3, column pop_2025: expected a number"):
        report_of(geojson(tmp_path / "a.geojson", spots))
    with pytest.raises(ImportRefused, match="neither points nor a field of H3 cells"):
        report_of(geojson(tmp_path / "b.geojson", [({"pop": 4}, SHAPES[VILLAGES[0].code])]))
