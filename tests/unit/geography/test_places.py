from pathlib import Path

import pytest

from geography.errors import ImportRefused
from geography.land import locate
from geography.layers import Layers
from geography.places import Kind, Wanted, key_of, places, prepare
from tests.unit.geography.bringing import SHAPES, TOWN, VILLAGES, geojson, keep

HERE = [(SHAPES[u.code].representative_point(), u) for u in VILLAGES[:4]]


def csv(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_columns_of_giga_are_guessed_and_all_are_kept(tmp_path: Path) -> None:
    rows = [f"g-{i},SDN {i},{p.y},{p.x},primary,Yes" for i, (p, _) in enumerate(HERE)]
    header = "giga_id_school,school_name,lat,lon,education_level,connectivity"
    layers = Layers(tmp_path / "geo")
    draft, report = prepare(csv(tmp_path / "a.csv", header, *rows), TOWN, Kind.SCHOOL)
    assert report.fields == {"id": "giga_id_school", "name": "school_name", "lat": "lat", "lon": "lon"}
    keep(layers, draft)
    found = places(layers, Kind.SCHOOL)
    assert [p.id for p in found] == ["g-0", "g-1", "g-2", "g-3"]
    assert found[0].name == "SDN 0"
    assert found[0].said["connectivity"] == "Yes"
    assert places(layers, Kind.CANDIDATE) == []


def test_two_programmes_stand_beside_each_other_and_one_replaces_itself(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    point = HERE[0][0]
    for name, one in (("Program A", "a1"), ("Program B", "b1"), ("Program A", "a2")):
        path = csv(tmp_path / "a.csv", "node_id,latitude,longitude", f"{one},{point.y},{point.x}")
        keep(layers, prepare(path, TOWN, Kind.OTHER_PROGRAMME, name=name)[0])
    assert [p.id for p in places(layers, Kind.OTHER_PROGRAMME)] == ["a2", "b1"]
    assert layers.keys() == [key_of(Kind.OTHER_PROGRAMME, "Program A"), key_of(Kind.OTHER_PROGRAMME, "Program B")]


def test_rows_without_a_place_and_far_rows_are_left_out_and_listed(tmp_path: Path) -> None:
    good = [f"s{i},{p.y},{p.x}" for i, (p, _) in enumerate(HERE)]
    path = csv(tmp_path / "a.csv", "id,lat,lon", *good, "e,,", "z,0,0", "j,-6.2,106.8")
    _, report = prepare(path, TOWN, Kind.PUSKESMAS)
    assert (report.rows, report.points) == (7, 4)
    assert (report.without_place, report.elsewhere) == ((6, 7), (8,))


def test_points_without_ids_are_named_by_their_line(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    spots = [({"nama": u.name}, p) for p, u in HERE]
    keep(layers, prepare(geojson(tmp_path / "a.geojson", spots), TOWN, Kind.VILLAGE_OFFICE)[0])
    assert [p.id for p in places(layers, Kind.VILLAGE_OFFICE)][:2] == ["village_office-1", "village_office-2"]


def test_a_comma_for_the_decimals_is_understood(tmp_path: Path) -> None:
    point = HERE[0][0]
    row = f"a;{str(round(point.y, 5)).replace('.', ',')};{str(round(point.x, 5)).replace('.', ',')}"
    draft, _ = prepare(csv(tmp_path / "a.csv", "id;lintang;bujur", row), TOWN, Kind.SCHOOL)
    assert draft.arrays["lon"][0] == pytest.approx(point.x, abs=1e-5)


def test_bad_points_are_refused_with_line_and_column(tmp_path: Path) -> None:
    point = HERE[0][0]
    cases = [
        ("id,lat,lon", [f"a,{point.x},{point.y}"], r"a\.csv, line 2, column lat: expected degrees from -90 to 90"),
        ("id,lat,lon", [f"a,{point.y},east"], r"line 2, column lon: expected degrees, found 'east'"),
        ("id,lat,lon", [f"a,{point.y},"], r"line 2, column lon: expected degrees, found ''"),
        ("id,lat,lon", [f"a,{point.y},{point.x}"] * 2, r"line 3, column id: a stands here a second time.*line 2"),
        ("id,lat,lon", ["a,-6.2,106.8"], r"line 2: 106.8, -6.2 lies outside the area.*so do 1 of 1 points"),
        ("id,lat,lon", ["a,,"], "no row has coordinates"),
        ("id,north,east", ["a,1,1"], r"line 1: no column of lat is known among: id, north, east; say --lat-field"),
        ("id,lat,lon", [], "holds no rows"),
    ]
    for header, rows, sentence in cases:
        with pytest.raises(ImportRefused, match=sentence):
            prepare(csv(tmp_path / "a.csv", header, *rows), TOWN, Kind.CANDIDATE)
    with pytest.raises(ImportRefused, match="column nope: there is no such column"):
        prepare(csv(tmp_path / "a.csv", "id,lat,lon", "a,1,1"), TOWN, Kind.CANDIDATE, wanted=Wanted(id="nope"))
    with pytest.raises(ImportRefused, match="is none of the kinds"):
        prepare(csv(tmp_path / "a.pdf", "x"), TOWN, Kind.CANDIDATE)


def test_a_place_is_located_in_its_village_off_shore_in_the_nearest_far_out_in_none() -> None:
    lat = [p.y for p, _ in HERE] + [SHAPES[VILLAGES[0].code].bounds[1], -5.0]
    lon = [p.x for p, _ in HERE] + [SHAPES[VILLAGES[0].code].bounds[0], 100.0]
    found = locate(dict(SHAPES), lat, lon)  # type: ignore[arg-type]
    assert found[:4] == [u.code for _, u in HERE]
    assert found[4] is not None
    assert found[5] is None
